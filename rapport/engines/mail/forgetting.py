"""What the outbox does not keep: words that are in the story, what is long done, and people who were erased; and what it must
not do: send again what a restored copy still holds as waiting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from rapport.engines.mail.models import AutomaticAnswer, BouncedAddress, OutgoingMail
from rapport.engines.mail.writing import receivers_of
from rapport.kernel.access.current import unscoped

#: How long what was sent or taken back stands in the outbox: reports come within days.
KEPT = dt.timedelta(days=30)
_DONE = (OutgoingMail.SENT, OutgoingMail.TAKEN_BACK)


def forget_old(workspace_id: object, now: dt.datetime | None = None) -> int:
    """Rows that are done with; nobody is to be reminded of them any more."""
    rows = OutgoingMail.objects.filter(workspace_id=workspace_id, state__in=_DONE, send_at__lt=(now or timezone.now()) - KEPT)
    return rows.filter(remind_at=None).delete()[0]


def forget_words(workspace_id: object, outgoing_id: UUID) -> None:
    """The record of what was sent has its words; the outbox needs them no more."""
    rows = OutgoingMail.objects.filter(workspace_id=workspace_id, pk=outgoing_id, state=OutgoingMail.SENT)
    rows.exclude(record_id=None).update(text="", html="", calendar="", files=[])


def forget_person(workspace_id: object, words: Iterable[str]) -> int:
    """Everything the outbox knows of somebody's addresses, also what still waits; returns how many messages went."""
    theirs = {one.lower() for one in words if "@" in one}
    if not theirs:
        return 0
    rows = OutgoingMail.objects.filter(workspace_id=workspace_id)
    gone = [one.pk for one in rows.only("pk", "workspace_id", "to", "cc", "bcc").iterator() if theirs & set(receivers_of(one))]
    rows.filter(pk__in=gone).delete()
    BouncedAddress.objects.filter(workspace_id=workspace_id, address__in=theirs).delete()
    AutomaticAnswer.objects.filter(workspace_id=workspace_id, address__in=theirs).delete()
    return len(gone)


def doubt_all() -> int:
    """After a restore: what waited at the time of the backup may have gone since, so only people send it."""
    with unscoped("a restored copy must not send again what the original sent"):
        rows = OutgoingMail.objects.filter(state__in=(OutgoingMail.WAITING, OutgoingMail.SENDING))
        return rows.update(state=OutgoingMail.UNCERTAIN, problem="restored", claim=None)
