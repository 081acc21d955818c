"""Reading a page of records: filter, sort, keyset cursor, values by field; what lists, API, exports and panels use.

Rows are read as plain values, not model objects (measured: 2-2.5 times the pages per CPU second). Empty values sort
last in both directions: a page first walks the rows that have a value, then those that do not, so that each half is
served by the same index on both databases.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.kinds.base import Kind, Title
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.ordering import After, Key, Sorted, sort_keys
from rapport.kernel.query.own_order import read_cursor, sorted_ids, written_cursor
from rapport.kernel.query.reaching import first_ids, listed, sorted_at_once, walked_rows, ways_to_sort
from rapport.kernel.query.totals import annotated, in_base
from rapport.kernel.query.tree import Node
from rapport.kernel.query.walking import merged, parts
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

MAX_LIMIT = 200
#: Of an export, which nobody waits for page by page.
EXPORTED = 2_000
#: What counts as nothing when it is empty; 0 and False are values.
_EMPTY = (str, list, dict)


@dataclass(slots=True)
class Row:
    """One record as values by field key, with its id and version."""

    id: UUID
    version: int
    values: dict[str, object]
    is_person: bool = False

    def __getitem__(self, key: str) -> object:
        return self.values[key]


@dataclass
class Page:
    """One page of rows, and the cursor of the next (None on the last)."""

    rows: list[Row]
    fields: list[Field]
    next: str | None = None
    sort: str = ""


def filtered(ctx: Context, info: TypeInfo, node: Node | None = None, *, verb: str = "view") -> QuerySet:
    """Visible records that match the filter."""
    rows = listed(ctx, info, verb)
    return rows.filter(compile_filter(ctx, info, node)) if node is not None else rows


def pick_fields(ctx: Context, info: TypeInfo, keys: Iterable[str] | None, *, strict: bool = False) -> list[Field]:
    """The visible fields among `keys` in their order; all of them for None. `strict` raises for an unknown one."""
    every = gate.fields(ctx, info)
    if keys is None:
        return list(every.values())
    found = []
    for key in keys:
        if key in every:
            found.append(every[key])
        elif strict:
            raise Invalid(
                _("%(type)s has no field “%(key)s”.") % {"type": str(info.label).capitalize(), "key": key[:60]},
                code="unknown_field", field="fields",
            )  # fmt: skip
    return found


def read_page(
    ctx: Context, info: TypeInfo, *, where: Node | None = None, sort: str = "", fields: Iterable[str] | None = None,
    limit: int = 50, cursor: str = "", verb: str = "view", strict: bool = False, base: QuerySet | None = None,
) -> Page:  # fmt: skip
    """A page of records. `sort` is a field key, or up to three with commas, "-" in front for descending; "" is newest first.

    Raises Invalid for an unknown field, an operator that does not fit, a sort without an index, a foreign cursor.
    """
    chosen = pick_fields(ctx, info, fields, strict=strict)
    limit = max(1, min(limit, EXPORTED if verb == "export" else MAX_LIMIT))
    keys = sort_keys(ctx, info, sort)
    if keys[0].own is not None and len(keys) == 1:
        return _page_by_own(ctx, info, where, keys[0], chosen, limit, cursor, sort, verb, base)
    path, down, several = keys[0].path, keys[0].down, len(keys) > 1
    ways = ways_to_sort(ctx, info, verb) if base is None else None
    if several and ways:
        ways = []  # few enough to be sorted at once
    rows = base if base is not None else _rows_for(ctx, info, verb, ways)
    if where is not None:
        matching = compile_filter(ctx, info, where, walking=ways is None)
        rows, ways = (rows, [way.filter(matching) for way in ways]) if ways else (rows.filter(matching), ways)
    columns = _columns(chosen)
    more = [*[key.path for key in keys], info.person_column]
    names = ["pk", "version", *columns, *[name for name in dict.fromkeys(more) if name not in ("", "id", *columns)]]
    rows = annotated(rows, chosen)
    split = parts(ctx, info, where, path, compile_filter) if ways is None and keys[0].own is None else []
    if several:
        reading = Sorted(ctx, info, rows, names, keys, is_patient=verb == "export")
        got = reading.page(_decode_many(cursor, sort, info, keys), limit + 1, few=ways is not None, splits=split)
        next_cursor = _encode_many(sort, got[limit - 1], names, keys) if len(got) > limit else None
        return Page(_rows(ctx, info, got[:limit], names, chosen), chosen, next_cursor, sort)
    after = _fitting(_decode(cursor, sort), info, path)
    found = [_keyset(rows.filter(part), names, path, down, limit + 1, after, ways) for part in split or [Q()]]
    at = None if path == "id" else names.index(path)
    got = found[0] if len(found) == 1 else merged(found, at, down=down, wanted=limit + 1)
    more = len(got) > limit
    got = got[:limit]
    next_cursor = _encode(sort, got[-1], names, path) if more else None
    return Page(_rows(ctx, info, got, names, chosen), chosen, next_cursor, sort)


def _page_by_own(
    ctx: Context, info: TypeInfo, where: Node | None, key: Key, chosen: list[Field], limit: int, cursor: str, sort: str,
    verb: str, base: QuerySet | None,
) -> Page:  # fmt: skip
    """A page in the order of a field of the company's own."""
    assert key.own is not None
    try:
        after = read_cursor(cursor, sort)
    except ValueError:
        raise _foreign_cursor() from None
    rows = base if base is not None else listed(ctx, info, verb)
    if where is not None:
        rows = rows.filter(compile_filter(ctx, info, where))
    got = sorted_ids(ctx, info, key.own, rows, down=key.down, wanted=limit + 1, after=after)
    columns = _columns(chosen)
    names = ["pk", "version", *columns, *[name for name in [info.person_column] if name and name not in columns]]
    there = gate.unscoped_rows(ctx, info).filter(pk__in=[pk for pk, _key in got[:limit]])
    found = {raw[0]: raw for raw in annotated(there, chosen).values_list(*names)}
    raws = [found[pk] for pk, _key in got[:limit] if pk in found]
    next_cursor = written_cursor(sort, *got[limit - 1]) if len(got) > limit else None
    return Page(_rows(ctx, info, raws, names, chosen), chosen, next_cursor, sort)


