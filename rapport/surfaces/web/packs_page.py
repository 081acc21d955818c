"""Trade packs in the settings: look at what one would add, add it, take it back, write one's own set-up as a file."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engines.words import packs
from rapport.engines.words.models import AppliedPack
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say

#: A pack is text that people wrote; the largest shipped one has 12 kB.
_LARGEST = 1_000_000
_HOME = "/settings/packs"


def offers_packs(ctx: Context) -> bool:
    """Whether this viewer may apply packs."""
    try:
        packs.demand_may_apply(ctx)
    except Refused:
        return False
    return True


@require_GET
def shelf(request: HttpRequest) -> HttpResponse:
    """The packs that come with Rapport, those that were applied, and the way in and out for files."""
    ctx = request.ctx  # type: ignore[attr-defined]
    packs.demand_may_apply(ctx)
    return _shelf(request, ctx)


def _shelf(request: HttpRequest, ctx: Context, sentence: str = "") -> HttpResponse:
    applied = AppliedPack.objects.filter(workspace_id=ctx.workspace.pk, undone_at=None).order_by("-id")[:20]
    values = {"packs": list(packs.shelf().values()), "applied": list(applied), "sentence": sentence}
    return render(request, "settings/packs.html", values, status=422 if sentence else 200)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, key: str) -> HttpResponse:
    """A shipped pack: what it would add; posted, it is applied."""
    ctx = request.ctx  # type: ignore[attr-defined]
    packs.demand_may_apply(ctx)
    found = packs.shelf().get(key)
    if found is None:
        raise Gone(_("There is no such pack."))
    if request.method == "POST":
        return _apply(request, ctx, found, "")
    return _preview(request, ctx, found)


@require_POST
def file(request: HttpRequest) -> HttpResponse:
    """A pack from a file: first what it would add, then (posted again from that page) applied."""
    ctx = request.ctx  # type: ignore[attr-defined]
    packs.demand_may_apply(ctx)
    given = request.FILES.get("file")
    try:
        if given is not None and given.size > _LARGEST:
            raise Invalid(_("This file is too large for a pack."))
        text = given.read().decode("utf-8-sig") if given is not None else request.POST.get("pack", "")
        found = packs.read_pack(text)
    except UnicodeDecodeError:
        return _shelf(request, ctx, _("This file is no text."))
    except Invalid as wrong:
        return _shelf(request, ctx, wrong.sentence)
    if "apply" in request.POST:
        return _apply(request, ctx, found, text)
    return _preview(request, ctx, found, text)


def _preview(request: HttpRequest, ctx: Context, found: packs.Pack, text: str = "", sentence: str = "") -> HttpResponse:
    seen = packs.foresee(ctx, found)
    labels = {part.key: part.label for part in packs.PARTS} | {"samples": _("Sample records")}
    groups = [(labels[key], [title for at, title in seen.adds if at == key]) for key in labels]
    values = {
        "pack": found, "text": text, "groups": [(label, titles) for label, titles in groups if titles],
        "there": [title for _part, title in seen.there], "sentence": sentence, "count": len(seen.adds),
        "action": f"{_HOME}/file" if text else f"{_HOME}/{found.key}",
    }  # fmt: skip
    return render(request, "settings/pack.html", values, status=422 if sentence else 200)


def _apply(request: HttpRequest, ctx: Context, found: packs.Pack, text: str) -> HttpResponse:
    try:
        row = packs.apply(ctx, found, with_samples="samples" in request.POST)
    except Invalid as wrong:
        return _preview(request, ctx, found, text, wrong.sentence)
    count = len(row.made)
    say(request, ngettext("%(count)d thing was added.", "%(count)d things were added.", count) % {"count": count})
    return HttpResponseRedirect(_HOME)


@require_POST
def undo(request: HttpRequest, applied_id: UUID) -> HttpResponse:
    """Take back what a pack added."""
    ctx = request.ctx  # type: ignore[attr-defined]
    packs.demand_may_apply(ctx)
    row = AppliedPack.objects.filter(workspace_id=ctx.workspace.pk, pk=applied_id).first()
    if row is None:
        raise Gone(_("There is no such pack."))
    kept = packs.take_back(ctx, row)
    if kept:
        say(request, ngettext(
            "The pack was taken back; %(count)d thing stays, because somebody has changed or uses it.",
            "The pack was taken back; %(count)d things stay, because somebody has changed or uses them.", kept,
        ) % {"count": kept}, kind="warn")  # fmt: skip
    else:
        say(request, _("The pack was taken back."))
    return HttpResponseRedirect(_HOME)


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The workspace's own set-up as a pack."""
    ctx = request.ctx  # type: ignore[attr-defined]
    response = HttpResponse(packs.export_pack(ctx), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rapport-pack.json"'
    return response
