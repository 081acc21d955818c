"""The groups of a list: a head for each with its count and sums, and its rows when it is unfolded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from rapport.engines.views.grouping import Group, Groups, group_field, groupable, narrowed, one_group, read_groups
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.query.read import pick_fields
from rapport.kernel.query.text import show
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.list_state import ListState, read_state
from rapport.surfaces.web.shell import render

#: Groups whose rows come at once; the others unfold at a click.
_OPEN = 3


@dataclass(frozen=True)
class Head:
    """The head of one group: its label, its figures as cells of the columns, and where its rows are."""

    key: str
    label: SafeString | str
    count: str
    #: The sums under the columns of the list, in their order; "" where a column has none.
    cells: list[SafeString | str]
    #: Sums of fields that no column shows.
    others: list[tuple[object, SafeString | str]]
    rows_url: str
    #: Where the figures come from when they are not here yet.
    figures_url: str
    #: The list of this group alone, for browsers without script.
    alone_url: str
    is_open: bool = False


@dataclass(frozen=True)
class Shown:
    """All heads, and how many groups are not shown."""

    field: Field
    heads: list[Head]
    more: int
    is_cut: bool


def grouped(ctx: Context, state: ListState) -> Shown | None:
    """The groups of a list that is grouped; None for one that is not, or has an error."""
    by = group_field(ctx, state.info, state.group)
    if by is None or state.error:
        return None
    groups: Groups = read_groups(ctx, state.info, state.node, by)
    heads = [_head(ctx, state, by, one, is_open=at < _OPEN) for at, one in enumerate(groups.found)]
    return Shown(by, heads, groups.more, groups.is_cut)


def _head(ctx: Context, state: ListState, by: Field, group: Group, *, is_open: bool = False) -> Head:
    fields = pick_fields(ctx, state.info, state.columns)
    sums = {} if group.count is None else group.count.sums
    figures = {
        f.key: f.kind.figure(sums[f.key], ctx.format)
        for f in gate.fields(ctx, state.info).values()
        if sums.get(f.key) is not None
    }
    others = [
        (f.label, figures[f.key])
        for f in gate.fields(ctx, state.info).values()
        if f.key in figures and f.key not in state.columns
    ]
    alone = show(narrowed(ctx, state.node, by, group.key)) if group.can_open else ""
    return Head(
        group.key, group.label, group.count.text if group.count else "", [figures.get(f.key, "") for f in fields[1:]], others,
        state.url("rows", **{"in": group.key}) if group.can_open else "",
        state.url("group", **{"in": group.key}) if group.count is None and group.can_open else "",
        state.url(filter=alone, group="") if group.can_open else "", is_open and group.can_open,
    )  # fmt: skip


@require_GET
def group_head(request: HttpRequest, type_key: str) -> HttpResponse:
    """The head of one group with its figures, for lists too long to count all groups at once."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    state = read_state(ctx, info, request.GET.dict())
    by = group_field(ctx, info, state.group)
    if state.error or by is None:
        raise Invalid(state.error or "")
    group = one_group(ctx, info, state.node, by, request.GET.get("in", ""))
    return render(request, "list/group_head.html", {"head": _head(ctx, state, by, group), "state": state})


def within_group(ctx: Context, state: ListState, key: str) -> ListState:
    """The state of the rows of one group."""
    by = group_field(ctx, state.info, state.group)
    if by is None or state.error:
        return state
    return replace(state, node=narrowed(ctx, state.node, by, key))


def group_choices(ctx: Context, state: ListState) -> list[Field]:
    """The fields the Group menu offers."""
    return groupable(ctx, state.info)
