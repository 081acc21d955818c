"""Webhooks in the settings: where they lead and how they do, the form, the secret once, and the log of what was sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engines.webhooks import desk
from rapport.engines.webhooks.holding import Hold, held, release_deliveries
from rapport.engines.webhooks.jobs import wake_all
from rapport.engines.webhooks.models import Delivery, Webhook, WebhookState
from rapport.engines.webhooks.sending import Outcome
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.access.chart import chart_of
from rapport.kernel.changes.values import settable_fields
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.ids import as_id
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.controls import controls
from rapport.surfaces.web.posted import Posted, lists_of, read_posted
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say, undo_mark

HOME = "/settings/webhooks"
_PAGE = 25


@dataclass(frozen=True)
class Line:
    """One endpoint in the list."""

    webhook: Webhook
    what: str
    keeper: str
    problem: str
    last: Delivery | None


def _type() -> TypeInfo:
    return registry.get("webhook")


@require_GET
def webhooks(request: HttpRequest) -> HttpResponse:
    """All endpoints, how they do, and whether deliveries are held."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "view")
    rows = list(gate.visible(ctx, _type()).order_by("title_key", "pk")[:200])
    states = {
        one.webhook_id: one
        for one in WebhookState.objects.filter(workspace_id=ctx.workspace.pk, webhook_id__in=[r.pk for r in rows])
    }
    found = [line(ctx, one, states.get(one.pk), None) for one in rows]
    may = gate.allows(ctx, _type(), "create")
    return render(request, "settings/webhooks.html", {"lines": found, "may": may, "hold": held(ctx.workspace.pk)})


def line(ctx: Context, webhook: Webhook, state: WebhookState | None, last: Delivery | None) -> Line:
    """An endpoint in words."""
    seat = chart_of(ctx.workspace).seats.get(webhook.runs_as_id)
    keeper = seat.name if seat else ""
    info = registry.get(webhook.on_type) if webhook.on_type in registry else None
    verbs = ", ".join(str(label).lower() for value, label in Webhook.VERBS if value in (webhook.verbs or ()))
    things = str(info.plural) if info else _("all records")
    what = _("%(things)s: %(verbs)s") % {"things": shown_as.capital(things), "verbs": verbs or _("whatever happens")}
    return Line(webhook, what, keeper, _problem(ctx, webhook, state, keeper), last)


def _problem(ctx: Context, webhook: Webhook, state: WebhookState | None, keeper: str) -> str:
    """Why nothing goes out, and what to do about it."""
    if state is None:
        return ""
    if not state.secret:
        return _("It sends nothing yet: make its secret first.")
    told = {
        "nobody": _("It stands still: %(name)s, whose eyes it used, may no longer work here. Save it to become its keeper.")
        % {"name": keeper or _("the person")},
        "filter": _("It stands still: its filter names a field that is gone. Open it and mend the filter."),
        "gone": _("The receiver said that the address is gone for good, so it was switched off."),
        "failing": _("Nothing arrived for days, so it was switched off. Switched on again it sends what was missed."),
    }
    if state.problem in told:
        return told[state.problem]
    if state.failing_since is not None and state.next_at is not None:
        return _("The receiver does not answer as it must, since %(since)s. The next attempt is %(next)s.") % {
            "since": shown_as.relative(state.failing_since, ctx.format), "next": shown_as.relative(state.next_at, ctx.format),
        }  # fmt: skip
    return ""


@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new endpoint; its secret is shown on the page that answers its making."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "create")
    if request.method != "POST":
        return _page(request, ctx, None, Posted(values={"is_active": True}))
    posted = _read(request, ctx)
    if posted.errors:
        return _page(request, ctx, None, posted)
    try:
        made = ctx.create("webhook", **{key: value for key, value in posted.values.items() if value is not None})
    except Invalid as wrong:
        return _page(request, ctx, None, posted, posted.take(wrong))
    assert isinstance(made, Webhook)
    return _page(request, ctx, made, Posted(values=_held(made)), secret=desk.new_secret(ctx, made))


@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Change an endpoint; whoever saves where it leads is whose eyes it uses from then on."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    webhook = _one(ctx, webhook_id)
    if request.method != "POST":
        return _page(request, ctx, webhook, Posted(values=_held(webhook)))
    posted = _read(request, ctx)
    if posted.errors:
        return _page(request, ctx, webhook, posted)
    before = webhook.version
    try:
        ctx.write(webhook, **posted.values)
    except Invalid as wrong:
        return _page(request, ctx, webhook, posted, posted.take(wrong))
    say(request, _("Saved."), undo=undo_mark(webhook) if webhook.version != before else "")
    return HttpResponseRedirect(f"{HOME}/{webhook.pk}")


