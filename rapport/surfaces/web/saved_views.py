"""The views of a type as tabs: those its declaration brings and those people saved, in the viewer's own order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.views.models import View as SavedView
from rapport.engines.views.offered import Choice, choices, declared, offered
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse, show
from rapport.kernel.records.registry import TypeInfo, registry


@dataclass(frozen=True)
class View:
    """A view: its key in addresses, label, and the state it stands for."""

    key: str
    label: str
    filter: str
    sort: str
    columns: tuple[str, ...] = ()
    group: str = ""
    layout: str = "list"
    #: Of a saved one: its record, who made it, who may use and change it.
    id: UUID | None = None
    owner_id: UUID | None = None
    audience: str = ""
    may_edit: bool = False
    may_delete: bool = False
    is_mine: bool = False
    #: False when its filter asks for something that is not there for this viewer.
    works: bool = True
    is_pinned: bool = False
    is_default: bool = False

    @property
    def is_private(self) -> bool:
        """Whether nobody else can open it, so that an address must hold its whole state."""
        return self.audience == "private"


def declared_views(ctx: Context, info: TypeInfo) -> list[View]:
    """The declared views whose fields the viewer may see; there is always at least one."""
    found = []
    for key, label, text in declared(info):
        filter_text, _bar, sort = (part.strip() for part in text.partition("|"))
        if _works(ctx, info, filter_text):
            found.append(View(key, label, show(parse(filter_text)), sort))
    if not found:
        label = str(info.plural)
        found.append(View("all", capital(label), "", ""))
    return found


def views_of(ctx: Context, info: TypeInfo, layout: str = "list") -> tuple[list[View], View]:
    """All views of the type for this viewer in their order, and the one that an address without a view means."""
    shipped = declared_views(ctx, info)
    if layout == "board":
        shipped = _on_board(info, shipped)
    chosen = choices(ctx).get(info.key, Choice())
    every = [*shipped, *[_saved(ctx, info, one) for one in offered(ctx, info.key)]]
    place = {key: at for at, key in enumerate(chosen.order)}
    marked = [
        View(**{**vars(v), "is_pinned": v.key in chosen.pinned, "is_default": v.key == chosen.default}) for v in every
    ]
    marked.sort(key=lambda view: place.get(view.key, len(place)))
    base = next(view for view in marked if view.key == shipped[0].key)
    return marked, base


def _on_board(info: TypeInfo, shipped: list[View]) -> list[View]:
    """The declared views as a board has them: its columns themselves part what is open from what is won or lost, so that
    the first view shows all and those that are nothing but an outcome are left out."""
    by = info.declared.board.by if info.declared.board else ""
    needless = {f"{by}.outcome is {outcome}" for outcome in ("open", "won", "lost")} | {""}
    first = replace(shipped[0], label=_("All"), filter="") if shipped[0].filter in needless else shipped[0]
    return [first, *[view for view in shipped[1:] if view.filter not in needless]]


def _saved(ctx: Context, info: TypeInfo, one: SavedView) -> View:
    works = _works(ctx, info, one.matching)
    is_mine = one.owner_id == ctx.viewer.user_id
    own = registry.get("view")
    may_edit = (is_mine or one.others_may == "edit") and gate.allows(ctx, own, "edit")
    return View(
        str(one.pk), one.name, one.matching if works else "", one.sorting, tuple(k for k in one.columns.split(",") if k),
        one.grouping, one.layout, one.pk, one.owner_id, one.audience, may_edit,
        is_mine and gate.allows(ctx, own, "delete"), is_mine, works,
    )  # fmt: skip


def _works(ctx: Context, info: TypeInfo, text: str) -> bool:
    try:
        compile_filter(ctx, info, parse(text))
    except Invalid:
        return False
    return True
