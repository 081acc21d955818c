"""From the filter tree to SQL, against the fields this viewer may see: a hidden field reads as unknown."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import NEGATIONS
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.own_order import key_condition, pointed_at, pointing
from rapport.kernel.query.search import TRIGRAM, few_containing
from rapport.kernel.query.tree import PERIODS, All, Any_, Has, Me, Node, Not, Relative, Test
from rapport.kernel.query.walking import fenced, walked, walked_among
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def compile_filter(ctx: Context, info: TypeInfo, node: Node, *, walking: bool = False) -> Q:
    """The condition a filter tree means for this viewer. Raises Invalid naming the unknown field or wrong value.

    `walking` says that it is for one page of a sorted list, which is found by walking an index (see `walking.py`).
    """
    if isinstance(node, All):
        found = Q()
        for item in node.items:
            found &= compile_filter(ctx, info, item, walking=walking)
        return found
    if isinstance(node, Any_):
        found = compile_filter(ctx, info, node.items[0], walking=walking)
        for item in node.items[1:]:
            found |= compile_filter(ctx, info, item, walking=walking)
        return found
    if isinstance(node, Not):
        # Through the primary key: plain negation would drop rows whose value is empty (NULL is never "not X").
        inside = compile_filter(ctx, info, node.item)
        return ~Q(pk__in=info.model.objects.filter(workspace_id=ctx.workspace.pk).filter(inside).values("pk"))
    if isinstance(node, Has):
        return _has(ctx, info, node)
    return _test(ctx, info, node.path, node, walking=walking)


def matches(ctx: Context, info: TypeInfo, record_id: UUID, node: Node) -> bool:
    """Whether a record meets a filter: the same SQL plus its id; there is no second evaluator."""
    rows = info.model.objects.filter(workspace_id=ctx.workspace.pk, pk=record_id)
    return rows.filter(compile_filter(ctx, info, node)).exists()


def _test(ctx: Context, info: TypeInfo, path: tuple[str, ...], test: Test, *, walking: bool = False) -> Q:
    field = gate.fields(ctx, info).get(path[0])
    if field is None:
        raise Invalid(
            _("%(type)s has no field “%(key)s”.") % {"type": str(info.label).capitalize(), "key": path[0][:60]},
            code="unknown_field", field="filter",
        )  # fmt: skip
    if len(path) > 1:
        return _through(ctx, info, field, path, test)
    if test.op not in field.kind.operators:
        raise Invalid(
            _("“%(label)s” cannot be compared with “%(op)s”; it takes: %(ops)s.")
            % {"label": field.label, "op": test.op.replace("_", " "), "ops": ", ".join(field.kind.operators)},
            code="unknown_operator", field="filter",
        )  # fmt: skip
    op, value = stretched(ctx, field, test)
    if test.op in NEGATIONS:
        return _negated(ctx, info, field, NEGATIONS.get(op, op), value, walking=walking)
    return _positive(ctx, info, field, op, value, walking=walking)


def stretched(ctx: Context, field: Field, test: Test) -> tuple[str, object]:
    """Operator and value; a stretch of days is compared by its first or last day."""
    if not isinstance(test.value, Relative) or test.value.base not in PERIODS or "between" not in field.kind.operators:
        return test.op, _value(ctx, test.value)
    first, last = _stretch(ctx, test.value.base)
    return ("between", (first, last)) if test.op in ("is", "is_not") else (test.op, first if test.op in ("<", ">=") else last)


def _stretch(ctx: Context, period: str) -> tuple[dt.date, dt.date]:
    """First and last day of last, this or next week (from Monday), month or year."""
    which, _line, unit = period.partition("_")
    step, today = {"last": -1, "this": 0, "next": 1}[which], ctx.format.today
    if unit == "week":
        first = today - dt.timedelta(days=today.weekday() - 7 * step)
        return first, first + dt.timedelta(days=6)
    if unit == "year":
        return dt.date(today.year + step, 1, 1), dt.date(today.year + step, 12, 31)
    year, month = divmod(today.year * 12 + today.month - 1 + step, 12)
    after = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return dt.date(year, month + 1, 1), after - dt.timedelta(days=1)


def _positive(ctx: Context, info: TypeInfo, field: Field, op: str, value: object, *, walking: bool = False) -> Q:
    cleaning = ctx.cleaning()
    if field.key == info.declared.title and field.source == "column" and op in _FOLDED and isinstance(value, str):
        return _title(ctx, info, op, fold(value), walking=walking)
    try:
        if field.is_fast:
            by_key = key_condition(ctx, info, field, op, value, walking=walking)
            if by_key is not None:
                return by_key
        if field.source == "computed":
            return _computed(ctx, info, field, op, value)
        if not field.kind.many:
            return field.kind.compile(field.path, op, value, cleaning)
        mine = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, field=field.place)
        if op == "empty":
            return Q(~Exists(mine.filter(record_id=OuterRef("pk"))))
        hits = mine.filter(field.kind.index_query(op, value, cleaning))
        if not walking:
            return Q(pk__in=hits.values("record_id"))
        words = field.kind.searched_as(op, value, cleaning) if field.key in info.declared.search else ""
        return walked_among(hits, few_containing(ctx, info.key, words)) if len(words) >= TRIGRAM else walked(hits)
    except Invalid as wrong:
        raise Invalid(
            _("“%(label)s”: %(sentence)s") % {"label": field.label, "sentence": wrong.sentence}, field="filter"
        ) from wrong


def _computed(ctx: Context, info: TypeInfo, field: Field, op: str, value: object) -> Q:
    """A computed field is compared where the database calculates it."""
    assert field.expression is not None
    names = {field.key, field.kind.total_path(field.key)}
    rows = info.model.objects.filter(workspace_id=ctx.workspace.pk).annotate(**dict.fromkeys(names, field.expression))
    return Q(pk__in=rows.filter(field.kind.compile(field.key, op, value, ctx.cleaning())).values("pk"))


#: Operators on a title that ignore case and accents, by lookup on the folded key.
_FOLDED = {"is": "exact", "contains": "contains", "starts": "startswith", "ends": "endswith"}


def _title(ctx: Context, info: TypeInfo, op: str, wanted: str, *, walking: bool = False) -> Q:
    """Titles compare by their folded key. "Contains" asks the trigram index first: a rare part is answered from its
    few hits, a common one by walking the list's own order, so that both stay quick at a million rows."""
    if op == "starts":
        return Q(title_key__gte=wanted, title_key__lt=wanted + "\U0010ffff")
    found = Q(**{f"title_key__{_FOLDED[op]}": wanted})
    if op == "contains" and info.title_field.key in info.declared.search:
        few = few_containing(ctx, info.key, wanted)
        if few is not None:
            return found & Q(pk__in=few)
    return fenced(found) if walking and op in ("contains", "ends") else found


