"""Sending what is due: claimed, handed to the server, noted; cut off at any point, nothing is lost and nothing goes twice.

waiting -> sending            claimed by one job, and committed
        -> (handed over)      committed before the last line goes out: until then nobody has the message
        -> sent               with its record, in one transaction
        -> waiting            refused for now, or cut off before the last line: tried again
        -> failed             refused for good
        -> uncertain          cut off between the last line and the answer: only a person can find out
"""

from __future__ import annotations

import datetime as dt
import logging
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone

from rapport.engines.mail.access_tokens import access_token
from rapport.engines.mail.bounces import tell_writer
from rapport.engines.mail.imap import Server
from rapport.engines.mail.models import Mailbox, OutgoingMail, SeenMessage
from rapport.engines.mail.outbox import may_still_send, move, sends, tell
from rapport.engines.mail.problems import MailProblem
from rapport.engines.mail.reading import read_message
from rapport.engines.mail.secrets import unseal
from rapport.engines.mail.smtp import SendProblem, SmtpSession
from rapport.engines.mail.taking import Incoming, taker
from rapport.engines.mail.turns import state_of
from rapport.engines.mail.writing import message_bytes, receivers_of
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Conflict, RapportError
from rapport.kernel.jobs.tasks import enqueue

log = logging.getLogger("rapport.mail")
#: Minutes until the next attempt; together a day.
PAUSES = (1, 5, 15, 30, 60, *(120,) * 11)
#: After so long a message that is being sent belongs to nobody any more.
STALE_AFTER = dt.timedelta(minutes=30)
#: The folder under which the ledger holds what was sent from here.
OUTBOX = "(sent by Rapport)"
_MOST_AT_ONCE = 200
W, S = OutgoingMail.WAITING, OutgoingMail.SENDING


def send_one(workspace: Workspace, outgoing_id: UUID, *, job_id: UUID) -> str:
    """Send one message if it is due; returns its state. Inside `use_workspace`, outside of any transaction."""
    ctx = system_context(workspace, "mail")
    mail = _claimed(ctx, outgoing_id, job_id)
    if mail is None:
        return ""
    try:
        mailbox = _mailbox_of(mail)
        data = message_bytes(mail, sender=sender_of(mail, mailbox), at=moment_of(mail))
        with SmtpSession(smtp_server_of(workspace, mailbox)) as session:
            said = session.send(mailbox.address, receivers_of(mail), data, before_last=lambda: _handed(ctx, mail))
    except MailProblem as problem:
        _note(ctx, mail, problem)
    except OSError as problem:  # a file is gone
        _note(ctx, mail, SendProblem("file_gone", str(problem)[:200]))
    except (ValueError, UnicodeError, LookupError) as problem:
        log.exception("Message %s cannot be written down as mail.", mail.pk)
        _note(ctx, mail, SendProblem("broken", type(problem).__name__))
    else:
        _sent(ctx, mail, mailbox, said)
    mail.refresh_from_db()
    return mail.state


def recover(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """Messages whose sender died, and such as no job is waiting for; returns how many were picked up."""
    ctx = system_context(workspace, "mail")
    now = now or timezone.now()
    rows = OutgoingMail.objects.filter(workspace_id=workspace.pk)
    stale = list(rows.filter(state=S, send_at__lt=now, claimed_at__lt=now - STALE_AFTER)[:_MOST_AT_ONCE])
    for mail in stale:
        _taken_over(ctx, mail)
    late = rows.filter(state=W, send_at__lt=now - dt.timedelta(minutes=1)).order_by("send_at")[:_MOST_AT_ONCE]
    for mail in late:
        key = f"{mail.pk.hex}:{mail.attempts}:{int(now.timestamp()) // 600}"
        enqueue("mail.send", workspace=workspace, key=key, outgoing=str(mail.pk))
    return len(stale)


def smtp_server_of(workspace: Workspace, mailbox: Mailbox) -> Server:
    """Where mail goes out, with the secrets opened. Raises MailProblem when there are none."""
    state = state_of(workspace, mailbox.pk)
    if state is None or not state.secret:
        raise SendProblem("no_secret")
    place = (mailbox.smtp_host.strip(), mailbox.smtp_port, mailbox.smtp_security, mailbox.user_name)
    if mailbox.sign_in == "oauth2":
        return Server(*place, access_token=access_token(workspace, mailbox, state))
    return Server(*place, password=unseal(state.secret))


def sender_of(mail: OutgoingMail, mailbox: Mailbox) -> tuple[str, str]:
    """Address and name as receivers read them."""
    return mailbox.address, mailbox.sender_name or (mail.writer_name if mailbox.kind == "personal" else mailbox.name)


# -- from state to state -----------------------------------------------------------------------------------------------


def _claimed(ctx: Context, outgoing_id: UUID, job_id: UUID) -> OutgoingMail | None:
    mail = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, pk=outgoing_id).first()
    if mail is not None and mail.state == S and mail.claim == job_id:
        _taken_over(ctx, mail)  # this job was cut off
    now = timezone.now()
    if mail is None or mail.state != W or mail.send_at > now:
        return None
    try:
        with unit_of_work(ctx):
            move(ctx, mail, (W,), state=S, claim=job_id, claimed_at=now, attempts=mail.attempts + 1, handed_at=None)
    except Conflict:
        return None
    return mail