@never_cache
@require_POST
def secret(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """A new secret, shown once; the one before is good for another day."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    webhook = _one(ctx, webhook_id)
    return _page(request, ctx, webhook, Posted(values=_held(webhook)), secret=desk.new_secret(ctx, webhook))


@require_POST
def test(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Send a message that is about nothing, and tell what came of it."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    webhook = _one(ctx, webhook_id)
    if not desk.state_of(ctx, webhook).secret:
        raise Refused(_("Make the secret of this webhook first; nothing is sent unsigned."))
    return _told(request, webhook, desk.send_test(ctx, webhook))


@require_POST
def replay(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Send one message of the log once more."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    webhook = _one(ctx, webhook_id)
    outcome = desk.replay(ctx, webhook, delivery_id)
    if outcome is None:
        raise Gone(_("There is nothing left to tell: the keeper of this webhook may not see the record any more."))
    return _told(request, webhook, outcome)


def _told(request: HttpRequest, webhook: Webhook, outcome: Outcome) -> HttpResponse:
    if outcome.arrived:
        say(request, _("It arrived; the answer was %(status)d.") % {"status": outcome.status})
    elif outcome.status is not None:
        say(request, _("The receiver answered %(status)d and did not take it.") % {"status": outcome.status}, kind="bad")
    else:
        say(request, outcome.error, kind="bad")
    return HttpResponseRedirect(f"{HOME}/{webhook.pk}#log")


@require_POST
def replay_since(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Send everything after a number of the change log again."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    webhook = _one(ctx, webhook_id)
    text = request.POST.get("since", "").strip()
    try:
        desk.replay_since(ctx, webhook, int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1)
    except Invalid as wrong:
        say(request, wrong.sentence, kind="bad")
        return HttpResponseRedirect(f"{HOME}/{webhook.pk}#log")
    wake_all(ctx.workspace)
    say(request, _("Everything after %(number)s is on its way again.") % {"number": text})
    return HttpResponseRedirect(f"{HOME}/{webhook.pk}#log")


@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Let held deliveries go: all that was written meanwhile, or what comes from now on."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if ctx.viewer.scope("webhook", "edit") != "all":
        raise Refused(_("Only who may change every webhook can decide this."))
    release_deliveries(ctx.workspace.pk, from_now=request.POST.get("from") == "now")
    wake_all(ctx.workspace)
    say(request, _("Deliveries go out again."))
    return HttpResponseRedirect(HOME)


# -- the page of one ---------------------------------------------------------------------------------------------------


def _one(ctx: Context, webhook_id: UUID) -> Webhook:
    found = gate.get(ctx, _type(), webhook_id, "edit")
    assert isinstance(found, Webhook)
    return found


def _held(webhook: Webhook) -> dict[str, object]:
    return {key: getattr(webhook, key) for key in ("name", "url", "on_type", "verbs", "matching", "is_active")}


def _fields(ctx: Context) -> list[Field]:
    return [f for f in settable_fields(ctx, _type(), creating=True).values() if f.key != "on_type"]


def _read(request: HttpRequest, ctx: Context) -> Posted:
    posted = read_posted(ctx, lists_of(request), _fields(ctx), needed=True)
    posted.values["on_type"] = request.POST.get("on_type", "")
    return posted


def _page(
    request: HttpRequest, ctx: Context, webhook: Webhook | None, posted: Posted, sentence: str = "", *, secret: str = ""
) -> HttpResponse:  # fmt: skip
    may_be_empty = ("verbs", "matching")
    made = {
        one.key: replace(one, is_optional=one.is_optional and one.key in may_be_empty)
        for one in controls(ctx, _fields(ctx), posted.held, posted.errors)
    }
    state = desk.state_of(ctx, webhook) if webhook else None
    found, following = _log(request, ctx, webhook) if webhook else ([], None)
    hold: Hold | None = held(ctx.workspace.pk)
    types = [one for one in registry.all() if gate.allows(ctx, one, "view") and one.key != "webhook"]
    values = {
        "webhook": webhook, "controls": made, "types": types, "on_type": posted.values.get("on_type") or "",
        "shown": ",".join(f.key for f in _fields(ctx)), "errors": posted.errors, "sentence": sentence, "secret": secret,
        "line": line(ctx, webhook, state, None) if webhook else None, "state": state, "log": found, "next": following,
        "statuses": dict(Delivery.STATUSES), "hold": hold, "pretty": _pretty,
    }  # fmt: skip
    return render(request, "settings/webhook.html", values, status=422 if posted.errors or sentence else 200)


def _log(request: HttpRequest, ctx: Context, webhook: Webhook) -> tuple[list[Delivery], UUID | None]:
    """One page of what was sent, newest first."""
    rows = Delivery.objects.filter(workspace_id=ctx.workspace.pk, webhook_id=webhook.pk).order_by("-id")
    before = as_id(request.GET.get("before")) if request.GET.get("before") else None
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: _PAGE + 1])
    return found[:_PAGE], found[_PAGE - 1].pk if len(found) > _PAGE else None


def _pretty(body: str) -> str:
    """The message in lines, where it was kept whole."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
