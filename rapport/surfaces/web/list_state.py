"""What a list or board shows, read from its address and written back to it: view, filter, sort, columns, group.

An address says the whole state. What equals the view is left out, unless the view is one that nobody else can open: such
an address names everything, so that it can be mailed. An address with anything in it never means somebody's own default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from rapport.engines.views.grouping import group_field
from rapport.engines.words.layouts import layout_of
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.ordering import MOST_KEYS, sort_keys
from rapport.kernel.query.text import parse, show
from rapport.kernel.query.tree import All, Node
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo
from rapport.surfaces.web.saved_views import View, views_of

#: What an address may say about the state; everything else in it belongs to one part (a cursor).
PARTS = ("view", "filter", "sort", "columns", "group")
_MOST_COLUMNS = 30


@dataclass(frozen=True)
class ListState:
    """The whole state of a list. `error` is the sentence about a filter, sort or group that does not work."""

    info: TypeInfo
    views: tuple[View, ...]
    view: View
    #: The view that an address without one means.
    base: View
    filter: str
    sort: str
    columns: tuple[str, ...]
    view_columns: tuple[str, ...]
    group: str = ""
    error: str = ""
    node: Node | None = None
    #: "list" or "board": which page the addresses lead to.
    layout: str = "list"
    #: What else the addresses of a board keep: its pipeline, its lanes.
    kept: tuple[tuple[str, str], ...] = ()
    #: The address named a view that is not there for this viewer.
    is_lost: bool = False
    #: Whether filter or sort were typed or chosen rather than the view's.
    has_own_filter: bool = False

    @property
    def own_columns(self) -> bool:
        """Whether other columns are chosen than the view has."""
        return self.columns != self.view_columns

    @property
    def is_changed(self) -> bool:
        """Whether the state differs from the view."""
        now = (self.filter, self.sort, self.group, self.columns)
        return self.view.works and now != (self.view.filter, self.view.sort, self.view.group, self.view_columns)

    @property
    def has_own_default(self) -> bool:
        """Whether the viewer made another view than the first their default."""
        return any(view.is_default and view != self.base for view in self.views)

    @cached_property
    def tests(self) -> tuple[Node, ...]:
        """The conditions that stand side by side, each of which can be taken away."""
        if self.node is None or self.node == All(()):
            return ()
        return self.node.items if isinstance(self.node, All) else (self.node,)

    def query(self, **changes: object) -> str:
        """The state as the query of an address."""
        view = next((v for v in self.views if v.key == str(changes.get("view", ""))), self.view)
        was = {"filter": view.filter, "sort": view.sort, "columns": ",".join(view.columns), "group": view.group}
        now = dict(was)
        if "view" not in changes:
            now.update(filter=self.filter, sort=self.sort, group=self.group)
            now["columns"] = ",".join(self.columns) if self.own_columns else was["columns"]
        now.update({key: str(value) for key, value in changes.items() if key in now})
        kept = {"view": view.key, **({k: v for k, v in now.items() if v or k in ("filter", "sort") or was[k]} if view.is_private
                                     else {k: v for k, v in now.items() if v != was[k]})}  # fmt: skip
        if not view.works and "filter" not in changes:
            kept = {"view": view.key}
        extra = {key: str(value) for key, value in ({**dict(self.kept), **changes}).items() if key not in PARTS and value != ""}
        if view == self.base and (len(kept) > 1 or extra or not self.has_own_default):
            del kept["view"]
        return urlencode({**kept, **extra})

    def url(self, part: str = "", **changes: object) -> str:
        """The address of this list, or of one of its parts, in this state with some changes."""
        view = next((v for v in self.views if v.key == str(changes.get("view", "")) and v.id), None)
        if not part and (view.layout if view else self.layout) == "board" and self.info.declared.board:
            part = "board"
        if part and not part.startswith("board") and self.layout == "board":
            changes["layout"] = "board"  # what is saved or filtered is a board
        query = self.query(**changes)
        return self.info.url + part + (f"?{query}" if query else "")

    def in_layout(self, layout: str) -> str:
        """The address of the same state as a list or as a board."""
        query = replace(self, kept=()).query()
        return self.info.url + ("board" if layout == "board" else "") + (f"?{query}" if query else "")

    def without(self, position: int) -> str:
        """The filter text without one of its conditions."""
        left = tuple(item for at, item in enumerate(self.tests) if at != position)
        return show(left[0] if len(left) == 1 else All(left))

    # -- sorting --------------------------------------------------------------------------------------------------

    @property
    def sort_list(self) -> list[str]:
        """The keys of the sort, each with its "-"."""
        return [key for key in self.sort.split(",") if key]

    def sorted_by(self, field: Field) -> str:
        """ "ascending", "descending" or "" for a column head."""
        if field.key in self.sort_list:
            return "ascending"
        return "descending" if f"-{field.key}" in self.sort_list else ""

    def sort_place(self, field: Field) -> int:
        """1 for the first key, 2 for the second; 0 for a field that is none, or the only one."""
        keys = [key.lstrip("-") for key in self.sort_list]
        return keys.index(field.key) + 1 if field.key in keys and len(keys) > 1 else 0

    def sorting(self, field: Field) -> str:
        """The sort after a click on a column head: this field alone, turned round when it is that already."""
        return f"-{field.key}" if self.sorted_by(field) == "ascending" else field.key

    def adding(self, field: Field) -> str:
        """The sort after a Shift+click: the field as a further key, or turned round where it stands."""
        turned = [
            (key[1:] if key.startswith("-") else f"-{key}") if key.lstrip("-") == field.key else key for key in self.sort_list
        ]
        if turned != self.sort_list:
            return ",".join(turned)
        return ",".join([*self.sort_list[: MOST_KEYS - 1], field.key])

    def dropping(self, field: Field) -> str:
        """The sort without a field."""
        return ",".join(key for key in self.sort_list if key.lstrip("-") != field.key)

    def raising(self, field: Field) -> str:
        """The sort with a field one place further to the front."""
        keys = self.sort_list
        at = next((i for i, key in enumerate(keys) if key.lstrip("-") == field.key), 0)
        if at:
            keys[at - 1], keys[at] = keys[at], keys[at - 1]
        return ",".join(keys)


def read_state(ctx: Context, info: TypeInfo, given: Mapping[str, str], *, layout: str = "list") -> ListState:
    """The state an address asks for. A filter or sort that does not work is kept as typed and said so."""
    views, base = views_of(ctx, info, layout)
    view = next((v for v in views if v.key == given.get("view")), base)
    view_columns = _columns(ctx, info, view.columns)
    columns = _columns(ctx, info, given.get("columns", "").split(",")) if given.get("columns") else view_columns
    state = ListState(
        info, tuple(views), view, base, given.get("filter", view.filter).strip(), given.get("sort", view.sort).strip(),
        columns, view_columns, given.get("group", view.group).strip(), layout=layout,
        is_lost=bool(given.get("view")) and view.key != given["view"], has_own_filter="filter" in given,
    )  # fmt: skip
    if not view.works and "filter" not in given:
        # The same answer for a field that is hidden and for one that is gone; nothing of the filter is shown.
        return replace(state, error=_("This view asks for a field that is not there for you, so it shows nothing."))
    try:
        node = parse(state.filter)
        compile_filter(ctx, info, node)
        state = replace(state, node=node)
    except Invalid as wrong:
        return replace(state, error=wrong.sentence)
    return _checked(ctx, state, given)


def _checked(ctx: Context, state: ListState, given: Mapping[str, str]) -> ListState:
    """Sort and group of a saved view may name a field this viewer has not: then the list does without, and without a word."""
    try:
        sort_keys(ctx, state.info, state.sort)
    except Invalid as wrong:
        state = replace(state, sort="", error=wrong.sentence if "sort" in given else "")
    try:
        group_field(ctx, state.info, state.group)
    except Invalid as wrong:
        state = replace(state, group="", error=state.error or (wrong.sentence if "group" in given else ""))
    return state


def _columns(ctx: Context, info: TypeInfo, asked: object) -> tuple[str, ...]:
    """The columns asked for that exist for this viewer, the title first; without any those of the viewer's layout, else
    the declared ones."""
    every = gate.fields(ctx, info)
    chosen = [key for key in dict.fromkeys(asked) if key in every][:_MOST_COLUMNS]  # type: ignore[call-overload]
    layout = None if chosen else layout_of(ctx, info)
    chosen = chosen or [key for key in (layout.columns if layout else ()) if key in every]
    chosen = chosen or [key for key in info.declared.list_columns if key in every]
    title = info.declared.title
    if title in every:
        chosen = [title, *[key for key in chosen if key != title]]
    return tuple(chosen)
