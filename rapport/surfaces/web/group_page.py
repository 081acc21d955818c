"""Several records that may all be one, side by side: who stays, who is merged in, who is none of them, and whose values count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.groups import Group, group_of, next_group, part_from
from rapport.engines.duplicates.merging import DAYS
from rapport.engines.duplicates.merging_many import merge_several
from rapport.engines.duplicates.models import DuplicatePair, Merge
from rapport.engines.duplicates.pairs import Pair, demand_review, pair_of
from rapport.engines.duplicates.values import BOTH, can_unite, pickable, same
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.format import capital
from rapport.kernel.ids import as_id
from rapport.kernel.query.read import Row, load_titles, mark_shape, read_ids
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.duplicates_page import url_of
from rapport.surfaces.web.form import title_of
from rapport.surfaces.web.shell import render

#: Who made it and when is no choice.
_PLAIN = ("created_at", "created_by", "updated_at")


@dataclass(frozen=True)
class Column:
    """One member of the group."""

    id: UUID
    title: str
    shape: str
    url: str
    added: object
    #: What speaks for it, from its likeliest pair.
    why: str
    stays: bool
    #: Whether this person may merge it into the one that stays.
    may_go: bool


@dataclass(frozen=True)
class Cell:
    """A value of one member; without a mark of its own where there is nothing to pick."""

    member: UUID
    shown: SafeString | str
    may_pick: bool
    is_picked: bool


@dataclass(frozen=True)
class FieldLine:
    """One field of all members."""

    key: str
    label: str
    cells: list[Cell]
    may_unite: bool
    unites: bool


@require_http_methods(["GET", "POST"])
def group(request: HttpRequest, type_key: str, pair_id: int) -> HttpResponse:
    """The page (`?keep=` says who stays), and the merge of the ticked members into that one."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    pair, found = _found(ctx, info, pair_id)
    records = {record.pk: record for record in gate.visible(ctx, info, "merge").filter(pk__in=found.members)}
    members = [records[pk] for pk in found.members if pk in records]
    keep = _kept(ctx, info, members, request.POST.get("keep") or request.GET.get("keep", ""))
    if request.method == "POST":
        return _merge(request, ctx, info, pair, keep, members)
    rows = read_ids(ctx, info, list(records))
    fields = [one for one in gate.fields(ctx, info).values() if one.source != "computed" and one.key not in _PLAIN]
    load_titles(ctx, rows.values(), fields)
    members = [one for one in members if one.pk in rows]
    lines = [_line(ctx, info, one, keep, [rows[each.pk] for each in members]) for one in fields]
    following = next_group(ctx, info, found.head)
    values = {
        "info": info, "pair": pair, "columns": [_column(ctx, info, found, one, keep, rows[one.pk]) for one in members],
        "keep": keep.pk, "more": found.more, "days": DAYS, "score": found.head.score,
        "differing": [one for one in lines if one and len({str(cell.shown) for cell in one.cells}) > 1],
        "equal": [one for one in lines if one and len({str(cell.shown) for cell in one.cells}) == 1],
        "skip_url": url_of(info, following) if following else "", "here": request.path,
    }  # fmt: skip
    return render(request, "duplicates/group.html", values)


def _found(ctx: Context, info: TypeInfo, pair_id: int) -> tuple[Pair, Group]:
    demand_review(ctx, info)
    pair = pair_of(ctx, pair_id)
    if pair.type != info.key or pair.state != DuplicatePair.OPEN:
        raise Gone(_("This group is not there any more: somebody merged or parted it, or you may not see it."))
    return pair, group_of(ctx, info, pair)


def _kept(ctx: Context, info: TypeInfo, members: Sequence[Record], wanted: str) -> Record:
    """Who stays: whom the person chose, else the oldest that they may change."""
    chosen = next((one for one in members if one.pk == as_id(wanted)), None)
    if chosen is not None:
        return chosen
    ordered = sorted(members, key=lambda one: one.pk)
    return next((one for one in ordered if gate.may(ctx, info, one, "edit")), ordered[0])


def _column(ctx: Context, info: TypeInfo, found: Group, record: Record, keep: Record, row: Row) -> Column:
    pair = next(one for one in found.pairs if record.pk in (one.one_id, one.other_id))
    return Column(
        record.pk, title_of(ctx, info, record), mark_shape(info, row.is_person), info.record_url(record.pk), record.created_at,
        " · ".join(in_words(pair.evidence)[:3]), record.pk == keep.pk, gate.may(ctx, info, record, "delete"),
    )  # fmt: skip


def _line(ctx: Context, info: TypeInfo, one: Field, keep: Record, rows: Sequence[Row]) -> FieldLine | None:
    """The values of one field; None where nobody has one."""
    there = [row for row in rows if not one.kind.blank(row.values.get(one.key))]
    if not there:
        return None
    may = one.key in pickable(ctx, info, keep)
    first = next((row for row in there if row.id == keep.pk), there[0])
    different = any(not same(one, row.values.get(one.key), first.values.get(one.key)) for row in there)
    unites = may and different and can_unite(one)
    cells = [
        Cell(row.id, one.kind.cell(row.values.get(one.key), ctx.format), may and row in there, not unites and row.id == first.id)
        for row in rows
    ]
    return FieldLine(one.key, capital(one.label), cells, unites, unites)


def _merge(
    request: HttpRequest, ctx: Context, info: TypeInfo, pair: Pair, keep: Record, members: Sequence[Record]
) -> HttpResponse:
    ticked = {as_id(one) for one in request.POST.getlist("with")} - {keep.pk}
    losers = [one.pk for one in members if one.pk in ticked]
    if not losers:
        raise Invalid(_("Tick at least one that is merged in."), field="with")
    taking_part = {str(pk) for pk in (keep.pk, *losers)} | {BOTH}
    picks = {key: pick for key in gate.fields(ctx, info) if (pick := request.POST.get(f"pick-{key}", "")) in taking_part}
    following = next_group(ctx, info, pair)
    made = merge_several(ctx, info, keep.pk, losers, picks)
    go_to = f"/duplicates/{info.key}/review"
    if following is not None and not set(following.members) & set(losers):
        go_to = url_of(info, following)
    if any(one.state == Merge.WAITING for one in made):
        return done(request, _("They are being merged; you can go on meanwhile."), go_to)
    text = ngettext(
        "%(count)d record is merged in. For %(days)d days this can be taken back.",
        "%(count)d records are merged in. For %(days)d days each can be taken back.",
        len(made),
    ) % {"count": len(made), "days": DAYS}  # fmt: skip
    return done(request, text, go_to, undo="merge:" + " ".join(str(one.pk) for one in made))


@require_POST
def part_member(request: HttpRequest, type_key: str, pair_id: int) -> HttpResponse:
    """One member (`member`) is none of the others, for ever."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    _pair, found = _found(ctx, info, pair_id)
    member = as_id(request.POST.get("member", ""))
    if member is None or not part_from(ctx, found, member):
        raise Gone(_("This record is not in the group any more."))
    left = [one for one in found.pairs if member not in (one.one_id, one.other_id)]
    go_to = url_of(info, group_of(ctx, info, left[0])) if left else f"/duplicates/{info.key}/review"
    return done(request, _("Kept apart. Nobody is asked again whether this is one of them."), go_to)
