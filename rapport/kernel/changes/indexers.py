"""What else a write updates in its own transaction: search entries, the value index, and what engines add (the timeline).

An indexer is a function (ctx, list of Written) that works set-wise; order of registration is order of running.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING

from rapport.kernel.access.gate import custom_fields
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.values import read_value
from rapport.kernel.changes.written import Written
from rapport.kernel.custom.keys import sort_key
from rapport.kernel.kinds.base import Kind
from rapport.kernel.query import search
from rapport.kernel.query.models import IndexedValue, SearchEntry
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

Indexer = Callable[["Context", list[Written]], None]
_indexers: list[Indexer] = []
_NOTHING = (None, None)


def indexer(function: Indexer) -> Indexer:
    """Register an indexer (decorator)."""
    _indexers.append(function)
    return function


def run_indexers(ctx: Context, written: list[Written]) -> None:
    """Run every indexer over the records just written."""
    for function in _indexers:
        function(ctx, written)


@indexer
def index_values(ctx: Context, written: list[Written]) -> None:
    """Keep one row per key of every field whose kind has index keys (phones, e-mails, domains, tags)."""
    rows: list[tuple[object, ...]] = []
    stale: dict[str, list[object]] = {}
    indexed: dict[str, dict[str, Field]] = {}
    for one in written:
        type_key, record_id = one.info.key, one.record.pk
        if type_key not in indexed:
            indexed[type_key] = _indexed_fields(ctx, one.info)
        for key, field in indexed[type_key].items():
            if key not in one.diff:
                continue
            if one.verb != "create":
                stale.setdefault(field.place, []).append(record_id)
                if field.is_keyed:
                    stale.setdefault(field.key_name, []).append(record_id)
            value = one.diff[key][1]
            if value is None:
                continue
            rows += [
                (ctx.workspace.pk, type_key, field.place, k[:200], record_id)
                for k in dict.fromkeys(field.kind.index_keys(value))
            ]
            order = sort_key(ctx, value) if field.is_keyed else None
            if order is not None:
                rows.append((ctx.workspace.pk, type_key, field.key_name, order, record_id))
    for key, ids in stale.items():
        IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=ids, field=key).delete()
    rows.sort(key=itemgetter(2, 3))  # neighbours in the index are written together
    insert_rows(IndexedValue, ("workspace_id", "type", "field", "key", "record_id"), rows)


def _indexed_fields(ctx: Context, info: TypeInfo) -> dict[str, Field]:
    """The fields of a type that have keys in the value index."""
    every = {**info.fields, **custom_fields(ctx.workspace, info.key)}
    return {
        key: f for key, f in every.items()
        if f.source != "computed" and (f.is_keyed or type(f.kind).index_keys is not Kind.index_keys)
    }  # fmt: skip


@indexer
def index_search(ctx: Context, written: list[Written]) -> None:
    """Keep one search entry per record and field group; a record in the bin has none."""
    stale = [w.record.pk for w in written if w.verb != "create" and _touches_search(w)]
    if stale:
        search.forget(stale)
    entries: list[tuple[object, ...]] = []
    for one in written:
        if one.verb == "delete" or not one.info.declared.search or (one.verb == "update" and not _touches_search(one)):
            continue
        entries += _entries(ctx, one)
    search.remember(entries)


def _touches_search(one: Written) -> bool:
    return one.verb in ("delete", "restore") or any(key in one.diff for key in one.info.declared.search)


def _entries(ctx: Context, one: Written) -> list[tuple[object, ...]]:
    words: dict[str, list[str]] = {}
    for key in one.info.declared.search:
        field = one.info.fields[key]
        # A new record has what was written; others are read, fields that stayed as they were included.
        value = one.diff.get(key, _NOTHING)[1] if one.verb == "create" else read_value(one.record, field)
        if value is None:
            continue
        text = field.kind.search_text(value)
        if text:
            # Lists are bounded by their number of entries, and filters trust that every one of them can be found.
            words.setdefault(field.see, []).append(text if field.kind.many else text[:4000])
    open_title = one.info.title_field.see == ""
    return [
        (
            ctx.workspace.pk, one.info.key, one.record.pk, group,
            one.record.title_key if (open_title or group) else "", fold(" ".join(parts)),
        )
        for group, parts in words.items()
    ]  # fmt: skip


__all__ = ["IndexedValue", "SearchEntry", "indexer", "run_indexers"]
