"""What keeps programs from answering each other for ever: who may be answered by a program, and how often a day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils.translation import gettext as _

from rapport.engines.mail.models import AutomaticAnswer, Mailbox
from rapport.kernel.errors import Invalid

if TYPE_CHECKING:
    from rapport.engines.mail.reading import Message
    from rapport.kernel.context import Context

#: Automatic messages to one address within a day.
MOST_A_DAY = 10
_NOBODY = re.compile(
    r"^(?:mailer-daemon|postmaster|mail-daemon|no-?reply|do-?not-?reply|bounces?|auto-?reply|owner-.*|.*-request|.*-owner"
    r"|.*-bounces?)(?:[+._=-].*)?@"
)


def may_answer_automatically(ctx: Context, message: Message) -> bool:
    """Whether a program may answer a message: a person wrote it, the person is no mailbox of ours, and has not been answered
    too often today."""
    if message.sender is None or message.message_id.endswith("@missing.invalid"):
        return False
    return may_write_automatically(ctx, message.sender.address, automatic=message.automatic)


def may_write_automatically(ctx: Context, address: str, *, automatic: str = "") -> bool:
    """The same for an address; `automatic` is what was read off the message that is answered."""
    address = address.strip().lower()
    if automatic or not address or _NOBODY.match(address):
        return False
    if Mailbox.objects.filter(workspace_id=ctx.workspace.pk, address__iexact=address, deleted_at=None).exists():
        return False
    today = AutomaticAnswer.objects.filter(workspace_id=ctx.workspace.pk, address=address, day=_today())
    return (today.values_list("many", flat=True).first() or 0) < MOST_A_DAY


def count_automatic(ctx: Context, addresses: Sequence[str]) -> None:
    """Note automatic messages that are about to go; raises Invalid when an address has had its share for today."""
    for address in addresses:
        rows = AutomaticAnswer.objects.filter(workspace_id=ctx.workspace.pk, address=address, day=_today())
        AutomaticAnswer.objects.bulk_create(
            [AutomaticAnswer(workspace_id=ctx.workspace.pk, address=address, day=_today())], ignore_conflicts=True
        )
        if not rows.filter(many__lt=MOST_A_DAY).update(many=F("many") + 1):
            sentence = _("%(address)s has been sent %(most)d automatic messages today; no more go there before tomorrow.")
            raise Invalid(sentence % {"address": address, "most": MOST_A_DAY}, code="too_many")


def forget_old_counts(workspace_id: object) -> None:
    """Counts of days that are over."""
    AutomaticAnswer.objects.filter(workspace_id=workspace_id, day__lt=_today() - dt.timedelta(days=2)).delete()


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
