"""Values that were written while their field was of another kind: in the change log they stand as they were."""

from __future__ import annotations

import json

from rapport.kernel.kinds.base import Kind

#: What a value of a kind is in JSON, by the word of its schema.
_SHAPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,), "object": (dict,),
}  # fmt: skip


def reads(kind: Kind, logged: object) -> bool:
    """Whether the kind can read a value of the log back: it is of its shape, and means something to it."""
    shape = _SHAPES.get(str(kind.json_schema().get("type", "")))
    if shape is not None and (not isinstance(logged, shape) or (isinstance(logged, bool) and bool not in shape)):
        return False
    try:
        kind.from_json(logged)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return False
    # A day reads as a midnight without a zone, which is no point in time.
    return kind.key != "datetime" or "T" in str(logged)


def in_words(logged: object) -> str | None:
    """A value of the log as plain words, whatever kind wrote it."""
    if logged is None or isinstance(logged, str):
        return logged
    if isinstance(logged, list):
        return "; ".join(in_words(one) or "" for one in logged)
    if isinstance(logged, dict):
        return " ".join(str(one) for one in logged.values() if one not in (None, ""))
    return json.dumps(logged, ensure_ascii=False)