def _rows_for(ctx: Context, info: TypeInfo, verb: str, ways: list[QuerySet] | None) -> QuerySet:
    """What a page reads from: an index that is walked, all the few visible rows, or rows by the ids found otherwise."""
    if ways is None:
        return walked_rows(ctx, info, verb)
    return gate.unscoped_rows(ctx, info) if ways else listed(ctx, info, verb)


def read_ids(ctx: Context, info: TypeInfo, ids: Sequence[UUID], fields: Iterable[str] | None = None) -> dict[UUID, Row]:
    """Rows by id, of those the viewer may see."""
    chosen = pick_fields(ctx, info, fields)
    columns = _columns(chosen)
    names = ["pk", "version", *columns, *[name for name in [info.person_column] if name and name not in columns]]
    got = annotated(gate.visible(ctx, info).filter(pk__in=list(ids)), chosen).values_list(*names)
    return {row.id: row for row in _rows(ctx, info, list(got), names, chosen)}


def load_titles(ctx: Context, rows: Iterable[Row], fields: Sequence[Field]) -> None:
    """Put the titles of everything these rows refer to into the format: one guarded query per referenced type."""
    wanted: dict[str, set[UUID]] = {}
    rows = list(rows)
    for f in fields:
        if type(f.kind).references is Kind.references:
            continue
        for value in {row.values.get(f.key) for row in rows}:
            for key, pk in f.kind.references(value):
                if (key, pk) not in ctx.format.titles:
                    wanted.setdefault(key, set()).add(pk)
    for key, ids in wanted.items():
        if key in registry:
            add_titles(ctx, registry.get(key), ids)


def add_titles(ctx: Context, info: TypeInfo, ids: set[UUID]) -> None:
    """Load titles of one type's records into the format; those the viewer may not see get none."""
    for pk, text in gate.titles(ctx, info, ids).items():
        ctx.format.titles[(info.key, pk)] = Title(str(text), info.record_url(pk), mark_shape(info, text.is_person))


def mark_shape(info: TypeInfo, is_person: bool) -> str:
    """People are round, everything else is square; what the settings keep (stages, teams) has no mark."""
    if is_person:
        return "person"
    return "" if info.declared.menu and info.declared.menu[0] == "settings" else "org"


def _columns(fields: Sequence[Field]) -> list[str]:
    found: dict[str, None] = {}
    for f in fields:
        for name in f.columns:
            found[name] = None
    return list(found)


def _rows(
    ctx: Context, info: TypeInfo, got: list[tuple[object, ...]], names: list[str], fields: Sequence[Field]
) -> list[Row]:
    at = {name: i for i, name in enumerate(names)}
    plan = [(f, f.key, f.kind, [at[name] for name in f.columns], f.source) for f in fields]
    # Most kinds keep what the column holds: those are copied here, the others are asked (a third of a page of 50).
    plain = [(key, places[0]) for _f, key, kind, places, source in plan if source == "column" and type(kind).load is Kind.load]
    plan = [one for one in plan if one[4] != "column" or type(one[2]).load is not Kind.load]
    keys = [f.key for f in fields]
    person = at.get(info.person_column)
    found = []
    for raw in got:
        values: dict[str, object] = dict.fromkeys(keys)
        for key, place in plain:
            value = raw[place]
            values[key] = value if value or type(value) not in _EMPTY else None
        for one, key, kind, places, source in plan:
            if source == "custom":
                values[key] = kind.load(kind.from_json(raw[places[0]].get(one.place)))  # type: ignore[attr-defined]
            elif source == "computed" and one.is_kept:
                values[key] = kind.load(kind.from_json(raw[places[0]]))
            elif source == "computed":
                values[key] = in_base(ctx, one, raw[places[0]])
            else:
                values[key] = kind.load(*[raw[i] for i in places])
        is_person = info.key == "user" or (person is not None and raw[person] == "person")
        found.append(Row(raw[0], raw[1], values, is_person))  # type: ignore[arg-type]
    return found


