"""A copy of what was sent, in the mailbox's own folder of sent mail, so that mail programs show it too."""

from __future__ import annotations

import logging
from uuid import UUID

from rapport.engines.mail.forgetting import forget_words
from rapport.engines.mail.imap import ImapSession
from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.problems import MailProblem
from rapport.engines.mail.sending import moment_of, sender_of
from rapport.engines.mail.turns import server_of, state_of
from rapport.engines.mail.writing import message_bytes
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.kernel.files.attaching import let_go
from rapport.kernel.jobs.tasks import GiveUp

log = logging.getLogger("rapport.mail")
#: Providers whose outgoing servers keep what is sent by themselves.
_KEEPS = (".gmail.com", ".googlemail.com", ".office365.com", ".outlook.com")


def lay_by(workspace: Workspace, outgoing_id: UUID) -> bool:
    """Whether a copy lies there now. A server that does not want it is no failure of sending; one that cannot be reached is
    tried again by the job."""
    mail = OutgoingMail.objects.filter(workspace_id=workspace.pk, pk=outgoing_id, state=OutgoingMail.SENT).first()
    mailbox = Mailbox.objects.filter(workspace_id=workspace.pk, pk=mail.mailbox_id).first() if mail else None
    state = state_of(workspace, mailbox.pk) if mailbox else None
    if mail is None or mailbox is None or state is None or not mailbox.imap_host:
        return True
    if f".{mailbox.smtp_host.strip().lower()}".endswith(_KEEPS):
        return True
    try:
        data = message_bytes(mail, sender=sender_of(mail, mailbox), at=moment_of(mail), with_bcc=True)
        with ImapSession(server_of(workspace, mailbox, state)) as session:
            sent = next((name for name, is_sent in session.folders() if is_sent), "")
            if sent:
                session.lay_by(sent, mail.message_id, data)
    except (MailProblem, OSError) as problem:
        log.warning("Outgoing mail %s was sent; no copy lies in the mailbox: %s", mail.pk, problem)
        if isinstance(problem, MailProblem) and problem.code == "unreachable":
            return False
        done_with_files(workspace, outgoing_id)
        raise GiveUp(str(problem)) from problem
    return True


def done_with_files(workspace: Workspace, outgoing_id: UUID) -> None:
    """The outbox needs the files no more; those of the message's record are its own."""
    mail = OutgoingMail.objects.filter(workspace_id=workspace.pk, pk=outgoing_id).first()
    if mail is not None:
        let_go(system_context(workspace, "mail"), [str(one["key"]) for one in mail.files])
        forget_words(workspace.pk, outgoing_id)
