"""Changing the kind of an own field: what fits and what does not, what stands in the way, and how far it is."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from rapport.engines.words.definition import running as running_change
from rapport.engines.words.kind_change import asking
from rapport.engines.words.kind_change.looking import examples, may_see
from rapport.engines.words.kind_change.standing import obstacles
from rapport.engines.words.kind_change.turning import makes_choices
from rapport.engines.words.models import KindChange
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.ids import as_id
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.queue import request_stop
from rapport.kernel.kinds.base import all_kinds
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.posted import whole_number
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import say


@require_http_methods(["GET", "POST"])
def kind(request: HttpRequest, type_key: str, field_id: UUID) -> HttpResponse:
    """The page of one field; POST looks, changes, stops or takes back."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info, row = _found(ctx, type_key, field_id)
    if request.method == "GET":
        return _show(request, info, row)
    address = f"/settings/fields/{info.key}/{row.pk}/kind"
    wanted = request.POST.get("do", "look")
    try:
        if wanted == "look":
            made = asking.ask(ctx, row, request.POST.get("to", ""), decimals=_decimals(request))
            return HttpResponseRedirect(f"{address}?look={made.pk}")
        if wanted == "change":
            keeps = request.POST.get("rest") == "beside"
            asking.go_on(ctx, row, _look(ctx, row, request.POST.get("look", "")), keeps_rest=keeps)
        elif wanted == "back":
            asking.take_back(ctx, row, _look(ctx, row, request.POST.get("look", "")))
        elif wanted == "stop":
            _stop(ctx, row)
            say(request, _("It stops after the portion in hand; the field stays as it was."), kind="info")
    except Invalid as wrong:
        return _show(request, info, row, sentence=wrong.sentence, status=422)
    return HttpResponseRedirect(address)


@require_GET
def kind_state(request: HttpRequest, type_key: str, field_id: UUID) -> HttpResponse:
    """How far a change is, for the part that asks again by itself; the whole page when it is over."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info, row = _found(ctx, type_key, field_id)
    change = running_change(ctx.workspace.pk, row.pk)
    if change is None or not is_part(request):
        if not is_part(request):
            return HttpResponseRedirect(f"/settings/fields/{info.key}/{row.pk}/kind")
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "settings/_kind_running.html", {"info": info, "field": row, "running": change})


def _found(ctx: Context, type_key: str, field_id: UUID) -> tuple[TypeInfo, CustomField]:
    gate.demand(ctx, registry.get("custom_field"), "view")
    info = registry.get(type_key)
    row = gate.get(ctx, registry.get("custom_field"), field_id)
    assert isinstance(row, CustomField)
    if row.on_type != info.key or not may_see(ctx, row):
        raise Gone(_("This field does not exist, or you may not see it."))
    if not gate.may(ctx, registry.get("custom_field"), row, "change_kind"):
        raise Refused(_("Your role does not allow changing the kind of a field."))
    return info, row


def _decimals(request: HttpRequest) -> int | None:
    given = request.POST.get("decimals", "").strip()
    found = whole_number(given) if given else None
    if given and (found is None or found > 9):
        raise Invalid(_("Choose 0 to 9 decimals."), field="decimals")
    return found


def _look(ctx: Context, row: CustomField, given: str) -> KindChange:
    found = KindChange.objects.filter(workspace_id=ctx.workspace.pk, field_id=row.pk, pk=as_id(given)).first()
    if found is None:
        raise Gone(_("This look is too old; look again."))
    return found


def _stop(ctx: Context, row: CustomField) -> None:
    change = running_change(ctx.workspace.pk, row.pk)
    job = Job.objects.filter(workspace_id=ctx.workspace.pk, pk=change.job_id).first() if change and change.job_id else None
    if change is not None and (job is None or job.is_finished):
        asking.abandon(change)  # no job will ever go on with it
    elif job is not None:
        request_stop(job)


def _show(request: HttpRequest, info: TypeInfo, row: CustomField, *, sentence: str = "", status: int = 200) -> HttpResponse:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    running, last = running_change(ctx.workspace.pk, row.pk), asking.last_change(ctx, row)
    given = request.POST.get("look") or request.GET.get("look", "")
    look = _look(ctx, row, given) if given else None
    if look is not None and look.state != KindChange.LOOKED:
        look = None
    kinds = all_kinds()
    values = {
        "info": info, "field": row, "running": running, "look": look, "sentence": sentence,
        "kind": kinds[row.kind].label,
        "kinds": [(key, one.label, "decimals" in one.option_names) for key, one in asking.may_become(row).items()],
        "to": request.POST.get("to") or request.GET.get("to") or (look.after["kind"] if look else ""),
        "to_label": kinds[look.after["kind"]].label if look else "",
        "obstacles": obstacles(ctx, row, look) if look else [],
        "examples": examples(ctx, row, look) if look and look.unfitting else [],
        "makes_choices": bool(look) and makes_choices(str(look.before["kind"]), str(look.after["kind"])),  # type: ignore[union-attr]
        "last": last, "from_label": kinds[last.before["kind"]].label if last else "",
        "last_label": kinds[last.after["kind"]].label if last else "",
        "can_go_back": last is not None and asking.can_be_taken_back(row, last),
        "until": last.finished_at + asking.KEPT_FOR if last and last.finished_at else None,
        "rest": CustomField.objects.filter(pk=last.rest_field, deleted_at=None).first() if last and last.rest_field else None,
    }  # fmt: skip
    return render(request, "settings/field_kind.html", values, status=status)