def _keyset(
    rows: QuerySet, names: list[str], path: str, down: bool, wanted: int, after: tuple[bool, object, UUID] | None,
    ways: list[QuerySet] | None = None,
) -> list[tuple[object, ...]]:  # fmt: skip
    """`wanted` rows after the cursor: first those with a value, then the empty ones."""
    sign, step = ("-", "lt") if down else ("", "gt")
    if path == "id":
        behind = Q(**{f"pk__{step}": after[2]}) if after else Q()
        return _first(rows, names, behind, (f"{sign}id", f"{sign}pk"), wanted, ways)
    got: list[tuple[object, ...]] = []
    nullable = rows.model._meta.get_field(path).null
    if after is None or not after[0]:
        full = Q(**{f"{path}__isnull": False}) if nullable else Q()
        if after:
            # The first half lets the index start at the value; the second breaks ties by id.
            full &= Q(**{f"{path}__{step}e": after[1]})
            full &= Q(**{f"{path}__{step}": after[1]}) | Q(**{f"pk__{step}": after[2]})
        # Ties go in the direction of the sort, so that one index walked either way serves both.
        got = _first(rows, names, full, (f"{sign}{path}", f"{sign}pk"), wanted, ways)
    if len(got) < wanted and nullable:
        empty = Q(**{f"{path}__isnull": True})
        if after and after[0]:
            empty &= Q(pk__gt=after[2])
        got += _first(rows, names, empty, ("id", "pk"), wanted - len(got), ways)
    return got


def _first(
    rows: QuerySet, names: list[str], condition: Q, order: tuple[str, str], wanted: int, ways: list[QuerySet] | None
) -> list[tuple[object, ...]]:
    """The first rows in an order: walked to, or (few) collected as ids and then read."""
    if ways is None:
        by = order[1:] if order[0].lstrip("-") == "id" else order
        return list(rows.filter(condition).order_by(*by).values_list(*names)[:wanted])
    if not ways:
        return list(sorted_at_once(rows.filter(condition), order).values_list(*names)[:wanted])
    ids = first_ids(ways, condition, order, wanted)
    found = {row[0]: row for row in rows.filter(pk__in=ids).values_list(*names)}
    return [found[pk] for pk in ids if pk in found]


def _encode(sort: str, last: tuple[object, ...], names: list[str], path: str) -> str:
    value = None if path == "id" else last[names.index(path)]
    data = json.dumps([sort, value is None and path != "id", _plain(value), str(last[0])], separators=(",", ":"))
    return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")


def _encode_many(sort: str, last: tuple[object, ...], names: list[str], keys: Sequence[Key]) -> str:
    values = [None if key.path == "id" else _plain(last[names.index(key.path)]) for key in keys]
    data = json.dumps([sort, values, str(last[0])], separators=(",", ":"))
    return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")


def _decode_many(cursor: str, sort: str, info: TypeInfo, keys: Sequence[Key]) -> After | None:
    """The cursor of a page sorted by several keys, its values as the columns hold them."""
    if not cursor:
        return None
    try:
        was, values, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found = as_id(pk)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        was = found = values = None
    if found is None or was != sort or not isinstance(values, list) or len(values) != len(keys):
        raise _foreign_cursor()
    fitted = [
        None if value is None or isinstance(value, (list, dict))
        else str(value) if key.own is not None else _fitting((False, value, found), info, key.path)[1]  # type: ignore[index]
        for key, value in zip(keys, values, strict=True)
    ]
    return fitted, found


def _plain(value: object) -> object:
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    return value


def _decode(cursor: str, sort: str) -> tuple[bool, object, UUID] | None:
    """(is in the empty half, value, id) of a cursor; raises Invalid for one that is not ours or of another sort."""
    if not cursor:
        return None
    try:
        was, empty, value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found = as_id(pk)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        found = None
        was = None
    if found is None or was != sort or not isinstance(empty, bool) or isinstance(value, (list, dict)):
        raise _foreign_cursor()
    return empty, value, found


def _fitting(
    after: tuple[bool, object, UUID] | None, info: TypeInfo, path: str
) -> tuple[bool, object, UUID] | None:
    """The cursor with its value as the sorted column holds it; a made-up value must not reach the database."""
    if after is None or after[0] or path == "id":
        return after
    empty, value, pk = after
    try:
        fitting = info.model._meta.get_field(path).to_python(value)
        wrong = fitting is None or (isinstance(fitting, str) and ("\0" in fitting or not fitting.isprintable()))
    except (ValidationError, ArithmeticError, ValueError, TypeError):
        wrong = True
    if wrong:
        raise _foreign_cursor()
    return empty, fitting, pk


def _foreign_cursor() -> Invalid:
    return Invalid(
        _("This page mark does not belong to this list and order; start from the first page."),
        code="bad_cursor", field="cursor",
    )  # fmt: skip