def _taken_over(ctx: Context, mail: OutgoingMail) -> None:
    """Whoever sent it is gone: before the last line it is tried again, after it nobody knows."""
    values = {"state": W} if mail.handed_at is None else {"state": OutgoingMail.UNCERTAIN, "problem": "uncertain"}
    with unit_of_work(ctx):
        rows = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.pk, state=S, attempts=mail.attempts)
        moved = rows.filter(handed_at__isnull=mail.handed_at is None).update(**values)
        mail.refresh_from_db()
        if moved:
            _told(ctx, mail)


def _mine(ctx: Context, mail: OutgoingMail, *states: str) -> object:
    return OutgoingMail.objects.filter(
        workspace_id=ctx.workspace.pk, pk=mail.pk, state__in=states, claim=mail.claim, attempts=mail.attempts
    )


def _handed(ctx: Context, mail: OutgoingMail) -> None:
    """Committed before the last line: whoever takes over from here on must not send it again."""
    if not _mine(ctx, mail, S).filter(handed_at=None).update(handed_at=timezone.now()):  # type: ignore[attr-defined]
        raise SendProblem("lost")


def _note(ctx: Context, mail: OutgoingMail, problem: MailProblem) -> None:
    if problem.code == "lost":
        return  # somebody else has it
    later = getattr(problem, "later", problem.code in ("unreachable", "protocol"))
    values: dict[str, object] = {"problem": problem.code, "said": problem.said[:500]}
    if getattr(problem, "unknown", False):
        values |= {"state": OutgoingMail.UNCERTAIN, "problem": "uncertain"}
    elif later and mail.attempts <= len(PAUSES):
        pause = dt.timedelta(minutes=PAUSES[mail.attempts - 1])
        values |= {"state": W, "send_at": timezone.now() + pause, "handed_at": None}
    else:
        values["state"] = OutgoingMail.FAILED
    log.warning("Outgoing mail %s: %s", mail.pk, problem.code)
    with unit_of_work(ctx):
        if not _mine(ctx, mail, S).update(**values):  # type: ignore[attr-defined]
            return
        mail.refresh_from_db()
        if mail.state == W:
            enqueue("mail.send", workspace=ctx.workspace, run_after=mail.send_at, outgoing=str(mail.pk))
        _told(ctx, mail)


def _told(ctx: Context, mail: OutgoingMail) -> None:
    """Whoever queued it hears of it; whoever wrote it, when somebody has to do something."""
    tell(ctx, mail)
    if mail.state in (OutgoingMail.FAILED, OutgoingMail.UNCERTAIN):
        tell_writer(ctx, mail, "unsent")


def _sent(ctx: Context, mail: OutgoingMail, mailbox: Mailbox, said: str) -> None:
    """It was taken: noted with its record in one transaction; without the record if that cannot be made just now."""
    incoming = _prepared(ctx, mail, mailbox)
    for with_record in (True, True, False):
        try:
            with unit_of_work(ctx):
                rows = _mine(ctx, mail, S, OutgoingMail.UNCERTAIN)
                if not rows.update(state=OutgoingMail.SENT, sent_at=timezone.now(), problem="", said=said[:500]):  # type: ignore[attr-defined]
                    return
                if with_record and incoming is not None:
                    _store(ctx, mail, mailbox, incoming)
                enqueue("mail.lay_by", workspace=ctx.workspace, outgoing=str(mail.pk))
                mail.refresh_from_db()
                tell(ctx, mail)
            return
        except (DatabaseError, RapportError):
            # Another mailbox brought the same message at this moment: looked at again, it is there.
            log.exception("Outgoing mail %s is sent; its record was not made.", mail.pk)
            if incoming is not None and incoming.outcome != "skipped":
                incoming.outcome, incoming.record_id = "", None


def _prepared(ctx: Context, mail: OutgoingMail, mailbox: Mailbox) -> Incoming | None:
    keeper = taker()
    if keeper is None:
        return None
    data = message_bytes(mail, sender=sender_of(mail, mailbox), at=moment_of(mail), with_bcc=True)
    incoming = Incoming(OUTBOX, mail.pk.int & (2**62 - 1), read_message(data), moment_of(mail), is_sent=True)
    try:
        keeper.prepare(ctx, mailbox, [incoming])
    except (DatabaseError, RapportError, OSError):
        log.exception("Outgoing mail %s is sent; its record could not be prepared.", mail.pk)
        return None
    return incoming


def _store(ctx: Context, mail: OutgoingMail, mailbox: Mailbox, incoming: Incoming) -> None:
    """As a step of reading does it: a record, and a line in the ledger; the copy in the folder of sent mail joins later."""
    keeper = taker()
    assert keeper is not None
    if not incoming.outcome:
        keeper.store(ctx, mailbox, [incoming])
    SeenMessage.objects.create(
        workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk, folder=OUTBOX, uidvalidity=1, uid=incoming.uid,
        message_id=mail.message_id, size=incoming.message.size, outcome=incoming.outcome or SeenMessage.SKIPPED,
        why=incoming.why if incoming.outcome else "nobody", record_id=incoming.record_id, seen_at=timezone.now(),
    )  # fmt: skip
    if incoming.record_id is not None:
        OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.pk).update(record_id=incoming.record_id)


def _mailbox_of(mail: OutgoingMail) -> Mailbox:
    mailbox = Mailbox.objects.filter(workspace_id=mail.workspace_id, pk=mail.mailbox_id).first()
    if mailbox is None or not sends(mailbox):
        raise SendProblem("no_server")
    if not may_still_send(mail, mailbox):
        raise SendProblem("not_allowed")
    return mailbox


def moment_of(mail: OutgoingMail) -> dt.datetime:
    """The date the message bears: that of its attempt."""
    return (mail.claimed_at or mail.send_at).replace(microsecond=0)
