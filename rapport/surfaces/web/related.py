"""Panels of records that point at this one: those the page declares, and those of types whose amounts add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils.safestring import SafeString

from rapport.engines.words.layouts import shown_fields
from rapport.kernel.access import gate
from rapport.kernel.format import capital
from rapport.kernel.kinds.markup import record_link
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.read import Page, Row, load_titles, read_page
from rapport.kernel.query.text import parse
from rapport.kernel.query.totals import Totals, totals
from rapport.kernel.query.tree import All, Node, Test
from rapport.kernel.records.declare import Related
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.board_values import has_values

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_ROWS = 6


@dataclass(frozen=True)
class RelatedRow:
    """One record in a panel: the main cell, what stands at the end, and a quiet second line."""

    url: str
    main: SafeString | str
    is_link: bool
    end: SafeString | str
    end_is_figure: bool
    sub: list[SafeString | str]


@dataclass(frozen=True)
class RelatedPanel:
    """A panel with up to six rows, how many there are in all, and where the rest is."""

    key: str
    label: str
    count: str
    total: SafeString | str
    rows: list[RelatedRow] = field(default_factory=list)
    url: str = ""
    add_url: str = ""
    add_label: str = ""
    #: The word on the chip that stands for the panel while it is empty.
    chip: str = ""
    has_more: bool = False


@dataclass(frozen=True)
class _Found:
    """A panel's rows as read, before their titles are known."""

    part: Related
    other: TypeInfo
    page: Page
    where: Node


def related_panels(ctx: Context, info: TypeInfo, record: Record, row: Row) -> list[RelatedPanel]:
    """The panels of a record for this viewer, the derived ones first; titles of all of them are read at once."""
    found = []
    declared = [(p, "") for p in info.declared.page if isinstance(p, Related)]
    for part, sort in [*derived(info), *declared]:
        other = registry.get(part.type)
        if part.of is not None and str(row.values.get(part.of[0])) != part.of[1]:
            continue
        if gate.allows(ctx, other, "view") and part.field in gate.fields(ctx, other):
            found.append(_read(ctx, record, part, other, sort))
    _load_all_titles(ctx, found)
    return [_panel(ctx, info, record, one) for one in found]


def _load_all_titles(ctx: Context, found: Sequence[_Found]) -> None:
    """One query per referenced type for all panels; keys carry the panel, for types name different fields alike."""
    rows, fields = [], []
    for at, one in enumerate(found):
        some = [f for f in one.page.fields if f.to]
        fields += [replace(f, key=f"{at}.{f.key}") for f in some]
        rows += [
            Row(row.id, row.version, {f"{at}.{f.key}": row.values.get(f.key) for f in some}) for row in one.page.rows
        ]
    load_titles(ctx, rows, fields)


def _read(ctx: Context, record: Record, part: Related, other: TypeInfo, sort: str) -> _Found:
    where = _where(part, record)
    keys = list(part.columns) or list(other.declared.list_columns[:3])
    fields = [k for k in keys if k in shown_fields(ctx, other)]
    # As base and not as filter: what belongs to one record is few, and needs no walk along an index per stage.
    base = gate.visible(ctx, other).filter(compile_filter(ctx, other, where))
    return _Found(part, other, read_page(ctx, other, base=base, sort=sort, fields=fields, limit=_ROWS), where)


def derived(info: TypeInfo) -> list[tuple[Related, str]]:
    """Panels nobody declared, with their sort: types of the navigation that point here and whose amounts add up,
    as their first view shows them."""
    declared = {p.type for p in info.declared.page if isinstance(p, Related)}
    found: dict[str, tuple[Related, str]] = {}
    for relation in info.relations.values():
        other = relation.type
        if other.key in declared or other.key in found or not other.declared.menu or other is info:
            continue
        if any(f.total == "sum" for f in other.fields.values()):
            label, text = next(iter(other.declared.views.items()), ("", ""))
            where, _bar, sort = text.partition("|")
            part = Related(other.key, relation.field, _columns(other, relation.field), label, where.strip())
            found[other.key] = (part, sort.strip())
    return sorted(found.values(), key=lambda pair: not _has_stages(registry.get(pair[0].type)))


