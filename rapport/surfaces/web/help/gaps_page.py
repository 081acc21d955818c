"""For the team: what visitors looked for in vain, and the texts that did not help."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.engines.publishing.asked import gaps, voted_down
from rapport.engines.publishing.models import Tally, VisitEnd
from rapport.engines.publishing.opinions import said
from rapport.engines.publishing.versioned import versioned_types
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Refused
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.help.answering import name_of
from rapport.surfaces.web.shell import render


@dataclass(frozen=True)
class Weak:
    """A text that did not help more often than it did."""

    title: str
    url: str
    tally: Tally
    notes: list[str]


def may_see_gaps(ctx: Context) -> bool:
    """Whoever may change published texts can do something about gaps."""
    return any(gate.allows(ctx, registry.get(key), "edit") for key in versioned_types())


@require_GET
def report(request: HttpRequest) -> HttpResponse:
    """Both lists, the most wanted first, and how visits ended."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if not may_see_gaps(ctx):
        raise Refused(_("Your role does not allow you to change articles, so there is nothing here for you."))
    found = [(one, name_of(one.language)) for one in gaps(ctx.workspace.pk)]
    ends = VisitEnd.objects.filter(workspace_id=ctx.workspace.pk).order_by("-day", "-id")[:500]
    counts = [(one.solved, one.went_on) for one in ends]
    values = {
        "gaps": found, "weak": _weak(ctx), "solved": sum(one for one, _other in counts),
        "went_on": sum(other for _one, other in counts), "new_url": _new_url(ctx),
    }  # fmt: skip
    return render(request, "help/gaps.html", values)


def _weak(ctx: Context) -> list[Weak]:
    """Through the gate: a text that the viewer may not see is not there."""
    worst = voted_down(ctx.workspace.pk)
    found: dict[object, tuple[str, str]] = {}
    for key in versioned_types():
        info = registry.get(key)
        titles = gate.titles(ctx, info, {one.record_id for one in worst})
        found.update({pk: (str(title), info.record_url(pk)) for pk, title in titles.items()})
    return [
        Weak(*found[one.record_id], one, [vote.note for vote in said(ctx.workspace.pk, one.record_id, 3) if not vote.helped])
        for one in worst if one.record_id in found
    ][:30]  # fmt: skip


def _new_url(ctx: Context) -> str:
    able = [registry.get(key) for key in versioned_types() if gate.allows(ctx, registry.get(key), "create")]
    return f"{able[0].url}new" if able else ""
