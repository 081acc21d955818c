"""A list in groups: which groups there are, with their count and sums, and the condition that leaves the rows of one.

Up to the cap of all counts the database groups everything that matches, in one query. Past it the values are found by
leaping along the index of the field, and the figures of a group are counted (capped) when it comes into sight. Own fields
are grouped by what stands in the record; past the cap by their keys in the value index.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Substr, TruncMonth
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.query import own_order, read, totals
from rapport.kernel.query.tree import All, Node, Scalar, Test
from rapport.kernel.query.walking import fenced
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import is_indexed
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

GROUPABLE = ("choice", "yesno", "reference", "user", "team", "date", "datetime")
#: Kinds of own fields: a point in time stands there in UTC, whose months are not those of the viewer.
OWN_GROUPABLE = ("choice", "yesno", "reference", "user", "team", "date")
#: Groups that are shown.
MOST = 100
_NONE, _HIDDEN = "none", "hidden"


@dataclass
class Group:
    """One group: its key in addresses, what it is called, and its figures (None where they are counted later)."""

    key: str
    label: SafeString | str
    count: totals.Totals | None = None
    #: False for what refers to records the viewer may not see: they share one group without a condition of its own.
    can_open: bool = True


@dataclass
class Groups:
    """The groups of a list, and how many more there are."""

    field: Field
    found: list[Group] = field(default_factory=list)
    more: int = 0
    #: More groups than were looked for.
    is_cut: bool = False


def groupable(ctx: Context, info: TypeInfo) -> list[Field]:
    """The fields that a list may be grouped by."""
    able = {"column": GROUPABLE, "custom": OWN_GROUPABLE}
    return [f for f in gate.fields(ctx, info).values() if f.kind.key in able.get(f.source, ())]


def group_field(ctx: Context, info: TypeInfo, key: str) -> Field | None:
    """The field to group by, None for no groups. Raises Invalid for an unknown one or one that has too many values."""
    if not key:
        return None
    found = gate.fields(ctx, info).get(key)
    if found is None:
        raise Invalid(
            _("%(type)s has no field “%(key)s”.") % {"type": str(info.label).capitalize(), "key": key[:60]},
            code="unknown_field", field="group",
        )  # fmt: skip
    if found not in groupable(ctx, info):
        able = ", ".join(f.key for f in groupable(ctx, info))
        raise Invalid(
            _("Lists cannot be grouped by “%(label)s”; they can by: %(able)s.") % {"label": found.label, "able": able},
            code="ungroupable", field="group",
        )  # fmt: skip
    return found


def read_groups(ctx: Context, info: TypeInfo, node: Node | None, by: Field) -> Groups:
    """The groups of all that matches."""
    rows = read.filtered(ctx, info, node)
    if totals.count(ctx, rows).capped:
        return _leapt(ctx, info, rows, by)
    return _counted(ctx, info, rows, by)


def narrowed(ctx: Context, node: Node | None, by: Field, key: str) -> Node:
    """The filter with the condition that leaves one group. Raises Invalid for a key that is none."""
    test = _test(ctx, by, key)
    items = () if node is None or node == All(()) else node.items if isinstance(node, All) else (node,)
    return All((*items, *(test.items if isinstance(test, All) else (test,))))


def one_group(ctx: Context, info: TypeInfo, node: Node | None, by: Field, key: str) -> Group:
    """One group with its capped figures."""
    found = totals.totals(ctx, info, read.filtered(ctx, info, narrowed(ctx, node, by, key)))
    _load_titles(ctx, by, [key])
    return Group(key, _label(ctx, by, _value(by, key)), found)


# -- finding --------------------------------------------------------------------------------------------------------


def _counted(ctx: Context, info: TypeInfo, rows: QuerySet, by: Field) -> Groups:
    """One query: every value with its count and sums."""
    sums = [f for f in gate.fields(ctx, info).values() if f.total == "sum"]
    rows = rows.annotate(**{f.key: f.expression for f in sums if f.source == "computed"})
    adding = {f"sum_{f.key}": Sum(totals.total_path(f)) for f in sums}
    got = rows.order_by().values(group_value=_bucket(ctx, by)).annotate(group_count=Count("pk"), **adding)
    figures: dict[str, totals.Totals] = {}
    for row in got.order_by("-group_count", "group_value"):
        key = _own_key(by, row["group_value"]) if by.source == "custom" else _key(row["group_value"])
        made = {f.key: totals.in_base(ctx, f, row[f"sum_{f.key}"]) for f in sums}
        figures[key] = _together(figures.get(key), totals.Totals(row["group_count"], False, made))
    keys = list(figures)
    return _shown(ctx, by, keys, figures)


def _leapt(ctx: Context, info: TypeInfo, rows: QuerySet, by: Field) -> Groups:
    """Past the cap: the values alone, each found by a leap along the field's index."""
    if by.source == "custom" and not by.is_fast:
        raise Invalid(
            _("There are too many %(plural)s to group them by “%(label)s”; filter until 10,000 or fewer are left, or tick "
              "“sorted and filtered often” in the definition of the field.") % {"plural": info.plural, "label": by.label},
            code="too_many", field="group",
        )  # fmt: skip
    if by.kind.key == "choice":
        keys = [*by.kind.choices.words(ctx.format.language).labels, _NONE]  # type: ignore[attr-defined]
    elif by.kind.key == "yesno":
        keys = ["yes", "no", *([_NONE] if by.source == "custom" else [])]
    elif by.source == "custom":
        keys = [*_own_leaps(ctx, info, rows, by), _NONE]
    else:
        if not is_indexed(info.model, "workspace", by.key):
            raise Invalid(
                _("There are too many %(plural)s to group them by “%(label)s”; filter until 10,000 or fewer are left.")
                % {"plural": info.plural, "label": by.label}, code="too_many", field="group",
            )  # fmt: skip
        keys = _leaps(ctx, rows, by)
    shown = _shown(ctx, by, keys, {})
    shown.is_cut = len(keys) >= MOST
    return shown