def _has_stages(info: TypeInfo) -> bool:
    return info.declared.board is not None and not has_values(info)


def _columns(other: TypeInfo, by: str) -> list[str]:
    """The columns of a derived panel: title, amount, where it stands, when."""
    keys = [
        k
        for k in other.declared.list_columns
        if k not in (by, "owner", "next_step", "next_step_on", "customer", "company")
    ]
    return keys[:4]


def _panel(ctx: Context, info: TypeInfo, record: Record, one: _Found) -> RelatedPanel:
    part, other, rows = one.part, one.other, one.page.rows
    # Counted only where there is more than is shown, or something to add up.
    needs_count = bool(rows) and (len(rows) == _ROWS or bool(_sums(ctx, other)))
    found = (
        totals(ctx, other, gate.visible(ctx, other).filter(compile_filter(ctx, other, one.where)))
        if needs_count
        else None
    )
    may_add = gate.allows(ctx, other, "create") and other.fields[part.field].writable
    text = f'{part.field} is "{record.pk}"' + (f" and ({part.where})" if part.where else "")
    many = found.count if found else len(rows)
    return RelatedPanel(
        key=f"{part.type}-{part.field}", label=capital(part.label or other.plural),
        rows=[_row(ctx, other, row, one.page.fields) for row in rows],
        count=(found.text if found else f"{many:,}") if many else "", total=_total(ctx, other, found) if many else "",
        url=f"{other.url}?{urlencode({'filter': text})}" if other.declared.menu else "",
        add_url=f"{info.record_url(record.pk)}/add/{other.key}?by={part.field}" if may_add else "",
        add_label=str(other.label), has_more=many > len(rows),
        chip=capital(part.label if part.label and not part.where else other.label),
    )  # fmt: skip


def _where(part: Related, record: Record) -> Node:
    here = Test((part.field,), "is", str(record.pk))
    return All((here, parse(part.where))) if part.where else here


def _sums(ctx: Context, other: TypeInfo) -> list[Field]:
    return [f for f in gate.fields(ctx, other).values() if f.total == "sum" and f.source == "column"]


def _total(ctx: Context, other: TypeInfo, found: Totals | None) -> SafeString | str:
    sums = _sums(ctx, other)
    if found is None or not sums or sums[0].key not in found.sums:
        return ""
    return sums[0].kind.figure(found.sums[sums[0].key], ctx.format)


def _row(ctx: Context, other: TypeInfo, row: Row, fields: Sequence[Field]) -> RelatedRow:
    """The first column leads; a figure or a badge among the others goes to the end; the rest is the second line."""
    cells: Mapping[str, SafeString | str] = {f.key: _cell(ctx, f, row.values.get(f.key)) for f in fields}
    filled = [f for f in fields[1:] if not f.kind.blank(row.values.get(f.key))]
    end = next((f for f in filled if f.kind.summable), None) or next(
        (f for f in reversed(filled) if f.kind.key == "choice"), None
    )
    main = (
        cells[fields[0].key]
        if fields and not fields[0].kind.blank(row.values.get(fields[0].key))
        else capital(other.label)
    )
    end_html = cells[end.key] if end else ""
    if end and not end.kind.summable and "badge" not in str(end_html):
        end_html = SafeString(f'<span class="badge line">{end_html}</span>')
    return RelatedRow(
        other.record_url(row.id), main, bool(fields and fields[0].to), end_html, bool(end and end.kind.summable),
        [cells[f.key] for f in filled if f is not end],
    )  # fmt: skip


def _cell(ctx: Context, field: Field, value: object) -> SafeString | str:
    """The kind's cell; a reference that only takes people shows them round."""
    title = ctx.format.titles.get((field.to, value)) if field.to and "person" in field.only else None  # type: ignore[arg-type]
    return record_link(title, "person") if title else field.kind.cell(value, ctx.format)



__all__ = ["RelatedPanel", "derived", "related_panels"]
