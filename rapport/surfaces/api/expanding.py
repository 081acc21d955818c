"""References opened up: `expand=customer,customer.owner` puts the records pointed at beside the ids, set-wise and guarded.

One query per reference and page, whatever the number of rows, each through the viewer's own gate: a record that they may
not see is null, exactly like one that is gone. The id itself stays where it was, so that an item has one shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.query.read import Row, pick_fields, read_ids
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.api.items import Item, items

#: References followed one after the other, and references opened in one request.
MOST_STEPS = 2
MOST_EXPANDED = 10


@dataclass
class Wanted:
    """What is asked for of one type: its fields (None: all), and the references to open, each with its own wish."""

    fields: list[str] | None = None
    expand: dict[str, Wanted] = field(default_factory=dict)

    def reading(self) -> list[str] | None:
        """The fields to read: those asked for, and the references to follow."""
        return None if self.fields is None else list(dict.fromkeys([*self.fields, *self.expand]))

    def count(self) -> int:
        """How many references are opened in all."""
        return sum(1 + one.count() for one in self.expand.values())


def wanted_of(given: dict[str, str]) -> Wanted:
    """The wish of `fields` and `expand`. A field behind a dot opens its reference: `fields=name,customer.name`."""
    found = Wanted()
    for path in _paths(given, "expand"):
        _step(found, path, "expand")
    if given.get("fields", "").strip():
        found.fields = []
        for path in _paths(given, "fields"):
            place = _step(found, path[:-1], "fields")
            place.fields = place.fields if place.fields is not None else []
            if path[-1] not in ("id", "version", *place.fields):
                place.fields.append(path[-1])
    if found.count() > MOST_EXPANDED:
        raise Invalid(
            _("Open %(most)d references at most in one request.") % {"most": MOST_EXPANDED}, code="too_many", field="expand"
        )
    return found


def _paths(given: dict[str, str], name: str) -> list[list[str]]:
    return [one.strip().split(".") for one in given.get(name, "").split(",") if one.strip()]


def _step(place: Wanted, path: Sequence[str], name: str) -> Wanted:
    if len(path) > MOST_STEPS:
        raise Invalid(
            _("“%(path)s” follows more than two references.") % {"path": ".".join(path)[:60]}, code="too_deep", field=name
        )
    for key in path:
        place = place.expand.setdefault(key, Wanted())
    return place


def expanded(ctx: Context, info: TypeInfo, rows: Sequence[Row], fields: Sequence[Field], wanted: Wanted) -> list[Item]:
    """Rows as JSON objects; with references to open, each has a member `expanded` with the records by reference."""
    chosen = fields if wanted.fields is None else [f for f in fields if f.key in wanted.fields or f.key in wanted.expand]
    made = items(rows, chosen)
    if not wanted.expand:
        return made
    by_key = {f.key: f for f in fields}
    for one in made:
        one["expanded"] = {}
    for key, below in wanted.expand.items():
        found = _opened(ctx, info, by_key.get(key), key, rows, below)
        for row, one in zip(rows, made, strict=True):
            one["expanded"][key] = found.get(row.id)  # type: ignore[index]
    return made


def find_item(ctx: Context, info: TypeInfo, record_id: str, wanted: Wanted) -> Item:
    """One record as JSON; raises Gone, alike for a missing one and a stranger's."""
    fields = pick_fields(ctx, info, wanted.reading(), strict=True)
    ident = as_id(record_id)
    rows = list(read_ids(ctx, info, [ident], [f.key for f in fields]).values()) if ident else []
    if not rows:
        raise Gone(_("This %(type)s does not exist, or you may not see it.") % {"type": info.label})
    return expanded(ctx, info, rows, fields, wanted)[0]


def _opened(
    ctx: Context, info: TypeInfo, reference: Field | None, key: str, rows: Sequence[Row], below: Wanted
) -> dict[UUID, Item]:  # fmt: skip
    """By the id of a row: the record that its reference leads to, for those that the viewer may see."""
    if reference is None:
        pick_fields(ctx, info, [key], strict=True)  # raises: no such field, or hidden
        return {}
    pointing = {row.id: target for row in rows for target in list(reference.kind.references(row.values.get(key)))[:1]}
    if reference.to:
        _ask(ctx, registry.get(reference.to), below)
    elif reference.kind.key != "anyref" or below.fields is not None or below.expand:
        raise Invalid(
            _("“%(key)s” does not lead to records of one type, so nothing of them can be named.") % {"key": key[:60]}
            if reference.kind.key == "anyref"
            else _("“%(key)s” does not lead to other records.") % {"key": key[:60]},
            code="no_reference", field="expand",
        )  # fmt: skip
    seen = {
        (type_key, pk): item
        for type_key, ids in _by_type(pointing.values()).items()
        for pk, item in _items_of(ctx, registry.get(type_key), ids, below).items()
    }
    return {row_id: seen[target] for row_id, target in pointing.items() if target in seen}


def _by_type(targets: Iterable[tuple[str, UUID]]) -> dict[str, list[UUID]]:
    found: dict[str, dict[UUID, None]] = {}
    for type_key, pk in targets:
        if type_key in registry:
            found.setdefault(type_key, {})[pk] = None
    return {type_key: list(ids) for type_key, ids in found.items()}


def _ask(ctx: Context, info: TypeInfo, wanted: Wanted) -> list[Field]:
    """The fields wanted of the type pointed at; raises for one that is not there, whether or not a row leads to it."""
    return pick_fields(ctx, info, wanted.reading(), strict=True)


def _items_of(ctx: Context, info: TypeInfo, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Item]:
    fields = _ask(ctx, info, wanted)
    rows = list(read_ids(ctx, info, ids, [f.key for f in fields]).values())
    return {row.id: item for row, item in zip(rows, expanded(ctx, info, rows, fields, wanted), strict=True)}
