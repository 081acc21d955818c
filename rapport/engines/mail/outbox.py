"""The outbox: a message is queued with its receivers checked, taken back while it waits, and told of whenever it moves on.

Whoever queues mail for a record of theirs (a ticket) names it in `about` and hears through `on_outgoing` what became of it,
inside the transaction that changes it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.mail.answering import count_automatic
from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.reading import Address
from rapport.engines.mail.writing import html_of, one_line, receivers_of
from rapport.kernel.access import gate
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Conflict, Invalid, Refused
from rapport.kernel.files.attaching import hold, let_go
from rapport.kernel.ids import new_id
from rapport.kernel.jobs.tasks import enqueue
from rapport.kernel.kinds.email import read_email
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

MOST_RECEIVERS = 50
#: All files together; servers refuse more, and BASE64 makes a third on top of it.
MOST_BYTES = 18 * 1024 * 1024
LONGEST_TEXT = 200_000
_LONGEST_SUBJECT = 500
_ID = re.compile(r"[^<>\s\x00-\x20\x7f]{1,250}")
#: An address as somebody hands it in: text, "Name <address>", {"address", "name"} or as it was read from a message.
Given = str | Mapping[str, str] | Address
Heard = Callable[["Context", OutgoingMail], None]
_heard: list[Heard] = []


def on_outgoing(callback: Heard) -> Heard:
    """Call back inside each transaction that changes the state of a message, with a system context and the message."""
    if callback not in _heard:
        _heard.append(callback)
    return callback


def tell(ctx: Context, mail: OutgoingMail) -> None:
    """Tell everybody who asked that a message has moved on."""
    for callback in _heard:
        callback(ctx, mail)


def queue_mail(
    ctx: Context, mailbox: Mailbox, *, to: Sequence[Given], subject: str, text: str, cc: Sequence[Given] = (),
    bcc: Sequence[Given] = (), files: Sequence[Mapping[str, object]] = (), in_reply_to: str = "",
    references: Sequence[str] = (), send_at: dt.datetime | None = None, undo_seconds: int = 10,
    about: Record | tuple[str, UUID] | None = None, remind_at: dt.datetime | None = None, as_system: bool = False,
    is_automatic: bool | None = None, calendar: tuple[str, str] = ("", ""),
) -> OutgoingMail:  # fmt: skip
    """Put a message into the outbox, in the caller's transaction if there is one. Raises Invalid with a sentence.

    `as_system` is for what Rapport writes by rule: the viewer need not be one who may send. Such mail says that it is automatic
    (and is counted against the most of a day) unless `is_automatic` is False. `files` are stored files; whoever calls has
    made sure that the writer may see them. `calendar` is what it wants (REQUEST …) and the calendar part itself.
    """
    by_rule = as_system or ctx.viewer.is_system
    automatic = by_rule if is_automatic is None else is_automatic
    if not by_rule:
        demand_may_send(ctx, mailbox)
    elif not sends(mailbox):
        raise Invalid(_("This mailbox only reads; fill in its outgoing server first."), code="no_server")
    people = _people(to, cc, bcc)
    kept = [dict(one) for one in files]
    if sum(int(str(one.get("size") or 0)) for one in kept) > MOST_BYTES:
        most = MOST_BYTES // 2**20
        raise Invalid(_("The files are larger than %(most)d MB together; take one away.") % {"most": most}, field="files")
    words = _clean(text).replace("\r\n", "\n").replace("\r", "\n")
    if len(words) > LONGEST_TEXT:
        raise Invalid(_("This text is too long for an e-mail; put it into a file."), field="text")
    now = dt.datetime.now(dt.UTC)
    mail = OutgoingMail(
        workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk, writer_id=ctx.viewer.user_id or None,
        writer_name=ctx.viewer.name if ctx.viewer.user_id else "", is_automatic=automatic,
        send_at=max(send_at or now, now) if send_at else now + dt.timedelta(seconds=undo_seconds),
        subject=one_line(_clean(subject))[:_LONGEST_SUBJECT], text=words, html=html_of(words), files=kept,
        calendar_method=calendar[0], calendar=calendar[1], to=people[0], cc=people[1], bcc=people[2],
        message_id=f"{new_id().hex}@{mailbox.address.rpartition('@')[2].lower()}", in_reply_to=_one_id(in_reply_to),
        references=[one for one in map(_one_id, references) if one][-50:], remind_at=remind_at, made_at=now,
        about_type=_about(about)[0], about_id=_about(about)[1],
    )  # fmt: skip
    with unit_of_work(ctx):
        if automatic:
            count_automatic(ctx, receivers_of(mail))
        hold(ctx, [str(one["key"]) for one in kept])
        mail.save(force_insert=True)
        start(ctx.workspace, mail)
        tell(ctx.as_system("mail"), mail)
    return mail


def start(workspace: Workspace, mail: OutgoingMail) -> None:
    """Have a worker send it when its time has come."""
    enqueue("mail.send", workspace=workspace, run_after=mail.send_at, outgoing=str(mail.pk))


def take_back(ctx: Context, outgoing: OutgoingMail) -> OutgoingMail:
    """Stop a message that still waits; raises Conflict when it is on its way."""
    _demand_own(ctx, outgoing)
    with unit_of_work(ctx):
        move(ctx, outgoing, (OutgoingMail.WAITING,), state=OutgoingMail.TAKEN_BACK)
        let_go(ctx, [str(one["key"]) for one in outgoing.files])
    return outgoing


def give_up(ctx: Context, outgoing: OutgoingMail) -> OutgoingMail:
    """Done with a message that did not go, or of which nobody knows: it leaves the outbox and is not sent."""
    _demand_own(ctx, outgoing)
    with unit_of_work(ctx):
        move(ctx, outgoing, (OutgoingMail.FAILED, OutgoingMail.UNCERTAIN), state=OutgoingMail.TAKEN_BACK)
        let_go(ctx, [str(one["key"]) for one in outgoing.files])
    return outgoing


def send_again(ctx: Context, outgoing: OutgoingMail) -> OutgoingMail:
    """Now: what waits for its time, what failed, and what somebody has found not to have arrived."""
    _demand_own(ctx, outgoing)
    with unit_of_work(ctx):
        before = (OutgoingMail.WAITING, OutgoingMail.FAILED, OutgoingMail.UNCERTAIN)
        now = dt.datetime.now(dt.UTC)
        move(ctx, outgoing, before, state=OutgoingMail.WAITING, send_at=now, attempts=0, problem="", said="", handed_at=None)
        start(ctx.workspace, outgoing)
    return outgoing


def move(ctx: Context, mail: OutgoingMail, before: Sequence[str], **values: object) -> None:
    """Change a message that is in one of these states, and tell of it; inside a unit of work. Raises Conflict otherwise."""
    rows = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, pk=mail.pk, state__in=before)
    if not rows.update(**values):
        raise Conflict(_("This message has been sent already, or is on its way at this moment."))
    mail.refresh_from_db()
    tell(ctx.as_system("mail"), mail)


# -- who may -----------------------------------------------------------------------------------------------------------


def sends(mailbox: Mailbox) -> bool:
    """Whether mail can go out through a mailbox."""
    return bool(mailbox.smtp_host.strip()) and mailbox.is_active and mailbox.deleted_at is None and mailbox.kind != "handed_in"


def may_send(ctx: Context, mailbox: Mailbox) -> bool:
    """A personal mailbox is its owner's, a shared one its team's; no role reaches farther."""
    if not sends(mailbox) or ctx.viewer.preview_of or ctx.viewer.user_id is None:
        return False
    if mailbox.kind == "shared":
        return mailbox.team_id is not None and mailbox.team_id == ctx.viewer.team_id
    return mailbox.owner_id == ctx.viewer.user_id


def demand_may_send(ctx: Context, mailbox: Mailbox) -> None:
    """Raise with a sentence unless the viewer may send through the mailbox."""
    if not sends(mailbox):
        raise Invalid(_("This mailbox only reads; fill in its outgoing server first."), code="no_server", field="mailbox")
    if not may_send(ctx, mailbox):
        raise Refused(_("You cannot send through this mailbox: it belongs to somebody else, or to another team."))


def may_still_send(mail: OutgoingMail, mailbox: Mailbox) -> bool:
    """Whether whoever wrote it still may, when its time has come: people leave, and teams change. A message about a record
    (a reply out of a ticket) was sent by the right to that record, not to the mailbox; its writer must only be here still."""
    if mail.is_automatic or mail.writer_id is None:
        return True
    writer = User.objects.filter(workspace_id=mail.workspace_id, pk=mail.writer_id, deleted_at=None, is_active=True).first()
    if mail.about_type:
        return writer is not None
    is_theirs = mailbox.owner_id == mail.writer_id if mailbox.kind == "personal" else writer and mailbox.team_id == writer.team_id
    return writer is not None and bool(is_theirs)


def sending_mailboxes(ctx: Context) -> list[Mailbox]:
    """The mailboxes the viewer may send through, the last used first."""
    rows = gate.visible(ctx, registry.get("mailbox")).filter(is_active=True).exclude(smtp_host="").order_by("title_key", "pk")
    found = [one for one in rows[:200] if may_send(ctx, one)]
    mine = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, writer_id=ctx.viewer.user_id)
    last = mine.order_by("-made_at").values_list("mailbox_id", flat=True).first()
    return sorted(found, key=lambda one: one.pk != last)


def _demand_own(ctx: Context, mail: OutgoingMail) -> None:
    if not ctx.viewer.is_system and mail.writer_id != ctx.viewer.user_id:
        raise Refused(_("Only whoever wrote this message may do that."))
    if ctx.viewer.preview_of:
        raise Refused(_("You are looking with the eyes of another role, so nothing can be changed. End the preview first."))


# -- what was typed ----------------------------------------------------------------------------------------------------


def _people(*given: Iterable[Given]) -> list[list[dict[str, str]]]:
    """Receivers, each once, in the first place they are named."""
    there: set[str] = set()
    found = []
    for field, some in zip(("to", "cc", "bcc"), given, strict=True):
        lines = []
        for one in some:
            read = read_receiver(one, field)
            if read["address"] not in there:
                there.add(read["address"])
                lines.append(read)
        found.append(lines)
    if not there:
        raise Invalid(_("Say who this goes to."), field="to")
    if len(there) > MOST_RECEIVERS:
        sentence = _("This goes to %(many)d people; at most %(most)d are possible.") % {
            "many": len(there),
            "most": MOST_RECEIVERS,
        }
        raise Invalid(sentence, field="to", code="too_many")
    return found


def read_receiver(given: Given, field: str = "to") -> dict[str, str]:
    """One receiver as it is kept; raises Invalid for what is no address."""
    if isinstance(given, Address):
        name, address = given.name, given.address
    elif isinstance(given, Mapping):
        name, address = str(given.get("name") or ""), str(given.get("address") or "")
    elif "<" in given:
        name, _sep, rest = given.rpartition("<")
        address = rest.partition(">")[0]
    else:
        name, address = "", given
    is_broken = isinstance(given, str) and bool(re.search(r"[\x00-\x1f\x7f]", given.strip()))
    found = None if is_broken or re.search(r"[\x00-\x1f\x7f]", address.strip()) else read_email(address.strip())
    if found is None:
        shown = one_line(address or str(name))[:80]
        raise Invalid(_("“%(text)s” is not an e-mail address.") % {"text": shown}, field=field, code="not_an_email")
    return {"address": found.lower(), "name": one_line(_clean(name)).strip(" \"'")[:120]}


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _one_id(text: str) -> str:
    bare = text.strip().strip("<>")
    return bare if _ID.fullmatch(bare) else ""


def _about(about: Record | tuple[str, UUID] | None) -> tuple[str, UUID | None]:
    if about is None:
        return "", None
    if isinstance(about, tuple):
        return about
    return registry.of(about).key, about.pk