def _leaps(ctx: Context, rows: QuerySet, by: Field) -> list[str]:
    keys: list[str] = []
    left = rows.filter(**{f"{by.path}__isnull": False})
    while len(keys) < MOST:
        if by.to:
            value = left.order_by(by.path).values_list(by.path, flat=True).first()
            if value is None:
                break
            keys.append(_key(value))
            left = rows.filter(**{f"{by.path}__gt": value})
        else:
            value = left.aggregate(last=Max(by.path))["last"]
            if value is None:
                break
            keys.append(_key(_local(ctx, value)))
            first = _local(ctx, value).replace(day=1)
            left = rows.filter(**{f"{by.path}__lt": _start(ctx, by, first)})
    if rows.filter(**{f"{by.path}__isnull": True}).exists():
        keys.append(_NONE)
    return keys


def _own_leaps(ctx: Context, info: TypeInfo, rows: QuerySet, by: Field) -> list[str]:
    """The values of an own field, each found by a leap along its keys; months from the latest on."""
    found: list[str] = []
    among = fenced(Q(Exists(rows.order_by().filter(pk=OuterRef("record_id")).values("pk"))))
    entries, sign = own_order.keyed(ctx, info, by), "" if by.to else "-"
    left = entries
    while len(found) < MOST:
        key = left.filter(among).order_by(f"{sign}key", f"{sign}record_id").values_list("key", flat=True).first()
        if key is None:
            break
        found.append(str(UUID(hex=key)) if by.to else key[:7])
        left = entries.filter(key__gt=key) if by.to else entries.filter(key__lt=f"{key[:7]}-01")
    return found


def _own_key(by: Field, value: str | None) -> str:
    """The key of a group of an own field, from the words that stand in the record."""
    return {"true": "yes", "false": "no"}.get(value or "", value) or _NONE if by.kind.key == "yesno" else value or _NONE


def _shown(ctx: Context, by: Field, keys: Sequence[str], figures: Mapping[str, totals.Totals]) -> Groups:
    """The groups in the order people expect: choices as declared, people and records by name, the latest month first."""
    _load_titles(ctx, by, keys[: 5 * MOST])
    hidden = [key for key in keys[: 5 * MOST] if by.to and key != _NONE and not _is_known(ctx, by, key)]
    seen = [key for key in keys if key not in hidden][:MOST]
    found = [Group(key, _label(ctx, by, _value(by, key)), figures.get(key)) for key in seen]
    places = _places(ctx, by, seen)
    found.sort(key=lambda group: (places.get(as_id(group.key), 0), *_rank(ctx, by, group)))
    if hidden:
        together: totals.Totals | None = None
        for key in hidden:
            if key in figures:
                together = _together(together, figures[key])
        found.append(Group(_HIDDEN, _("Not visible to you"), together, can_open=False))
    return Groups(by, found, more=len(keys) - len(seen) - len(hidden))


def _places(ctx: Context, by: Field, keys: Sequence[str]) -> dict[UUID | None, int]:
    """The order of records that have one of their own (stages), with those that name none at the end."""
    if by.to not in registry or "position" not in gate.fields(ctx, registry.get(by.to)):
        return {}
    rows = gate.visible(ctx, registry.get(by.to)).filter(pk__in=[as_id(key) for key in keys if as_id(key)])
    return {None: 2**31, **dict(rows.values_list("pk", "position"))}


