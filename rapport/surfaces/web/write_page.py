"""Writing an e-mail: a form that begins empty, as an answer, or as what was taken back; sent at once, later, or undone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from rapport.engines.mail.composing import Beginning, beginning_of, bounced_among, filled_template, templates
from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.outbox import queue_mail, read_receiver, sending_mailboxes, take_back
from rapport.engines.mail.reading.headers import addresses, shown_addresses, unreadable
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.files.reach import attachable_file
from rapport.kernel.files.store import keep
from rapport.kernel.ids import as_id
from rapport.kernel.kinds.markup import hue, initials
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.lookup import find
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say

#: Behind `undo_mark`s of records: this is about a message that waits.
MARK = "mail:"
#: A little longer than the toast with its Undo stays.
_UNDO_SECONDS = 12
_MOST_FILES = 20
_REMINDERS = (2, 3, 5, 7, 14)
_MOST_PEOPLE = 8


@dataclass
class Typed:
    """The form as it stands."""

    mailbox: str = ""
    to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    text: str = ""
    at: str = ""
    remind: str = ""
    answers: str = ""
    how: str = ""
    back: str = ""
    files: list[dict[str, object]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    sentence: str = ""


@never_cache
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """The form, and sending what it holds."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    boxes = sending_mailboxes(ctx)
    if request.method == "POST":
        return _send(request, ctx, boxes)
    return _page(request, ctx, boxes, _begun(request, ctx, boxes))


def _begun(request: HttpRequest, ctx: Context, boxes: list[Mailbox]) -> Typed:
    """What the form begins with."""
    given = request.GET
    if (again := as_id(given.get("again", ""))) is not None:
        return _again(ctx, again)
    answers, how = as_id(given.get("answers", "")), given.get("how", "")
    begun = beginning_of(ctx, answers, how) if answers else Beginning(to=given.get("to", "")[:2000], back=given.get("back", ""))
    box = next((one for one in boxes if one.pk == begun.mailbox_id), boxes[0] if boxes else None)
    signature = f"\n\n-- \n{box.signature}" if box and box.signature.strip() else ""
    return Typed(
        mailbox=str(box.pk) if box else "", to=begun.to, cc=begun.cc, bcc=begun.bcc, subject=begun.subject,
        text=f"{begun.text}{signature}{begun.quoted}", files=begun.files, answers=str(answers or ""), how=how,
        back=begun.back or given.get("back", ""),
    )  # fmt: skip


def _again(ctx: Context, outgoing_id: UUID) -> Typed:
    """Everything of a message that was taken back, or did not go."""
    mine = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, writer_id=ctx.viewer.user_id, pk=outgoing_id)
    mail = mine.exclude(state__in=(OutgoingMail.SENT, OutgoingMail.SENDING, OutgoingMail.WAITING)).first()
    if mail is None:
        raise Gone(_("This message has been sent, or is not yours."))
    files = [one for one in mail.files if attachable_file(ctx, str(one.get("key", "")))]
    days = (mail.remind_at - mail.send_at).days if mail.remind_at else 0
    return Typed(
        mailbox=str(mail.mailbox_id), to=shown_addresses(mail.to), cc=shown_addresses(mail.cc), bcc=shown_addresses(mail.bcc),
        subject=mail.subject, text=mail.text, files=files, answers=f"mail:{mail.pk}" if mail.in_reply_to else "",
        remind=str(days) if days in _REMINDERS else "",
    )  # fmt: skip


