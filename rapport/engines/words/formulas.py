"""Formulas of calculated fields: a small language read with Python's own parser, checked against a list, and never executed.

Numbers, money (in the workspace's currency), dates, texts and yes/no. What is empty makes the result empty, except in
`first(a, b)`; comparing with something empty is no. Dividing by zero is empty.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation, localcontext

from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid

#: Formula sizes that a person writes; a longer one is a program.
LONGEST, MOST_PARTS = 500, 120
#: Results beyond are taken for mistakes, and are empty.
_LARGEST = Decimal(10) ** 15
_TEXT = 500

#: The sort of value that each kind gives to a formula; other kinds cannot stand in one.
SORTS = {
    "number": "number", "percent": "number", "money": "money", "date": "date", "text": "text", "choice": "text",
    "one_email": "text", "web": "text", "yesno": "yesno",
}  # fmt: skip
Value = Decimal | dt.date | str | bool | None


@dataclass(frozen=True)
class Formula:
    """A formula that was read: its tree, the fields it names, and the sort of its result."""

    tree: ast.expr
    names: frozenset[str]
    sort: str


def read_formula(text: str, sorts: Mapping[str, str]) -> Formula:
    """Read and check a formula over fields of these sorts. Raises Invalid with a sentence that says what is wrong where."""
    if len(text) > LONGEST:
        raise _wrong(_("A formula has %(most)d characters at most.") % {"most": LONGEST})
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _wrong(_("This is no formula. Write one such as: amount * probability / 100")) from None
    if sum(1 for _node in ast.walk(tree)) > MOST_PARTS:
        raise _wrong(_("This formula is too long; calculate a part of it in a field of its own."))
    return Formula(tree, frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in sorts), _sort(tree, sorts))


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, code="bad_formula", field="formula")


# -- what sort of value a part gives ---------------------------------------------------------------------------------

_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
#: (operator, left, right) -> result
_RESULTS = {
    **{(op, "number", "number"): "number" for op in "+-*/"}, ("+", "money", "money"): "money", ("-", "money", "money"): "money",
    ("*", "money", "number"): "money", ("*", "number", "money"): "money", ("/", "money", "number"): "money",
    ("/", "money", "money"): "number", ("-", "date", "date"): "number", ("+", "date", "number"): "date",
    ("-", "date", "number"): "date", ("+", "text", "text"): "text",
}  # fmt: skip


def _sort(node: ast.expr, sorts: Mapping[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if isinstance(node, ast.Name):
        if node.id not in sorts:
            raise _wrong(_("There is no field “%(key)s” that a formula could use.") % {"key": node.id[:60]})
        return sorts[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        sign = _ARITHMETIC[type(node.op)]
        left, right = _sort(node.left, sorts), _sort(node.right, sorts)
        found = _RESULTS.get((sign, left, right))
        if found is None:
            raise _wrong(
                _("“%(sign)s” does not go between %(left)s and %(right)s.")
                % {"sign": sign, "left": _named(left), "right": _named(right)}
            )
        return found
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return _among(node.operand, sorts, ("number", "money"))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _among(node.operand, sorts, ("yesno",))
    if isinstance(node, ast.BoolOp):
        for one in node.values:
            _among(one, sorts, ("yesno",))
        return "yesno"
    if isinstance(node, ast.Compare) and all(isinstance(op, _COMPARE) for op in node.ops):
        _same([node.left, *node.comparators], sorts)
        return "yesno"
    if isinstance(node, ast.IfExp):
        _among(node.test, sorts, ("yesno",))
        return _same([node.body, node.orelse], sorts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _call_sort(node, sorts)
    raise _wrong(_("A formula knows + - * /, comparisons, and, or, not, “a if b else c” and: %(names)s.")
                 % {"names": ", ".join([*_FUNCTIONS, "when"])})  # fmt: skip


def _constant(value: object) -> str:
    if isinstance(value, bool):
        return "yesno"
    if isinstance(value, (int, float)) and abs(Decimal(repr(value))) <= _LARGEST:
        return "number"
    if isinstance(value, str) and len(value) <= _TEXT:
        return "text"
    raise _wrong(_("This is no formula. Write one such as: amount * probability / 100"))


def _named(sort: str) -> str:
    return {
        "number": _("a number"), "money": _("money"), "date": _("a date"), "text": _("a text"), "yesno": _("yes or no"),
    }[sort]  # fmt: skip


def _among(node: ast.expr, sorts: Mapping[str, str], allowed: tuple[str, ...]) -> str:
    found = _sort(node, sorts)
    if found not in allowed:
        raise _wrong(_("Here belongs %(wanted)s, not %(given)s.") % {"wanted": _named(allowed[0]), "given": _named(found)})
    return found


def _same(nodes: list[ast.expr], sorts: Mapping[str, str]) -> str:
    found = [_sort(node, sorts) for node in nodes]
    for one in found[1:]:
        if one != found[0]:
            raise _wrong(
                _("Both sides must be alike; these are %(left)s and %(right)s.")
                % {"left": _named(found[0]), "right": _named(one)}
            )
    return found[0]


def _call_sort(node: ast.Call, sorts: Mapping[str, str]) -> str:
    name, given = node.func.id, node.args  # type: ignore[attr-defined]
    if name == "when" and len(given) == 3:
        _among(given[0], sorts, ("yesno",))
        return _same(given[1:], sorts)
    if name in ("min", "max", "first") and len(given) >= 2:
        return _same(given, sorts)
    if name == "abs" and len(given) == 1:
        return _among(given[0], sorts, ("number", "money"))
    if name == "round" and len(given) in (1, 2):
        if len(given) == 2 and not (isinstance(given[1], ast.Constant) and given[1].value in range(10)):
            raise _wrong(_("Say how many decimals to round to, 0 to 9."))
        return _among(given[0], sorts, ("number", "money"))
    wanted = _FUNCTIONS.get(name)
    if wanted is not None and wanted[0] and len(given) == 1:
        _among(given[0], sorts, (wanted[0],))
        return wanted[1]
    raise _wrong(_("There is no function “%(name)s” that takes this.") % {"name": name[:60]})


#: name -> (sort it takes, sort it gives, what it does); "" for those that `_call_sort` knows itself
_FUNCTIONS: dict[str, tuple[str, str, Callable[..., Value]]] = {
    "year": ("date", "number", lambda d: Decimal(d.year)), "month": ("date", "number", lambda d: Decimal(d.month)),
    "day": ("date", "number", lambda d: Decimal(d.day)), "length": ("text", "number", lambda t: Decimal(len(t))),
    "lower": ("text", "text", str.lower), "upper": ("text", "text", str.upper), "trim": ("text", "text", str.strip),
    "abs": ("", "", abs), "min": ("", "", min), "max": ("", "", max), "round": ("", "", round), "first": ("", "", min),
}  # fmt: skip


# -- the value -------------------------------------------------------------------------------------------------------


def value_of(formula: Formula, values: Mapping[str, Value]) -> Value:
    """The result for one record's values; None for empty, for a division by zero and for what is beyond all bounds."""
    try:
        with localcontext() as exact:
            exact.prec = 50
            found = _value(formula.tree, values)
    except (DivisionByZero, InvalidOperation, OverflowError, ValueError):
        return None
    if isinstance(found, Decimal) and abs(found) > _LARGEST:
        return None
    return found[:_TEXT] if isinstance(found, str) else found


