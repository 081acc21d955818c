"""A meeting that is put into the bin is called off, one that comes back at once is not: read from the change log."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.outbox import move, sends
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.readers import change_reader
from rapport.kernel.changes.unit import part_of_work
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Conflict, RapportError
from rapport.modules.activities.models import Activity
from rapport.modules.meetings.inviting import send_call_off
from rapport.modules.meetings.models import MeetingInvite

log = logging.getLogger("rapport.meetings")
#: So long whoever deleted a meeting can bring it back before anybody hears of it.
UNDO_SECONDS = 60


@change_reader("meetings")
def follow_the_bin(workspace: Workspace, changes: Sequence[Change]) -> None:
    """Call off what was deleted; take the message back where the meeting was brought back before it went."""
    last = {one.record_id: one for one in changes if one.type == "activity" and one.verb in ("delete", "restore")}
    if not last:
        return
    ctx = system_context(workspace, "invitation")
    invites = MeetingInvite.objects.filter(workspace_id=workspace.pk, activity_id__in=list(last), is_ours=True)
    meetings = {one.pk: one for one in Activity.objects.filter(workspace_id=workspace.pk, pk__in=list(last))}
    for invite in invites:
        meeting = meetings.get(invite.activity_id)
        if meeting is None:
            continue
        try:
            with part_of_work(ctx):
                _follow(ctx, meeting, invite)
        except RapportError as wrong:
            log.warning("The invited could not be told: %s", wrong.code)


def _follow(ctx: Context, meeting: Activity, invite: MeetingInvite) -> None:
    if meeting.deleted_at is None:
        _take_back(ctx, invite)
        return
    mailbox = Mailbox.objects.filter(workspace_id=ctx.workspace.pk, pk=invite.mailbox_id).first()
    if not invite.is_called_off and mailbox is not None and sends(mailbox) and meeting.happened_at > ctx.format.now:
        send_call_off(ctx, meeting, invite, mailbox, undo_seconds=UNDO_SECONDS)


def _take_back(ctx: Context, invite: MeetingInvite) -> None:
    """Nobody has heard of it yet: the invitation stands as it was."""
    mail = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, pk=invite.outgoing_id).first()
    if invite.is_called_off and mail is not None and mail.state == OutgoingMail.WAITING:
        try:
            move(ctx, mail, (OutgoingMail.WAITING,), state=OutgoingMail.TAKEN_BACK)
        except Conflict:
            return
        MeetingInvite.objects.filter(workspace_id=ctx.workspace.pk, pk=invite.pk).update(is_called_off=False, outgoing_id=None)