def _send(request: HttpRequest, ctx: Context, boxes: list[Mailbox]) -> HttpResponse:
    """Queue it; whatever is wrong, everything typed and every file stays."""
    typed = _read(request, ctx)
    box = next((one for one in boxes if str(one.pk) == typed.mailbox), None)
    if box is None:
        typed.errors.setdefault("mailbox", _("Choose the mailbox to send it from."))
    send_at = _moment(request, ctx, typed)
    for name in ("to", "cc", "bcc"):
        _check_people(typed, name)
    if not typed.text.strip() and not typed.files:
        typed.errors.setdefault("text", _("Write something first."))
    if typed.errors or box is None:
        return _page(request, ctx, boxes, typed)
    headers = _headers(ctx, typed)
    due = send_at or ctx.format.now
    remind_at = due + dt.timedelta(days=int(typed.remind)) if typed.remind.isdigit() and int(typed.remind) in _REMINDERS else None
    try:
        mail = queue_mail(
            ctx, box, to=_people(typed.to), cc=_people(typed.cc), bcc=_people(typed.bcc), subject=typed.subject, text=typed.text,
            files=typed.files, in_reply_to=headers[0], references=headers[1], send_at=send_at, undo_seconds=_UNDO_SECONDS,
            remind_at=remind_at,
        )  # fmt: skip
    except Invalid as wrong:
        typed.errors.update({key: str(text) for key, text in wrong.errors.items()})
        typed.sentence = "" if wrong.errors else wrong.sentence
        return _page(request, ctx, boxes, typed)
    if send_at is None:
        say(request, _("The message goes out in a few seconds."), undo=f"{MARK}{mail.pk}")
    else:
        when = shown_as.moment(send_at, ctx.format)
        say(request, _("The message goes out %(when)s. It waits in the outbox.") % {"when": when}, undo=f"{MARK}{mail.pk}")
    return HttpResponseRedirect(_back(typed))


def _back(typed: Typed) -> str:
    """Where it began, if that is a page of ours."""
    is_ours = typed.back.startswith("/") and url_has_allowed_host_and_scheme(typed.back, allowed_hosts=None)
    return typed.back if is_ours else "/outbox"


def _read(request: HttpRequest, ctx: Context) -> Typed:
    """What was posted, with its files kept."""
    names = ("mailbox", "to", "cc", "bcc", "subject", "text", "at", "remind", "answers", "how", "back")
    typed = Typed(**{name: request.POST.get(name, "") for name in names})
    typed.text = typed.text.replace("\r\n", "\n")
    dropped = set(request.POST.getlist("drop"))
    for key in request.POST.getlist("kept")[:_MOST_FILES]:
        facts = attachable_file(ctx, key) if key not in dropped else None
        if facts is not None:
            typed.files.append(facts)
    for given in request.FILES.getlist("files")[:_MOST_FILES]:
        try:
            typed.files.append(keep(ctx, given))
        except Invalid as wrong:
            typed.errors["files"] = f"{given.name}: {wrong.sentence}"
    return typed


def _moment(request: HttpRequest, ctx: Context, typed: Typed) -> dt.datetime | None:
    """When it is to go, by the clock of whoever writes; None for at once."""
    when, now = request.POST.get("when", "now"), ctx.format.now.astimezone(ctx.format.zone)
    if when in ("tomorrow", "monday"):
        ahead = 1 if when == "tomorrow" else (7 - now.weekday()) or 7
        return dt.datetime.combine(now.date() + dt.timedelta(days=ahead), dt.time(8), ctx.format.zone)
    if when != "at":
        return None
    try:
        found = dt.datetime.fromisoformat(typed.at).replace(tzinfo=ctx.format.zone)
    except ValueError:
        typed.errors["at"] = _("Fill in the day and the time.")
        return None
    if found < now - dt.timedelta(minutes=1):
        typed.errors["at"] = _("This moment is over; choose a later one.")
    return found


def _people(text: str) -> list[dict[str, str]]:
    return [{"address": one.address, "name": one.name} for one in addresses(text)]


def _check_people(typed: Typed, name: str) -> None:
    """What stands between the commas and is no address is named, not left out."""
    text = getattr(typed, name)
    for part in unreadable(text):
        typed.errors.setdefault(name, _("“%(text)s” is not an e-mail address.") % {"text": part[:60]})
    for one in addresses(text):
        try:
            read_receiver(one, name)
        except Invalid as wrong:
            typed.errors.setdefault(name, wrong.sentence)
    if name == "to" and not text.strip():
        typed.errors.setdefault("to", _("Say who this goes to."))


