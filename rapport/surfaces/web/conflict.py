"""Two people changed the same field: both values side by side, chosen field by field, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse

from rapport.kernel.access import gate
from rapport.kernel.errors import Conflict
from rapport.kernel.format import capital
from rapport.kernel.kinds.base import Kind
from rapport.kernel.kinds.older import reads
from rapport.kernel.query.read import Row, load_titles
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo
from rapport.surfaces.web.answers import part_or_page

_CHOOSE = "choose__"
_NOT_KEPT = ("csrfmiddlewaretoken", "version")


def touched_only(both: Conflict, values: Mapping[str, object]) -> dict[str, object] | None:
    """The values without those fields that the person had left as they were; None when a real conflict remains."""
    if not both.fields or any(one["yours"] != one["before"] for one in both.fields.values()):
        return None
    return {key: value for key, value in values.items() if key not in both.fields}


def choices_of(post: Mapping[str, Sequence[str]], values: Mapping[str, object]) -> dict[str, object]:
    """The posted values less those for which the other person's was chosen on the conflict page."""
    theirs = {k.removeprefix(_CHOOSE) for k, v in post.items() if k.startswith(_CHOOSE) and v[-1] == "theirs"}
    return {key: value for key, value in values.items() if key not in theirs}


def contested(request: HttpRequest, info: TypeInfo, both: Conflict) -> list[dict[str, object]]:
    """Each contested field with its three values as people read them; untouched ones are left out."""
    ctx = request.ctx  # type: ignore[attr-defined]
    fields = gate.fields(ctx, info)
    rows: list[tuple[Field, dict[str, object]]] = []
    for key, three in both.fields.items():
        if three["yours"] != three["before"]:
            kind = fields[key].kind
            rows.append(
                (fields[key], {name: _loaded(kind, one) for name, one in three.items()})
            )
    load_titles(
        ctx,
        [Row(ctx.workspace.pk, 0, {f.key: v}) for f, three in rows for v in three.values()],
        [f for f, _three in rows],
    )
    return [
        {"key": f.key, "label": capital(f.label),
         **{name: f.kind.cell(value, ctx.format) for name, value in three.items()}}
        for f, three in rows
    ]  # fmt: skip


def _loaded(kind: Kind, logged: object) -> object:
    """A value of the log; nothing for one that was written while the field was of another kind."""
    return kind.load(kind.from_json(logged)) if logged is not None and reads(kind, logged) else None


def conflict_page(
    request: HttpRequest, info: TypeInfo, record: Record, both: Conflict, post: Mapping[str, Sequence[str]]
) -> HttpResponse:
    """The page that asks which value shall stand, with everything else that was typed kept."""
    values = {
        "info": info, "record": record, "rows": contested(request, info, both), "sentence": both.sentence,
        "kept": [(k, v) for k, vs in post.items() if k not in _NOT_KEPT and not k.startswith(_CHOOSE) for v in vs],
        "version": record.version, "back": info.record_url(record.pk), "title": info.label,
    }  # fmt: skip
    return part_or_page(request, "form/conflict_dialog.html", "form/conflict.html", values, status=409)