def _negated(ctx: Context, info: TypeInfo, field: Field, op: str, value: object, *, walking: bool = False) -> Q:
    """"Is not X" includes the empty ones, on both databases alike, for columns and custom JSON."""
    positive = _positive(ctx, info, field, op, value, walking=walking)
    if field.kind.many:
        return ~positive
    empty = _positive(ctx, info, field, "empty", None)
    if op == "empty":
        return ~empty
    return ~positive | empty


def _through(ctx: Context, info: TypeInfo, field: Field, path: tuple[str, ...], test: Test) -> Q:
    """customer.city is Cork: the reference must lead to a record that the viewer may see and that matches."""
    if not field.to or field.to not in registry:
        raise Invalid(
            _("“%(label)s” does not lead to other records, so “%(path)s” means nothing.")
            % {"label": field.label, "path": ".".join(path)},
            code="unknown_field", field="filter",
        )  # fmt: skip
    target = registry.get(field.to)
    inner = _test(ctx, target, path[1:], test)
    met = gate.visible(ctx, target).filter(inner)
    if field.source == "custom":
        return Q(pk__in=pointing(ctx, info, field, met).values("record_id"))
    return Q(**{f"{field.path}__in": met.values("pk")})


def _has(ctx: Context, info: TypeInfo, node: Has) -> Q:
    relation = info.relations.get(node.path[0])
    if relation is None or relation.field not in gate.fields(ctx, relation.type):
        raise Invalid(
            _("%(type)s has no related “%(key)s”.")
            % {"type": str(info.label).capitalize(), "key": node.path[0][:60]},
            code="unknown_relation", field="filter",
        )  # fmt: skip
    rows = gate.visible(ctx, relation.type)
    if node.where is not None:
        rows = rows.filter(compile_filter(ctx, relation.type, node.where))
    there = relation.type.fields[relation.field]
    if there.source == "custom":
        return Q(pk__in=pointed_at(ctx, relation.type, there, rows))
    path = there.path
    return Q(pk__in=rows.filter(**{f"{path}__isnull": False}).values(path))


def _value(ctx: Context, value: object) -> object:
    """Resolve "me" and relative dates at the moment of asking, in the viewer's zone."""
    if isinstance(value, tuple):
        return tuple(_value(ctx, v) for v in value)
    if isinstance(value, Me):
        return ctx.viewer.user_id
    if isinstance(value, Relative):
        return _moment(ctx, value)
    return value


def _moment(ctx: Context, value: Relative) -> dt.date | dt.datetime:
    if value.base in PERIODS:
        raise Invalid(_("“%(word)s” is a stretch of days: it stands alone after is, before or after.") % {"word": value.base})
    start: dt.date | dt.datetime = ctx.format.today if value.base == "today" else ctx.format.now
    if value.unit == "h":
        return start + dt.timedelta(hours=value.amount)
    if value.unit in ("d", "w"):
        return start + dt.timedelta(days=value.amount * (7 if value.unit == "w" else 1))
    months = value.amount * (12 if value.unit == "y" else 1)
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9998:
        raise Invalid(_("That date lies outside of the years 1 to 9998."), field="filter")
    day = min(start.day, [31, 29 if _leap(year) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month])
    return start.replace(year=year, month=month + 1, day=day)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
