"""What a list shows, read from its address and written back to it: view, filter, sort, columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.translation import override

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.ordering import sort_keys
from rapport.kernel.query.text import parse, show
from rapport.kernel.query.tree import All, Node, Test, children
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo


@dataclass(frozen=True)
class View:
    """A saved view: its key in addresses, label, filter and sort."""

    key: str
    label: str
    filter: str
    sort: str


@dataclass(frozen=True)
class ListState:
    """The whole state of a list. `error` is the sentence about a filter or sort that does not work."""

    info: TypeInfo
    views: tuple[View, ...]
    view: View
    filter: str
    sort: str
    columns: tuple[str, ...]
    own_columns: bool = False
    error: str = ""
    node: Node | None = None

    @property
    def is_changed(self) -> bool:
        """Whether filter or sort differ from the saved view."""
        return (self.filter, self.sort) != (self.view.filter, self.view.sort)

    @cached_property
    def tests(self) -> tuple[Node, ...]:
        """The conditions that stand side by side, each of which can be taken away."""
        if self.node is None or self.node == All(()):
            return ()
        return self.node.items if isinstance(self.node, All) else (self.node,)

    def query(self, **changes: object) -> str:
        """The state as the query of an address; what equals the saved view is left out."""
        now = {"view": self.view.key, "filter": self.filter, "sort": self.sort, "columns": ",".join(self.columns)}
        now.update({k: str(v) for k, v in changes.items() if k in now})
        view = next((v for v in self.views if v.key == now["view"]), self.view)
        if "view" in changes:
            now.update(filter=view.filter, sort=view.sort, **{k: str(v) for k, v in changes.items() if k in now})
        kept = {k: v for k, v in now.items() if not (k in ("filter", "sort") and v == getattr(view, k))}
        if view == self.views[0]:
            kept.pop("view")
        if not self.own_columns and "columns" not in changes:
            kept.pop("columns")
        extra = {k: str(v) for k, v in changes.items() if k not in now}
        return urlencode({**kept, **extra})

    def url(self, part: str = "", **changes: object) -> str:
        """The address of this list, or of one of its parts, in this state with some changes."""
        query = self.query(**changes)
        return self.info.url + part + (f"?{query}" if query else "")

    def without(self, position: int) -> str:
        """The filter text without one of its conditions."""
        left = tuple(item for at, item in enumerate(self.tests) if at != position)
        return show(left[0] if len(left) == 1 else All(left))

    def sorted_by(self, field: Field) -> str:
        """ "ascending", "descending" or "" for a column head."""
        if self.sort.lstrip("-") != field.key:
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"


def read_state(ctx: Context, info: TypeInfo, given: Mapping[str, str]) -> ListState:
    """The state an address asks for. A filter or sort that does not work is kept as typed and said so."""
    views = views_of(ctx, info)
    view = next((v for v in views if v.key == given.get("view")), views[0])
    columns, own = _columns(ctx, info, given.get("columns", ""))
    state = ListState(
        info, views, view, given.get("filter", view.filter).strip(), given.get("sort", view.sort).strip(), columns, own
    )
    try:
        node = parse(state.filter)
        compile_filter(ctx, info, node)
        state = replace(state, node=node)
    except Invalid as wrong:
        return replace(state, error=wrong.sentence)
    try:
        sort_keys(ctx, info, state.sort)
    except Invalid as wrong:
        # A saved view may sort by a field this viewer has not: then newest first, without a word about it.
        return replace(state, sort="", error=wrong.sentence if "sort" in given else "")
    return state


def views_of(ctx: Context, info: TypeInfo) -> tuple[View, ...]:
    """The declared views whose fields the viewer may see; there is always at least one."""
    found = []
    for label, text in info.declared.views.items():
        filter_text, _bar, sort = (part.strip() for part in text.partition("|"))
        with override("en"):
            key = slugify(str(label))
        if _is_readable(ctx, info, parse(filter_text)):
            found.append(View(key, str(label), show(parse(filter_text)), sort))
    if not found:
        label = str(info.plural)
        found.append(View("all", label[:1].upper() + label[1:], "", ""))
    return tuple(found)


def _is_readable(ctx: Context, info: TypeInfo, node: Node) -> bool:
    if isinstance(node, Test):
        return node.path[0] in gate.fields(ctx, info)
    return all(_is_readable(ctx, info, child) for child in children(node))


def _columns(ctx: Context, info: TypeInfo, text: str) -> tuple[tuple[str, ...], bool]:
    """The columns asked for that exist for this viewer, the title first; without any the declared ones."""
    every = gate.fields(ctx, info)
    asked = [key for key in dict.fromkeys(text.split(",")) if key in every][:30]
    chosen = asked or [key for key in info.declared.list_columns if key in every]
    title = info.declared.title
    if title in every:
        chosen = [title, *[key for key in chosen if key != title]]
    return tuple(chosen), bool(asked)
