"""Finding and sorting by the company's own fields: their keys stand in the value index, in sorting order.

An index on an expression over the JSON was weighed and lost: behind row-level security PostgreSQL uses an index only for
conditions whose functions are leakproof, and `->>` is not (docs/decisions/0017-words.md has the figures). The value index
is a plain column, so a page is a walk along it on both databases, a filter a range in it.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, UUIDField, When
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from rapport.kernel.custom.keys import sort_key
from rapport.kernel.errors import Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.walking import FEW, fenced, walked

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.field import Field
    from rapport.kernel.records.registry import TypeInfo

#: Operators that a range of keys answers.
_RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_TEXTS = ("text", "longtext", "web", "one_email")
_LAST = "\U0010ffff"
After = tuple[str | None, UUID]


def keyed(ctx: Context, info: TypeInfo, field: Field) -> QuerySet:
    """The keys of a field."""
    return IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type=info.key, field=field.key_name)


def key_condition(ctx: Context, info: TypeInfo, field: Field, op: str, value: object, *, walking: bool) -> Q | None:
    """The condition by keys; None for an operator that they do not answer. Raises Invalid for a value of another sort."""
    rows = keyed(ctx, info, field)
    if op == "empty":
        return Q(~Exists(rows.filter(record_id=OuterRef("pk"))))
    met = _met(ctx, field, op, value)
    if met is None:
        return None
    hits = rows.filter(met)
    found = walked(hits) if walking else Q(pk__in=hits.values("record_id"))
    # The keys of texts are folded and cut; what they find is looked at once more.
    exact = not field.is_kept and field.kind.key in (*_TEXTS, "choice")
    return found & field.kind.compile(field.path, op, value, ctx.cleaning()) if exact else found


def _met(ctx: Context, field: Field, op: str, value: object) -> Q | None:
    if op == "in":
        several = value if isinstance(value, (tuple, list)) else (value,)
        return Q(key__in=[_key(ctx, field, one) for one in several])
    if op == "between":
        low, high = field.kind.pair(value)
        return Q(key__gte=_key(ctx, field, low), key__lte=_key(ctx, field, high))
    if op == "starts" and isinstance(value, str):
        start = sort_key(ctx, value) or ""
        return Q(key__gte=start, key__lt=start + _LAST)
    if op not in ("is", *_RANGES):
        return None
    key = _key(ctx, field, value)
    return Q(key=key) if op == "is" else Q(**{f"key__{_RANGES[op]}": key})


def _key(ctx: Context, field: Field, value: object) -> str:
    kind = field.kind
    if kind.key in _TEXTS and isinstance(value, str):
        return sort_key(ctx, value) or ""
    if kind.key == "choice":
        return sort_key(ctx, kind.operand(value, ctx.cleaning())) or ""
    cleaned = kind.parse(value, ctx.cleaning()) if isinstance(value, str) else kind.clean(value, ctx.cleaning())
    key = None if cleaned is None else sort_key(ctx, cleaned)
    if key is None:
        raise Invalid(_("Give a value to compare with, or choose “is empty”."), code="no_value")
    return key


def pointing(ctx: Context, info: TypeInfo, field: Field, targets: QuerySet) -> QuerySet:
    """The keys of records whose own reference points at one of these records."""
    return keyed(ctx, info, field).annotate(target=_as_id(field)).filter(target__in=targets.values("pk"))


def pointed_at(ctx: Context, info: TypeInfo, field: Field, rows: QuerySet) -> QuerySet:
    """The ids that these records' own reference points at."""
    among = keyed(ctx, info, field).filter(record_id__in=rows.values("pk"))
    return among.annotate(target=_as_id(field)).values("target")


def _as_id(field: Field) -> Case:
    """The key as an id; guarded, because a planner may look at rows of other fields first, whose keys are no ids."""
    return Case(When(field=field.key_name, then=Cast("key", UUIDField())), default=None, output_field=UUIDField())


def keys_behind(after: After, *, down: bool) -> Q:
    """The keys behind that of a record, and behind the record among those with the same key."""
    step = "lt" if down else "gt"
    tied = Q(**{f"key__{step}": after[0]}) | Q(**{f"record_id__{step}": after[1]})
    return Q(**{f"key__{step}e": after[0]}) & tied  # the first half lets the index start there


def sorted_ids(
    ctx: Context, info: TypeInfo, field: Field, rows: QuerySet, *, down: bool, wanted: int, after: After | None
) -> list[tuple[UUID, str | None]]:
    """The next ids of `rows` in the order of a field, each with its key; those without a value come last, by id.

    Few rows are sorted at once; otherwise the keys are walked, each tested for being among the rows.
    """
    entries = keyed(ctx, info, field)
    few = list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
    if len(few) <= FEW:
        return _at_once(entries, few, down=down, wanted=wanted, after=after)
    found: list[tuple[UUID, str | None]] = []
    if after is None or after[0] is not None:
        sign, behind = "-" if down else "", Q() if after is None else keys_behind(after, down=down)
        among = fenced(Q(Exists(rows.order_by().filter(pk=OuterRef("record_id")).values("pk"))))
        some = entries.filter(behind).filter(among).order_by(f"{sign}key", f"{sign}record_id")
        found = list(some.values_list("record_id", "key")[:wanted])
    if len(found) < wanted:
        empty = rows.filter(fenced(~Q(Exists(entries.filter(record_id=OuterRef("pk"))))))
        if after is not None and after[0] is None:
            empty = empty.filter(pk__gt=after[1])
        found += [(pk, None) for pk in empty.order_by("pk").values_list("pk", flat=True)[: wanted - len(found)]]
    return found


def _at_once(
    entries: QuerySet, few: list[UUID], *, down: bool, wanted: int, after: After | None
) -> list[tuple[UUID, str | None]]:
    keys: dict[UUID, str] = {}
    for at in range(0, len(few), 500):
        keys |= dict(entries.filter(record_id__in=few[at : at + 500]).values_list("record_id", "key"))
    full = sorted(((pk, key) for pk, key in keys.items()), key=lambda pair: (pair[1], pair[0]), reverse=down)
    every: list[tuple[UUID, str | None]] = [*full, *((pk, None) for pk in sorted(set(few) - set(keys)))]
    if after is not None:
        mark = (after[1], after[0])
        place = next((n for n, pair in enumerate(every) if pair == mark), None)
        every = every[place + 1 :] if place is not None else [p for p in every if _is_behind(p, after, down=down)]
    return every[:wanted]


def _is_behind(pair: tuple[UUID, str | None], after: After, *, down: bool) -> bool:
    """Whether a row comes after the cursor's, whose own row is gone."""
    (pk, key), (mark, last) = pair, after
    if key is None or mark is None:
        return key is None and (mark is not None or pk > last)
    return ((key, pk) < (mark, last)) if down else ((key, pk) > (mark, last))


def written_cursor(sort: str, pk: UUID, key: str | None) -> str:
    """The cursor after a row."""
    data = json.dumps([sort, "own", key, str(pk)], separators=(",", ":"))
    return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")


def read_cursor(cursor: str, sort: str) -> After | None:
    """What a cursor says; ValueError for one of another list or order."""
    if not cursor:
        return None
    try:
        was, mark, key, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise ValueError(cursor) from None
    found = as_id(pk)
    if was != sort or mark != "own" or found is None or not (key is None or (isinstance(key, str) and key.isprintable())):
        raise ValueError(cursor)
    return key, found
