"""The filter tree: the one frozen shape that every filter of the product has.

Lists, saved views, role scopes, segments, reports, automation and the API all hold this tree; its canonical
storage is JSON (`to_json`, `from_json`), its form for people is text (`rapport.kernel.query.text`). The tree
knows no types: what a value means is the business of the field's kind.

A malformed node cannot be built: every node checks its own shape and raises `Invalid`. How large and deep a
tree may be is checked apart, by `check_limits`, because only filters from outside must be bounded.

Trap: in Python `True == 1`, so two different filters can be equal; key a cache by the JSON or the text form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal, NoReturn, TypeAlias, cast

from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid

MAX_DEPTH = 8
MAX_TESTS = 60
MAX_LIST = 500
MAX_TEXT = 500
MAX_TEST_PATH = 3  # two references and a field
MAX_HAS_PATH = 2  # two references

#: Words that start something in the text form, so no field may be called so.
RESERVED = frozenset({"and", "or", "not", "no", "has"})

EMPTY_OPS = frozenset({"empty", "not_empty"})
LIST_OPS = frozenset({"in", "not_in", "has_any"})
ONE_VALUE_OPS = frozenset({"is", "is_not", "contains", "not_contains", "starts", "ends", "has", "<", "<=", ">", ">="})
OPS = EMPTY_OPS | LIST_OPS | ONE_VALUE_OPS | {"between"}

# 18 digits fit 64 bits on both databases; longer numbers stay text, so no digit can get lost.
_INT_END = 10**18
_PART = re.compile(r"[a-z][a-z0-9_]*")
_RELATIVE = re.compile(r"(today|now|(?:last|this|next)_(?:week|month|year))(?:([+-][0-9]{1,7})([hdwmy]))?")
#: Stretches of days around today: "is this_month" is any day in it, "< this_month" before its first.
PERIODS = frozenset(f"{which}_{unit}" for which in ("last", "this", "next") for unit in ("week", "month", "year"))
# About 200 years each way: the sum with today is always a date that both databases can hold.
_FURTHEST = {"h": 1_752_000, "d": 73_000, "w": 10_400, "m": 2_400, "y": 200}

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Base: TypeAlias = str
Unit: TypeAlias = Literal["h", "d", "w", "m", "y"]


def refuse(sentence: str, code: str) -> NoReturn:
    """Raise the one error of filters: `Invalid` on the field "filter"."""
    raise Invalid(sentence, code=code, field="filter")


def _shape(sentence: str) -> NoReturn:
    refuse(sentence, "filter.shape")


def _limit(sentence: str) -> NoReturn:
    refuse(sentence, "filter.limit")


class Me:
    """The viewer, whoever that is when the filter runs. There is one, `ME`."""

    _only: ClassVar[Me | None] = None

    def __new__(cls) -> Me:
        """Return the only instance, also for copies and unpickled trees."""
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "ME"


ME = Me()


@dataclass(frozen=True)
class Relative:
    """A time counted from the moment the filter runs: today, today+7d, now-2h, or a stretch of days: last_month."""

    base: Base
    amount: int = 0
    unit: Unit = "d"

    def __post_init__(self) -> None:
        if (self.base not in ("today", "now") and (self.base not in PERIODS or self.amount)) or self.unit not in _FURTHEST:
            _shape(_("A relative time is written like today+7d or now-2h."))
        if self.base == "today" and self.unit == "h":
            _shape(_("Hours are counted from now, not from today: write now+2h."))
        if type(self.amount) is not int or abs(self.amount) > _FURTHEST[self.unit]:
            _shape(_("A relative time reaches 200 years at most."))
        if self.amount == 0:
            object.__setattr__(self, "unit", "d")  # today+0w is today: one value, one form

    def __str__(self) -> str:
        return f"{self.base}{self.amount:+d}{self.unit}" if self.amount else self.base

    @classmethod
    def parse(cls, text: str) -> Relative:
        """Read what `str()` writes; anything else is refused."""
        match = _RELATIVE.fullmatch(text)
        if match is None:
            _shape(_("A relative time is written like today+7d or now-2h."))
        base, amount, unit = match.groups()
        return cls(cast(Base, base), int(amount or 0), cast(Unit, unit or "d"))


#: Numbers with decimals, leading zeros or many digits are kept as the text that was written; dates and times
#: are ISO text. The field's kind reads them.
Scalar: TypeAlias = bool | int | str | Relative | Me
Value: TypeAlias = Scalar | tuple[Scalar, ...] | None


def _check_path(path: tuple[str, ...]) -> None:
    if not isinstance(path, tuple) or not path:
        _shape(_("A filter names a field."))
    for part in path:
        if not isinstance(part, str) or not _PART.fullmatch(part) or part in RESERVED:
            _shape(_("'%(name)s' is not the name of a field.") % {"name": str(part)[:60]})


def _check_scalar(value: Value) -> None:
    if isinstance(value, (bool, Relative, Me)):
        return
    if isinstance(value, int):
        if abs(value) >= _INT_END:
            _shape(_("A whole number in a filter has 18 digits at most; write a longer one as text."))
    elif not isinstance(value, str):
        _shape(_("A filter value is a text, a whole number, true, false, me or a relative time."))
    elif "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        _shape(_("A filter value holds a character that cannot be stored."))


@dataclass(frozen=True)
class All:
    """Every item must match; without items everything matches."""

    items: tuple[Node, ...]

    def __post_init__(self) -> None:
        _check_items(self.items)


@dataclass(frozen=True)
class Any_:
    """At least one item must match; without items nothing matches."""

    items: tuple[Node, ...]

    def __post_init__(self) -> None:
        _check_items(self.items)


@dataclass(frozen=True)
class Not:
    """The item must not match; a record without a value counts as not matching the item."""

    item: Node

    def __post_init__(self) -> None:
        _check_items((self.item,))


@dataclass(frozen=True)
class Test:
    """One field, over at most two references, compared with a value."""

    __test__: ClassVar[bool] = False  # keeps pytest from collecting it

    path: tuple[str, ...]
    op: str
    value: Value = None

    def __post_init__(self) -> None:
        _check_path(self.path)
        if self.op not in OPS:
            _shape(_("'%(op)s' is not an operator of filters.") % {"op": str(self.op)[:40]})
        if self.op in EMPTY_OPS:
            if self.value is not None:
                _shape(_("'is empty' and 'is not empty' take no value."))
        elif self.op in ONE_VALUE_OPS:
            _check_scalar(self.value)
        else:
            self._check_list()

    def _check_list(self) -> None:
        if not isinstance(self.value, tuple):
            _shape(_("This operator takes a list of values."))
        if self.op == "between" and len(self.value) != 2:
            _shape(_("'between' takes two values."))
        for item in self.value:
            _check_scalar(item)


@dataclass(frozen=True)
class Has:
    """There is a related record, and one that matches `where` if that is given."""

    path: tuple[str, ...]
    where: Node | None = None

    def __post_init__(self) -> None:
        _check_path(self.path)
        if self.where is not None:
            _check_items((self.where,))


Node: TypeAlias = All | Any_ | Not | Test | Has


def _check_items(items: tuple[Node, ...]) -> None:
    if not isinstance(items, tuple) or not all(isinstance(item, (All, Any_, Not, Test, Has)) for item in items):
        _shape(_("A group of a filter holds conditions only."))


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below one node."""
    if isinstance(node, (All, Any_)):
        return node.items
    if isinstance(node, Not):
        return (node.item,)
    if isinstance(node, Has) and node.where is not None:
        return (node.where,)
    return ()


