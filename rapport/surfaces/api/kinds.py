"""How the change of an own field's kind goes; it is begun by the action `change_kind` of the definition."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.engines.words.kind_change.asking import last_change
from rapport.engines.words.kind_change.looking import may_see
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Gone
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.problems import answer
from rapport.surfaces.api.reading import parameters


def read(ctx: Context, request: HttpRequest, record_id: str) -> HttpResponse:
    """GET /api/v1/custom_field/{id}/kind: the last change of kind, how far it is, and how many values fit."""
    parameters(request, ())
    row = gate.get(ctx, registry.get("custom_field"), record_id, "edit")
    assert isinstance(row, CustomField)
    change = last_change(ctx, row) if may_see(ctx, row) else None
    if change is None:
        raise Gone(_("The kind of this field was never changed, or you may not see it."))
    return answer(
        {
            "id": change.pk, "state": change.state, "from": change.before["kind"], "to": change.after["kind"],
            "seen": change.seen, "fitting": change.fitting, "unfitting": change.unfitting, "rest_field": change.rest_field,
            "reason": change.reason or None, "is_back": change.undoes is not None,
            "finished_at": change.finished_at.isoformat() if change.finished_at else None,
        }, 200, {},
    )  # fmt: skip