def _value(node: ast.expr, values: Mapping[str, Value]) -> Value:
    if isinstance(node, ast.Constant):
        return Decimal(repr(node.value)) if type(node.value) in (int, float) else node.value  # type: ignore[return-value]
    if isinstance(node, ast.Name):
        return values.get(node.id)
    if isinstance(node, ast.BinOp):
        return _arithmetic(type(node.op), _value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, values)
        if isinstance(node.op, ast.Not):
            return not inner
        return None if inner is None else -inner if isinstance(node.op, ast.USub) else inner  # type: ignore[operator]
    if isinstance(node, ast.BoolOp):
        several = (bool(_value(one, values)) for one in node.values)
        return all(several) if isinstance(node.op, ast.And) else any(several)
    if isinstance(node, ast.Compare):
        return _compared(node, values)
    if isinstance(node, ast.IfExp):
        return _value(node.body if _value(node.test, values) else node.orelse, values)
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return _called(node.func.id, node.args, values)


def _arithmetic(op: type, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    if isinstance(left, dt.date):
        if isinstance(right, dt.date):
            return Decimal((left - right).days)
        step = dt.timedelta(days=int(right))  # type: ignore[arg-type]
        return left + step if op is ast.Add else left - step
    if op is ast.Add:
        return left + right  # type: ignore[operator]
    if op is ast.Sub:
        return left - right  # type: ignore[operator]
    return left * right if op is ast.Mult else left / right  # type: ignore[operator]


def _compared(node: ast.Compare, values: Mapping[str, Value]) -> bool:
    left = _value(node.left, values)
    for op, other in zip(node.ops, node.comparators, strict=True):
        right = _value(other, values)
        if left is None or right is None:
            return False
        met = {
            ast.Eq: left == right, ast.NotEq: left != right, ast.Lt: left < right, ast.LtE: left <= right,  # type: ignore[operator]
            ast.Gt: left > right, ast.GtE: left >= right,  # type: ignore[operator]
        }[type(op)]  # fmt: skip
        if not met:
            return False
        left = right
    return True


def _called(name: str, given: list[ast.expr], values: Mapping[str, Value]) -> Value:
    if name == "when":
        return _value(given[1] if _value(given[0], values) else given[2], values)
    several = [_value(one, values) for one in given]
    if name == "first":
        return next((one for one in several if one is not None), None)
    if any(one is None for one in several):
        return None
    if name == "round":
        places = int(several[1]) if len(several) == 2 else 0  # type: ignore[arg-type]
        return several[0].quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)  # type: ignore[union-attr]
    return _FUNCTIONS[name][2](several) if name in ("min", "max") else _FUNCTIONS[name][2](*several)
