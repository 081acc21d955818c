"""Conditions of a filter in words: field, operator, value, and where the list without them is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.ids import as_id
from rapport.kernel.kinds.base import OPS
from rapport.kernel.query.read import add_titles
from rapport.kernel.query.text import parse, show
from rapport.kernel.query.tree import PERIODS, All, Any_, Has, Me, Node, Not, Relative, Test
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import Relation, TypeInfo, registry
from rapport.surfaces.web.list_state import ListState

#: What stretches of days are called.
PERIOD_LABELS = {
    "last_week": _lazy("last week"), "this_week": _lazy("this week"), "next_week": _lazy("next week"),
    "last_month": _lazy("last month"), "this_month": _lazy("this month"), "next_month": _lazy("next month"),
    "last_year": _lazy("last year"), "this_year": _lazy("this year"), "next_year": _lazy("next year"),
}  # fmt: skip


@dataclass(frozen=True)
class Chip:
    """One condition in words."""

    icon: str
    label: str
    op: str
    value: str
    remove_url: str
    #: Where each part is changed; "" for what only the text form can say.
    edit_url: str = ""

    @property
    def text(self) -> str:
        """The whole condition."""
        return " ".join(part for part in (self.label, self.op, self.value) if part)


def chips(ctx: Context, state: ListState) -> list[Chip]:
    """The conditions that stand side by side; what is more than one test is shown in its text form."""
    found = []
    for at, node in enumerate(state.tests):
        remove = state.url(filter=state.without(at))
        made = _chip(ctx, state, node, remove, at)
        found.append(made or Chip("filter", "", "", in_words(ctx, state.info, node), remove))
    return found


def in_words(ctx: Context, info: TypeInfo, node: Node) -> str:
    """A condition of any shape as a person would say it; its text form where words fail."""
    if isinstance(node, (All, Any_)) and node.items:
        word = _(" and ") if isinstance(node, All) else _(" or ")
        return word.join(in_words(ctx, info, item) for item in node.items)
    if isinstance(node, Test):
        made = _test_chip(ctx, info, node, "", "")
        return made.text if made else show(node)
    related = has_parts(node)
    made = _has_chip(ctx, info, *related, "", "") if related else None
    return made.text if made else show(node)


def has_parts(node: Node) -> tuple[Has, bool] | None:
    """The relation of a condition “has …” or “has no …”, and whether it is the second."""
    if isinstance(node, Has):
        return node, False
    return (node.item, True) if isinstance(node, Not) and isinstance(node.item, Has) else None


def _chip(ctx: Context, state: ListState, node: Node, remove: str, at: int) -> Chip | None:
    edit = state.url("filter", edit=at)
    if isinstance(node, Test):
        return _test_chip(ctx, state.info, node, remove, edit)
    related = has_parts(node)
    return _has_chip(ctx, state.info, *related, remove, edit) if related else None


def _has_chip(ctx: Context, info: TypeInfo, node: Has, is_no: bool, remove: str, edit: str) -> Chip | None:
    relation = info.relations.get(node.path[0])
    if relation is None or relation.field not in gate.fields(ctx, relation.type):
        return None
    what = str(relation.type.plural)
    if node.where is not None:
        view = next((label for label, text in related_views(relation) if text == show(node.where)), "")
        what = f"{what}: {view or in_words(ctx, relation.type, node.where)}"
    return Chip("link", _("Has no") if is_no else _("Has"), "", what, remove, edit)


def related_views(relation: Relation) -> list[tuple[str, str]]:
    """Which of the related records may be meant: the declared views of their type, label and filter."""
    found = []
    for label, text in relation.type.declared.views.items():
        where = text.partition("|")[0].strip()
        if where:
            found.append((str(label), show(parse(where))))
    return found


def _test_chip(ctx: Context, info: TypeInfo, node: Test, remove: str, edit: str) -> Chip | None:
    labels, field = [], None
    for key in node.path:
        field = gate.fields(ctx, info).get(key)
        if field is None:
            return None
        labels.append(str(field.label))
        if field.to in registry:
            info = registry.get(field.to)
    assert field is not None
    label = " · ".join(labels)
    op = "" if node.op == "is" else str(OPS[node.op].label)
    return Chip(
        field.kind.icon,
        capital(label),
        op,
        value_text(ctx, field, node.value),
        remove,
        edit if len(node.path) <= 2 else "",
    )


def value_text(ctx: Context, field: Field, value: object) -> str:
    """A filter's value as a person would say it."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value_text(ctx, field, one) for one in value)
    if isinstance(value, Me):
        return _("Me")
    if isinstance(value, Relative):
        return relative_text(value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    ident = as_id(value) if isinstance(value, str) and field.to else None
    if ident is not None:
        return _title(ctx, registry.get(field.to), ident)
    try:
        cleaned = field.kind.parse(str(value), ctx.cleaning())
    except Invalid:
        return str(value)
    if field.kind.many or field.to:
        return str(value)
    return str(_plain(ctx, field, cleaned))


def _plain(ctx: Context, field: Field, value: object) -> str:
    if isinstance(value, (dt.date, dt.datetime)):
        return strip_tags(str(field.kind.cell(value, ctx.format)))
    return field.kind.text(value, ctx.format)


def _title(ctx: Context, info: TypeInfo, ident: UUID) -> str:
    if (info.key, ident) not in ctx.format.titles:
        add_titles(ctx, info, {ident})
    title = ctx.format.titles.get((info.key, ident))
    return title.text if title else _("Not visible to you")


def relative_text(value: Relative) -> str:
    """today, 7 days ago, in 2 weeks, last month."""
    if value.base in PERIODS:
        return str(PERIOD_LABELS[value.base])
    if not value.amount:
        return _("today") if value.base == "today" else _("now")
    count = abs(value.amount)
    length = {
        "h": ngettext("%(n)d hour", "%(n)d hours", count),
        "d": ngettext("%(n)d day", "%(n)d days", count),
        "w": ngettext("%(n)d week", "%(n)d weeks", count),
        "m": ngettext("%(n)d month", "%(n)d months", count),
        "y": ngettext("%(n)d year", "%(n)d years", count),
    }[value.unit] % {"n": count}
    return (_("in %(length)s") if value.amount > 0 else _("%(length)s ago")) % {"length": length}