def check_limits(node: Node) -> None:
    """Refuse a filter from outside that is too deep, too long or reaches too far.

    A `has` and an empty group count as a test too: each of them costs the database a condition.
    """
    tests = 0
    waiting = [(node, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            _limit(_("A filter may be nested %(count)d levels deep at most.") % {"count": MAX_DEPTH})
        below = children(node)
        if isinstance(node, (Test, Has)) or not below:
            tests += 1
        if tests > MAX_TESTS or len(below) > MAX_TESTS:
            _limit(_("A filter may hold %(count)d conditions at most.") % {"count": MAX_TESTS})
        _check_size(node)
        waiting.extend((item, depth + 1) for item in below)


def _check_size(node: Node) -> None:
    if not isinstance(node, (Test, Has)):
        return
    if len(node.path) > (MAX_TEST_PATH if isinstance(node, Test) else MAX_HAS_PATH):
        path = ".".join(node.path)[:60]
        _limit(_("'%(path)s' follows more than two references.") % {"path": path})
    value = node.value if isinstance(node, Test) else None
    values = value if isinstance(value, tuple) else (value,)
    if len(values) > MAX_LIST:
        _limit(_("A list in a filter may hold %(count)d values at most.") % {"count": MAX_LIST})
    if any(isinstance(item, str) and len(item) > MAX_TEXT for item in values):
        _limit(_("A text in a filter may have %(count)d characters at most.") % {"count": MAX_TEXT})


def to_json(node: Node) -> dict[str, Json]:
    """The canonical JSON of a tree; `from_json` reads it back to an equal tree."""
    if isinstance(node, All):
        return {"all": [to_json(item) for item in node.items]}
    if isinstance(node, Any_):
        return {"any": [to_json(item) for item in node.items]}
    if isinstance(node, Not):
        return {"not": to_json(node.item)}
    if isinstance(node, Has):
        where: dict[str, Json] = {} if node.where is None else {"where": to_json(node.where)}
        return {"has": ".".join(node.path), **where}
    data: dict[str, Json] = {"field": ".".join(node.path), "op": node.op}
    if isinstance(node.value, tuple):
        data["value"] = [_scalar_to_json(item) for item in node.value]
    elif node.value is not None:
        data["value"] = _scalar_to_json(node.value)
    return data


def _scalar_to_json(value: Scalar) -> Json:
    if isinstance(value, Relative):
        return {"relative": str(value)}
    return {"me": True} if isinstance(value, Me) else value


def from_json(data: Json) -> Node:
    """Read canonical JSON from outside; unknown keys, odd shapes and trees beyond the limits are refused."""
    node = _node_from_json(data, 1)
    check_limits(node)
    return node


def _node_from_json(data: Json, depth: int) -> Node:
    if depth > MAX_DEPTH:  # before the recursion, so a bomb costs nothing
        _limit(_("A filter may be nested %(count)d levels deep at most.") % {"count": MAX_DEPTH})
    if not isinstance(data, dict):
        _shape(_("A condition of a filter is an object."))
    if "field" in data:
        _check_keys(data, {"field", "op", "value"})
        value = _value_from_json(data.get("value"))
        return Test(_path_from_json(data["field"]), _text_from_json(data.get("op")), value)
    if "has" in data:
        _check_keys(data, {"has", "where"})
        where = data.get("where")
        return Has(_path_from_json(data["has"]), None if where is None else _node_from_json(where, depth + 1))
    if "not" in data:
        _check_keys(data, {"not"})
        return Not(_node_from_json(data["not"], depth + 1))
    return _group_from_json(data, depth)


def _group_from_json(data: dict[str, Json], depth: int) -> Node:
    for word, group in (("all", All), ("any", Any_)):
        if word not in data:
            continue
        _check_keys(data, {word})
        items = data[word]
        if not isinstance(items, list):
            _shape(_("A group of a filter is a list of conditions."))
        if len(items) > MAX_TESTS:
            _limit(_("A filter may hold %(count)d conditions at most.") % {"count": MAX_TESTS})
        return cast(Node, group(tuple(_node_from_json(item, depth + 1) for item in items)))
    _shape(_("A condition of a filter has one of the keys all, any, not, field and has."))


def _check_keys(data: dict[str, Json], known: set[str]) -> None:
    unknown = sorted(str(key) for key in data if key not in known)
    if unknown:
        _shape(_("'%(key)s' is not a key of this condition.") % {"key": unknown[0][:60]})


def _text_from_json(data: Json) -> str:
    if not isinstance(data, str):
        _shape(_("A condition of a filter has a field and an operator."))
    return data


def _path_from_json(data: Json) -> tuple[str, ...]:
    return tuple(_text_from_json(data).split(".", MAX_TEST_PATH + 1))


def _value_from_json(data: Json) -> Value:
    if isinstance(data, list):
        if len(data) > MAX_LIST:
            _limit(_("A list in a filter may hold %(count)d values at most.") % {"count": MAX_LIST})
        return tuple(_scalar_from_json(item) for item in data)
    return None if data is None else _scalar_from_json(data)


def _scalar_from_json(data: Json) -> Scalar:
    if isinstance(data, (bool, int, str)):
        return data
    if isinstance(data, float):
        _shape(_('Write a number with decimals as text, such as "12.50", so that it stays exact.'))
    if isinstance(data, dict):
        if data == {"me": True} and data["me"] is True:
            return ME
        relative = data.get("relative")
        if len(data) == 1 and isinstance(relative, str):
            return Relative.parse(relative)
    _shape(_("A filter value is a text, a whole number, true, false, me or a relative time."))
