"""Records as JSON: id, version, and one member per visible field in the kind's own JSON shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.http import HttpResponse

from rapport.kernel.context import Context
from rapport.kernel.query.read import Row, pick_fields, read_ids
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo
from rapport.surfaces.api.problems import answer

Item = dict[str, object]


def items(rows: Iterable[Row], fields: Sequence[Field]) -> list[Item]:
    """Rows as JSON objects."""
    plan = [(f.key, f.kind.to_json) for f in fields]
    found = []
    for row in rows:
        values = row.values
        one: Item = {"id": row.id, "version": row.version}
        for key, to_json in plan:
            value = values[key]
            one[key] = None if value is None else to_json(value)
        found.append(one)
    return found


def item_or_none(ctx: Context, info: TypeInfo, record_id: UUID, keys: Iterable[str] | None = None) -> Item | None:
    """One record as this viewer may see it; None when it does not exist for them."""
    fields = pick_fields(ctx, info, keys, strict=True)
    row = read_ids(ctx, info, [record_id], [f.key for f in fields]).get(record_id)
    return None if row is None else items([row], fields)[0]


def etag(item: Item) -> str:
    """The entity tag of a record: its version."""
    return f'"{item["version"]}"'


def one_answer(item: Item, *, status: int = 200, location: str = "") -> HttpResponse:
    """One record, with its version as ETag."""
    headers = {"ETag": etag(item)}
    if location:
        headers["Location"] = location
    return answer(item, status, headers)