def _together(one: totals.Totals | None, other: totals.Totals) -> totals.Totals:
    if one is None:
        return other
    sums = {k: _added(one.sums.get(k), other.sums.get(k)) for k in {**one.sums, **other.sums}}
    return totals.Totals(one.count + other.count, one.capped or other.capped, sums)


def _added(one: object, other: object) -> object:
    return other if one is None else one if other is None else one + other  # type: ignore[operator]


def _rank(ctx: Context, by: Field, group: Group) -> tuple[object, ...]:
    if group.key == _NONE:
        return (1, "")
    if by.kind.key in ("date", "datetime"):
        return (0, -int(group.key.replace("-", "")))
    if by.kind.key == "choice":
        labels = list(by.kind.choices.words(ctx.format.language).labels)  # type: ignore[attr-defined]
        return (0, labels.index(group.key) if group.key in labels else len(labels))
    return (0, group.key != "yes") if by.kind.key == "yesno" else (0, str(group.label).casefold())


# -- one value ------------------------------------------------------------------------------------------------------


def _bucket(ctx: Context, by: Field) -> object:
    if by.source == "custom":
        return Substr(KT(by.path), 1, 7) if by.kind.key == "date" else KT(by.path)
    if by.kind.key == "date":
        return TruncMonth(by.path)
    if by.kind.key == "datetime":
        return TruncMonth(by.path, tzinfo=ctx.format.zone)
    # Not the bare column: its index would be walked over all rows of the table to have them in groups, for the few that match.
    return Coalesce(by.path, by.path)


def _key(value: object) -> str:
    if value is None or value == "":
        return _NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value.year:04}-{value.month:02}" if isinstance(value, (dt.date, dt.datetime)) else str(value)


def _value(by: Field, key: str) -> object:
    """What a key stands for; raises Invalid for one that stands for nothing."""
    if key == _NONE:
        return None
    if by.kind.key == "yesno" and key in ("yes", "no"):
        return key == "yes"
    if by.kind.key in ("date", "datetime"):
        try:
            month = dt.date.fromisoformat(f"{key}-01")
        except ValueError:
            raise _no_group() from None
        if not 2 <= month.year <= 9998:
            raise _no_group()
        return month
    if by.to:
        ident = as_id(key)
        if ident is None:
            raise _no_group()
        return ident
    if by.kind.key == "choice":
        return key
    raise _no_group()


def _no_group() -> Invalid:
    return Invalid(_("There is no such group in this list; open the list again."), code="unknown_group", field="group")


def _test(ctx: Context, by: Field, key: str) -> Node:
    value = _value(by, key)
    if value is None:
        return Test((by.key,), "empty")
    if isinstance(value, dt.date):
        after = value.replace(year=value.year + value.month // 12, month=value.month % 12 + 1)
        start, end = _start(ctx, by, value), _start(ctx, by, after)
        return All((Test((by.key,), ">=", start.isoformat()), Test((by.key,), "<", end.isoformat())))
    plain: Scalar = value if isinstance(value, bool) else str(value)
    return Test((by.key,), "is", plain)


def _start(ctx: Context, by: Field, month: dt.date) -> dt.date | dt.datetime:
    """The first moment of a month, as the field holds moments."""
    if by.kind.key == "date":
        return month
    return dt.datetime(month.year, month.month, 1, tzinfo=ctx.format.zone).astimezone(dt.UTC)


def _local(ctx: Context, value: dt.date | dt.datetime) -> dt.date:
    return value.astimezone(ctx.format.zone).date() if isinstance(value, dt.datetime) else value


def _label(ctx: Context, by: Field, value: object) -> SafeString | str:
    if value is None:
        return _("No %(field)s") % {"field": by.label}
    if isinstance(value, UUID):
        title = ctx.format.titles.get((by.to, value))
        return title.text if title else _("Not visible to you")
    if isinstance(value, dt.date):
        label = shown_as.month(value, ctx.format)
        return shown_as.capital(label)
    return by.kind.cell(value, ctx.format)


def _is_known(ctx: Context, by: Field, key: str) -> bool:
    return (by.to, as_id(key)) in ctx.format.titles


def _load_titles(ctx: Context, by: Field, keys: Sequence[str]) -> None:
    ids = {pk for pk in map(as_id, keys) if pk is not None} if by.to in registry else set()
    if ids:
        read.add_titles(ctx, registry.get(by.to), ids)
