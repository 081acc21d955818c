"""The tokens of programs that work in a person's name: made once, never more than the person may do, ended at once."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access import events, gate
from rapport.kernel.access.models import ApiToken, Workspace
from rapport.kernel.access.tokens import create_token
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.connection import address_of
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say

DAYS = ("30", "90", "365")
_LONGEST = 10 * 366


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The person's living tokens; a new one is shown once, on the page that answers its making."""
    ctx, user = request.ctx, request.user_record  # type: ignore[attr-defined]
    secret, errors = "", {}
    if request.method == "POST":
        try:
            asked = _asked(request, ctx)
            secret = create_token(user, **asked)  # type: ignore[arg-type]
            events.note("token_created", user=user, address=address_of(request), is_read_only=asked["is_read_only"])
        except Invalid as wrong:
            errors = wrong.errors
    rows = ApiToken.objects.filter(workspace=ctx.workspace, user=user, revoked_at=None).order_by("-created_at")
    values = {
        "rows": [(row, _types_in_words(row)) for row in rows],
        "secret": secret,
        "errors": errors,
        "typed": request.POST if errors else {},
        "chosen_types": request.POST.getlist("types") if errors else [],
        "types": _offered(ctx),
        "days": DAYS,
        "now": timezone.now(),
        "may_last": ctx.workspace.endless_tokens,
        "may_permit": may_permit(ctx),
    }
    return render(request, "settings/tokens.html", values, status=422 if errors else 200)


def may_permit(ctx: Context) -> bool:
    """Whether this person may decide on endless tokens: who may change every role."""
    return ctx.viewer.scope("role", "edit") == "all"


def _asked(request: HttpRequest, ctx: Context) -> dict[str, object]:
    """What the form asks for; raises Invalid with a sentence per field."""
    errors: dict[str, object] = {}
    name = request.POST.get("name", "").strip()[:120]
    if not name:
        errors["name"] = _("Give the token a name, such as the program that uses it.")
    expires_at = None
    try:
        expires_at = _expiry(request, ctx)
    except Invalid as wrong:
        errors["expiry"] = wrong.sentence
    known = {info.key for info in _offered(ctx)}
    chosen = set(request.POST.getlist("types"))
    if chosen - known:
        errors["types"] = _("Choose among the types you may see yourself.")
    if errors:
        raise Invalid(next(iter(errors.values())), errors=errors)
    return {
        "name": name, "expires_at": expires_at, "is_read_only": request.POST.get("access", "read") != "write",
        "types": sorted(chosen) or None,
    }  # fmt: skip


def _expiry(request: HttpRequest, ctx: Context) -> dt.datetime | None:
    wanted = request.POST.get("expiry", "90")
    now = timezone.now()
    if wanted in DAYS:
        return now + dt.timedelta(days=int(wanted))
    if wanted == "never" and ctx.workspace.endless_tokens:
        return None
    if wanted == "date":
        try:
            day = dt.date.fromisoformat(request.POST.get("until", ""))
        except ValueError:
            raise Invalid(_("Choose the last day on which the token works.")) from None
        until = dt.datetime.combine(day, dt.time.max, tzinfo=ctx.format.zone)
        if now < until < now + dt.timedelta(days=_LONGEST):
            return until
        raise Invalid(_("Choose a day in the future, at most ten years away."))
    raise Invalid(_("Choose how long the token works; only the owner can allow tokens without an end."))


def _offered(ctx: Context) -> list[TypeInfo]:
    """Types a token may be held to: those the person may see. What lives under another type comes along with it."""
    return [one for one in registry.all() if not one.declared.under and gate.allows(ctx, one, "view")]


def _types_in_words(row: ApiToken) -> str:
    if row.types is None:
        return _("everything")
    return ", ".join(str(registry.get(key).plural) for key in row.types if key in registry)


@require_POST
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Make one of the person's own tokens worthless at once."""
    ctx, user = request.ctx, request.user_record  # type: ignore[attr-defined]
    mine = ApiToken.objects.filter(pk=token_id, workspace=ctx.workspace, user=user, revoked_at=None)
    if not mine.update(revoked_at=timezone.now()):
        raise Gone(_("This token does not exist, or it was revoked already."))
    events.note("token_revoked", user=user, address=address_of(request))
    say(request, _("Token revoked. Programs that used it are signed out."))
    return HttpResponseRedirect("/settings/tokens")


@require_POST
def revoke_all(request: HttpRequest) -> HttpResponse:
    """Make all of the person's own tokens worthless at once."""
    ctx, user = request.ctx, request.user_record  # type: ignore[attr-defined]
    mine = ApiToken.objects.filter(workspace=ctx.workspace, user=user, revoked_at=None)
    count = mine.update(revoked_at=timezone.now())
    if count:
        events.note("token_revoked", user=user, address=address_of(request), count=count)
    say(request, _("All tokens are revoked. Programs that used them are signed out."))
    return HttpResponseRedirect("/settings/tokens")


@require_POST
def permit(request: HttpRequest) -> HttpResponse:
    """Allow or forbid tokens without an end, in the whole workspace."""
    ctx = request.ctx  # type: ignore[attr-defined]
    if not may_permit(ctx):
        raise Refused(_("Only the owner of the workspace can decide this."))
    here = Workspace.objects.filter(pk=ctx.workspace.pk)
    here.update(endless_tokens=request.POST.get("endless") == "1")
    say(request, _("Saved."))
    return HttpResponseRedirect("/settings/tokens")
