"""Mailboxes in the settings: how each does, the form with its secrets, the ledger of what was seen, looking again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engines.mail import desk
from rapport.engines.mail.models import Mailbox, SeenMessage
from rapport.engines.mail.outbox import may_send, queue_mail
from rapport.kernel.access import gate
from rapport.kernel.access.chart import chart_of
from rapport.kernel.changes.values import settable_fields
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.controls import controls
from rapport.surfaces.web.posted import Posted, lists_of, read_posted
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say, undo_mark

HOME = "/settings/mailboxes"
_PAGE = 50
#: The form, group by group.
_GROUPS = (
    ("whose", ("name", "address", "kind", "owner", "team", "is_active")),
    ("kept", ("share", "creates", "blocked", "folders")),
    ("incoming", ("imap_host", "imap_port", "imap_security", "user_name", "sign_in")),
    ("outgoing", ("smtp_host", "smtp_port", "smtp_security", "sender_name", "signature")),
    ("more", ("token_url", "client_id", "trusted_server")),
)


@dataclass(frozen=True)
class Line:
    """One mailbox in the list."""

    mailbox: Mailbox
    whose: str
    health: desk.Health


def _type() -> TypeInfo:
    return registry.get("mailbox")


@require_GET
def mailboxes(request: HttpRequest) -> HttpResponse:
    """All mailboxes the viewer may see, and how they do."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "view")
    rows = list(gate.visible(ctx, _type()).order_by("title_key", "pk")[:200])
    states, folders = desk.states_of(ctx, [one.pk for one in rows])
    lines = [Line(one, _whose(ctx, one), desk.health_of(ctx, one, states.get(one.pk), folders.get(one.pk, []))) for one in rows]
    values = {"lines": lines, "may": gate.allows(ctx, _type(), "create")}
    return render(request, "settings/mailboxes.html", values)


def _whose(ctx: Context, mailbox: Mailbox) -> str:
    chart = chart_of(ctx.workspace)
    if mailbox.kind == "shared":
        return chart.team_names.get(mailbox.team_id, "")
    seat = chart.seats.get(mailbox.owner_id)
    return seat.name if seat else ""


@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new mailbox."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "create")
    if request.method != "POST":
        given = {f.key: f.default for f in _fields(ctx, creating=True) if not callable(f.default) and f.default is not None}
        return _page(request, ctx, None, Posted(values={**given, "owner": ctx.viewer.user_id}))
    posted = read_posted(ctx, lists_of(request), _fields(ctx, creating=True), needed=True)
    if posted.errors:
        return _page(request, ctx, None, posted)
    try:
        made = ctx.create("mailbox", **{key: value for key, value in posted.values.items() if value is not None})
    except Invalid as wrong:
        return _page(request, ctx, None, posted, posted.take(wrong))
    assert isinstance(made, Mailbox)
    _take_secrets(request, ctx, made)
    say(request, _("The mailbox is set up; its mail is read in the background."))
    return HttpResponseRedirect(f"{HOME}/{made.pk}")


@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, mailbox_id: UUID) -> HttpResponse:
    """Change a mailbox; a password that is not typed stays as it is."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    mailbox = _one(ctx, mailbox_id)
    if request.method != "POST":
        return _page(request, ctx, mailbox, Posted(values=_held(ctx, mailbox)))
    gate.get(ctx, _type(), mailbox.pk, "edit")
    posted = read_posted(ctx, lists_of(request), _fields(ctx, creating=False), needed=True)
    if posted.errors:
        return _page(request, ctx, mailbox, posted)
    before = mailbox.version
    try:
        ctx.write(mailbox, **posted.values)
    except Invalid as wrong:
        return _page(request, ctx, mailbox, posted, posted.take(wrong))
    _take_secrets(request, ctx, mailbox)
    say(request, _("Saved."), undo=undo_mark(mailbox) if mailbox.version != before else "")
    return HttpResponseRedirect(f"{HOME}/{mailbox.pk}")


@require_GET
def ledger(request: HttpRequest, mailbox_id: UUID) -> HttpResponse:
    """Every message that was seen, and what became of it; only for those whose mailbox it is."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    mailbox = _one(ctx, mailbox_id)
    desk.demand_own(ctx, mailbox)
    rows = SeenMessage.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk).order_by("-id")
    only = request.GET.get("only", "")
    if only in desk.WHY:
        rows = rows.filter(outcome=SeenMessage.SKIPPED, why=only)
    elif only in desk.OUTCOMES:
        rows = rows.filter(outcome=only)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: _PAGE + 1])
    counts, is_more = desk.counts_of(ctx, mailbox.pk)
    values = {
        "mailbox": mailbox, "rows": found[:_PAGE], "next": found[_PAGE - 1].pk if len(found) > _PAGE else None, "only": only,
        "counts": counts, "is_more": is_more, "why": desk.WHY, "outcomes": desk.OUTCOMES,
    }  # fmt: skip
    return render(request, "settings/mailbox_ledger.html", values)