def _headers(ctx: Context, typed: Typed) -> tuple[str, list[str]]:
    """What the message answers; worked out anew, never believed from the form."""
    if typed.answers.startswith(MARK):
        before = OutgoingMail.objects.filter(
            workspace_id=ctx.workspace.pk, writer_id=ctx.viewer.user_id, pk=as_id(typed.answers.removeprefix(MARK))
        ).first()
        return (before.in_reply_to, list(before.references)) if before else ("", [])
    if (answers := as_id(typed.answers)) is None:
        return "", []
    begun = beginning_of(ctx, answers, typed.how)
    return begun.in_reply_to, begun.references


def _page(request: HttpRequest, ctx: Context, boxes: list[Mailbox], typed: Typed) -> HttpResponse:
    named = [one.address for text in (typed.to, typed.cc, typed.bcc) for one in addresses(text)]
    values = {
        "boxes": boxes, "typed": typed, "back": _back(typed), "errors": typed.errors, "sentence": typed.sentence,
        "reminders": _REMINDERS,
        "templates": templates(ctx) if boxes else [], "bounced": bounced_among(ctx, named), "files": typed.files,
        "size": lambda one: shown_as.file_size(int(one.get("size") or 0), ctx.format),
        "may_set_up": gate.allows(ctx, registry.get("mailbox"), "create"),
        "draft": f"mail:{typed.answers}:{typed.how}:{'' if typed.answers else typed.to}"[:200],
    }  # fmt: skip
    return render(request, "mail/write.html", values, status=422 if typed.errors or typed.sentence else 200)


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """People with addresses whose name or address fits what is being typed; only those the viewer may see."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    text = request.GET.get("q", "").strip()[:100]
    found: list[dict[str, str]] = []
    for info in registry.all() if len(text) >= 2 else ():
        mails = [f for f in gate.fields(ctx, info).values() if f.kind.key == "email" and f.source == "column"]
        if not mails or not gate.allows(ctx, info, "view") or len(found) >= _MOST_PEOPLE:
            continue
        titles = gate.titles(ctx, info, set(ids := find(ctx, info, text)))
        rows = dict(gate.visible(ctx, info).filter(pk__in=ids).values_list("pk", mails[0].path))
        for pk in ids:
            entries = rows.get(pk)
            for entry in (entries if isinstance(entries, list) else [])[:2]:
                name = str(titles.get(pk, ""))
                put = shown_addresses([{"address": entry["value"], "name": name}])
                found.append({
                    "id": entry["value"], "text": name or entry["value"], "hint": entry["value"], "hue": hue(name),
                    "initials": initials(name), "shape": "person", "put": put,
                })  # fmt: skip
    return JsonResponse({"results": found[:_MOST_PEOPLE], "none": str(_("Nobody found. Type the whole address."))})


@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """A ready text for whoever the message goes to."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    wanted = as_id(request.GET.get("template", ""))
    if wanted is None:
        raise Gone(_("This template does not exist, or you may not see it."))
    first = next(iter(addresses(request.GET.get("to", "")[:4000])), None)
    subject, text = filled_template(ctx, wanted, first.address if first else "")
    return JsonResponse({"subject": subject, "text": text})


def undo_mail(request: HttpRequest, mark: str) -> HttpResponse:
    """Undo of sending: the message is taken back, and the form comes back with everything in it."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    mail = OutgoingMail.objects.filter(
        workspace_id=ctx.workspace.pk, writer_id=ctx.viewer.user_id, pk=as_id(mark.removeprefix(MARK))
    ).first()
    if mail is None:
        raise Gone(_("There is nothing to take back here."))
    take_back(ctx, mail)
    say(request, _("The message was not sent."), kind="info")
    return HttpResponseRedirect(f"/write?{urlencode({'again': str(mail.pk)})}")


__all__ = ["MARK", "people", "template", "undo_mail", "write"]
