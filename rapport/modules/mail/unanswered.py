"""No answer yet: a task for whoever wrote, unless somebody of the receivers wrote in that conversation meanwhile."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.reminding import reminding
from rapport.engines.mail.writing import receivers_of
from rapport.kernel import format as shown_as
from rapport.kernel.access.models import User
from rapport.kernel.context import context_for
from rapport.modules.mail.models import Mail

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Clocks of mail servers differ.
_SLACK = dt.timedelta(minutes=5)


@reminding
def remind_writer(ctx: Context, mail: OutgoingMail) -> None:
    """The task says nothing of the message: it is seen by more people than the message is, and leads to it for those who
    may read it. An out-of-office answer is no answer."""
    writer = User.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.writer_id, deleted_at=None, is_active=True).first()
    record = Mail.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.record_id).first() if mail.record_id else None
    if writer is None or (record is not None and _has_answer(ctx, mail, record)):
        return
    mine = context_for(writer, "mail", workspace=ctx.workspace)
    sent = (mail.sent_at or mail.send_at).astimezone(mine.format.zone).date()
    box = Mailbox.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.mailbox_id).first()
    may_tell = record is not None and box is not None and box.share != "none"
    ctx.create(
        "task", subject=_("No answer yet to your e-mail of %(day)s") % {"day": shown_as.date(sent, mine.format)}, kind="email",
        due_on=ctx.format.now.astimezone(mine.format.zone).date(), owner=writer.pk, team=writer.team_id, is_follow_up=True,
        customer=record.customer_id if may_tell and record is not None else None,
        about=("mail", record.pk) if record is not None else None,
    )  # fmt: skip


def _has_answer(ctx: Context, mail: OutgoingMail, record: Mail) -> bool:
    rows = Mail.objects.filter(workspace_id=ctx.workspace.pk, thread=record.thread, deleted_at=None, direction="in", automatic="")
    since = (mail.sent_at or mail.send_at) - _SLACK
    return rows.filter(happened_at__gte=since, sender__in=receivers_of(mail)).exists()