@require_POST
def read_now(request: HttpRequest, mailbox_id: UUID) -> HttpResponse:
    """Read the mailbox now."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    mailbox = _one(ctx, mailbox_id)
    desk.demand_own(ctx, mailbox)
    desk.read_soon(ctx, mailbox)
    say(request, _("The mailbox is read in the background."))
    return HttpResponseRedirect(f"{HOME}/{mailbox.pk}")


@require_POST
def look(request: HttpRequest, mailbox_id: UUID) -> HttpResponse:
    """Look again for somebody's mail."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    mailbox = _one(ctx, mailbox_id)
    try:
        address = desk.look_for(ctx, mailbox, request.POST.get("address", ""))
    except Invalid as wrong:
        say(request, wrong.sentence, kind="bad")
        return HttpResponseRedirect(f"{HOME}/{mailbox.pk}")
    say(request, _("Mail with %(address)s is looked for again in the background.") % {"address": address})
    return HttpResponseRedirect(f"{HOME}/{mailbox.pk}")


@require_POST
def try_sending(request: HttpRequest, mailbox_id: UUID) -> HttpResponse:
    """Send a test to whoever asks; the outbox shows how it went."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    mailbox = _one(ctx, mailbox_id)
    address = request.user.email  # type: ignore[union-attr]
    subject = _("A test from Rapport")
    text = _("This message went out through the mailbox “%(name)s”. It can send.") % {"name": mailbox.name}
    try:
        queue_mail(ctx, mailbox, to=[address], subject=subject, text=text, undo_seconds=0)
    except Invalid as wrong:
        say(request, wrong.sentence, kind="bad")
        return HttpResponseRedirect(f"{HOME}/{mailbox.pk}")
    say(request, _("A test is on its way to %(address)s. Here you see how it goes.") % {"address": address})
    return HttpResponseRedirect("/outbox")


# -- the page of one ---------------------------------------------------------------------------------------------------


def _one(ctx: Context, mailbox_id: UUID) -> Mailbox:
    found = gate.get(ctx, _type(), mailbox_id)
    assert isinstance(found, Mailbox)
    return found


def _fields(ctx: Context, *, creating: bool) -> list[Field]:
    wanted = [key for _name, keys in _GROUPS for key in keys]
    found = settable_fields(ctx, _type(), creating=creating)
    return [found[key] for key in wanted if key in found]


def _held(ctx: Context, mailbox: Mailbox) -> dict[str, object]:
    return {f.key: getattr(mailbox, f.path) for f in _fields(ctx, creating=False)}


def _take_secrets(request: HttpRequest, ctx: Context, mailbox: Mailbox) -> None:
    secret, client_secret = request.POST.get("secret", ""), request.POST.get("client_secret", "")
    if secret or client_secret:
        desk.set_secrets(ctx, mailbox, secret=secret[:4000], client_secret=client_secret[:4000])


def _page(request: HttpRequest, ctx: Context, mailbox: Mailbox | None, posted: Posted, sentence: str = "") -> HttpResponse:
    fields = _fields(ctx, creating=mailbox is None)
    made = {one.key: replace(one, is_optional=False) for one in controls(ctx, fields, posted.held, posted.errors)}
    states, folders = desk.states_of(ctx, [mailbox.pk]) if mailbox else ({}, {})
    health = desk.health_of(ctx, mailbox, states.get(mailbox.pk), folders.get(mailbox.pk, [])) if mailbox else None
    is_own = mailbox is None or mailbox.owner_id == ctx.viewer.user_id or mailbox.kind != "personal"
    values = {
        "mailbox": mailbox, "controls": made, "groups": [(name, [k for k in keys if k in made]) for name, keys in _GROUPS],
        "shown": ",".join(f.key for f in fields), "errors": posted.errors, "sentence": sentence, "health": health,
        "folders": folders.get(mailbox.pk, []) if mailbox else [], "is_own": is_own,
        "may": mailbox is None or gate.may(ctx, _type(), mailbox, "edit"),
        "may_send": mailbox is not None and may_send(ctx, mailbox),
        "has_secret": bool(health and health.state and health.state.secret),
    }  # fmt: skip
    return render(request, "settings/mailbox.html", values, status=422 if posted.errors or sentence else 200)
