"""Sorting by up to three keys, page by page, at a price that does not grow with the table.

The first key walks its index as a single sort does. What the further keys add is the order within one value of the first:

- few rows share the value: they are fetched and sorted;
- many do: the second key's index is walked within the value, for at most `_WINDOW` entries. Rows of a value that so many
  share come up often along the way; where they do not (all of them lie at the far end), the page is refused with a
  sentence that names the remedy rather than walking a million rows for fifty.

Empty values come last under every key, in both directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dc_field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.query.own_order import keyed, keys_behind
from rapport.kernel.query.walking import fenced, merged
from rapport.kernel.records.field import OWN, Field
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

MOST_KEYS = 3
#: Rows that share a value and are still sorted at once; entries of an index that a page walks past at most.
_FEW, _WINDOW = 5_000, 50_000


@dataclass(frozen=True)
class Key:
    """One key of a sort: the ORM path that an index serves, and the direction."""

    path: str
    down: bool
    nullable: bool = False
    label: str = ""
    #: The field of the company's own that is sorted by, and its keys in the value index (`own_order.py`); beside other keys
    #: its path is an annotation.
    own: Field | None = None
    entries: QuerySet | None = dc_field(default=None, compare=False)

    @property
    def sign(self) -> str:
        """What Django writes in front of the path."""
        return "-" if self.down else ""

    def past(self, value: object, *, itself: bool = False) -> Q:
        """Rows that have a value and come after all those with this one (or, with `itself`, not before them)."""
        step = f"{'lt' if self.down else 'gt'}{'e' if itself else ''}"
        return Q(**{f"{self.path}__{step}": value}) if self.entries is None else self.having(**{f"key__{step}": value})

    def having(self, **keys: object) -> Q:
        """Rows whose key of an own field is so."""
        assert self.entries is not None
        return Q(pk__in=self.entries.filter(**keys).values("record_id"))

    def beyond(self, value: object) -> Q:
        """Rows that come after all those with the value, the empty ones included."""
        if value is None:
            return Q(pk__in=[])
        return self.past(value) | self.equal(None) if self.nullable else self.past(value)

    def equal(self, value: object) -> Q:
        """Rows with the value."""
        if self.entries is not None:
            none = ~Q(Exists(self.entries.filter(record_id=OuterRef("pk"))))
            return none if value is None else self.having(key=value)
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})


#: Values of the keys at the end of a page, and the id there.
After = tuple[list[object], UUID]


def sort_keys(ctx: Context, info: TypeInfo, sort: str) -> list[Key]:
    """The keys of a sort such as "-amount,name"; newest first for none. Raises Invalid with advice."""
    texts = [text.strip() for text in sort.split(",") if text.strip()]
    if len(texts) > MOST_KEYS or len({text.lstrip("-") for text in texts}) < len(texts):
        raise Invalid(
            _("A list is sorted by %(most)d different fields at most.") % {"most": MOST_KEYS}, code="unsortable", field="sort"
        )
    keys: list[Key] = []
    for text in texts:
        keys.append(_key(ctx, info, text))
        if keys[-1].own is not None and len(texts) > 1:
            one = keys[-1].own
            keys[-1] = replace(keys[-1], path=f"own_{one.place}", entries=keyed(ctx, info, one))
        if keys[-1].path == "id":
            break  # no two records were created at the same id, so nothing is left to order
    return keys or [Key("id", True)]


def _key(ctx: Context, info: TypeInfo, text: str) -> Key:
    every = gate.fields(ctx, info)
    found = every.get(text.removeprefix("-"))
    if found is None:
        raise Invalid(
            _("%(type)s has no field “%(key)s”.") % {"type": str(info.label).capitalize(), "key": text.removeprefix("-")[:60]},
            code="unknown_field", field="sort",
        )  # fmt: skip
    if not found.sort_path:
        able = ", ".join(f.key for f in every.values() if f.sort_path)
        raise Invalid(
            _("Lists cannot be sorted by “%(label)s”; they can by: %(able)s.") % {"label": found.label, "able": able},
            code="unsortable", field="sort",
        )  # fmt: skip
    if found.sort_path == OWN:
        return Key(OWN, text.startswith("-"), True, str(found.label), found)
    nullable = found.sort_path != "id" and info.model._meta.get_field(found.sort_path).null
    return Key(found.sort_path, text.startswith("-"), nullable, str(found.label))


class Sorted:
    """One page of rows in the order of several keys."""

    def __init__(
        self, ctx: Context, info: TypeInfo, rows: QuerySet, names: list[str], keys: Sequence[Key], *, is_patient: bool = False
    ) -> None:
        """`is_patient`: an export, which rather walks a long way than breaks off in the middle of a file."""
        self.ctx, self.info, self.rows, self.names, self.keys = ctx, info, rows, names, tuple(keys)
        self.is_patient = is_patient
        for key in (one for one in keys if one.entries is not None):
            value = key.entries.filter(record_id=OuterRef("pk")).values("key")[:1]  # type: ignore[union-attr]
            self.rows = self.rows.annotate(**{key.path: Subquery(value)})

    def page(self, after: After | None, wanted: int, *, few: bool, splits: Sequence[Q]) -> list[tuple[object, ...]]:
        """`wanted` rows after the cursor. `few`: all visible rows may be sorted at once; `splits`: conditions under each of
        which an index serves the first key (see `walking.parts`)."""
        if few:
            return self._at_once(Q(), self.keys, after, wanted)
        return self._walk(Q(), self.keys, after, wanted, splits or [Q()])

    def _at_once(self, where: Q, keys: Sequence[Key], after: After | None, wanted: int) -> list[tuple[object, ...]]:
        """The few rows of a condition, sorted."""
        order = []
        # By values that no index has, so that no planner walks one after all.
        named = {f"sorted_{at}": Coalesce(key.path, key.path) for at, key in enumerate(keys)}
        for name, key in zip(named, keys, strict=True):
            order.append(F(name).desc(nulls_last=True) if key.down else F(name).asc(nulls_last=True))
        rows = self.rows.filter(where).filter(_behind(keys, after)).annotate(**named)
        return list(rows.order_by(*order, f"{keys[-1].sign}pk").values_list(*self.names)[:wanted])

    def _walk(
        self, fixed: Q, keys: Sequence[Key], after: After | None, wanted: int, splits: Sequence[Q]
    ) -> list[tuple[object, ...]]:  # fmt: skip
        """Rows with the values of `fixed`, in the order of the keys that are left."""
        key, rest = keys[0], keys[1:]
        if not rest:
            return self._last(fixed, key, after, wanted)
        found: list[tuple[object, ...]] = []
        start = Q()
        if after is not None:
            found = self._group(fixed & key.equal(after[0][0]), rest, (after[0][1:], after[1]), wanted)
            if after[0][0] is None:
                return found
            start = key.past(after[0][0])
        heads: list[object] = []
        if len(found) < wanted and key.entries is not None:
            behind = Q() if after is None else Q(**{f"key__{'lt' if key.down else 'gt'}": after[0][0]})
            heads = [value for _pk, value in self._own_walk(fixed, key, behind, wanted - len(found))]
        elif len(found) < wanted:
            heads = self._heads(fixed, start, key, wanted - len(found), splits)
        if heads:
            last = heads[-1]
            if last != heads[0]:
                ends = {f"key__{'lte' if key.down else 'gte'}": heads[0], f"key__{'gt' if key.down else 'lt'}": last}
                here = start & Q(**{f"{key.path}__{'gt' if key.down else 'lt'}": last}) if key.own is None else key.having(**ends)
                before = fixed & here
                found += self._at_once(before, keys, None, wanted - len(found))
            found += self._group(fixed & key.equal(last), rest, None, wanted - len(found))
        if len(found) < wanted and key.nullable:
            found += self._group(fixed & key.equal(None), rest, None, wanted - len(found))
        return found

    def _heads(self, fixed: Q, start: Q, key: Key, wanted: int, splits: Sequence[Q]) -> list[object]:
        """The values of the first key in the next rows."""
        full = Q(**{f"{key.path}__isnull": False}) if key.nullable else Q()
        window = self._window(fixed, key, start)
        rows = self.rows.filter(fixed & start & full & window).order_by(f"{key.sign}{key.path}", f"{key.sign}pk")
        found = [list(rows.filter(one).values_list("pk", key.path)[:wanted]) for one in splits]
        together = found[0] if len(found) == 1 else merged(found, 1, down=key.down, wanted=wanted)
        if window and len(together) < wanted:
            self._refuse(key)
        return [value for _pk, value in together]

    def _group(self, where: Q, keys: Sequence[Key], after: After | None, wanted: int) -> list[tuple[object, ...]]:
        """Rows that share a value, in the order of the further keys."""
        if wanted <= 0:
            return []
        if self._is_few(gate.unscoped_rows(self.ctx, self.info).filter(where)) or self._is_few(self.rows.filter(where)):
            return self._at_once(where, keys, after, wanted)
        return self._walk(where, keys, after, wanted, [Q()])

    @staticmethod
    def _is_few(rows: QuerySet) -> bool:
        return rows.order_by().values("pk")[: _FEW + 1].count() <= _FEW

    def _last(self, fixed: Q, key: Key, after: After | None, wanted: int) -> list[tuple[object, ...]]:
        """The last key: its index and the id, then the rows without a value."""
        found: list[tuple[object, ...]] = []
        if key.entries is not None:
            return self._last_own(fixed, key, after, wanted)
        behind = _behind([key], after)
        if key.path == "id" or after is None or after[0][0] is not None:
            full = Q(**{f"{key.path}__isnull": False}) if key.nullable else Q()
            if key.path != "id" and after is not None:
                full &= key.past(after[0][0], itself=True)  # lets the index start at the value
            window = self._window(fixed, key, behind & full)
            order = [f"{key.sign}pk"] if key.path == "id" else [f"{key.sign}{key.path}", f"{key.sign}pk"]
            rows = self.rows.filter(fixed & full & window).filter(behind)
            found = list(rows.order_by(*order).values_list(*self.names)[:wanted])
            if window and len(found) < wanted:
                self._refuse(key)
        if len(found) < wanted and key.nullable:
            empty = self.rows.filter(fixed & key.equal(None))
            if after is not None and after[0][0] is None:
                empty = empty.filter(behind)
            found += list(empty.order_by(f"{key.sign}pk").values_list(*self.names)[: wanted - len(found)])
        return found

    def _own_walk(self, fixed: Q, key: Key, behind: Q, wanted: int) -> list[tuple[UUID, str]]:
        """The next records along the keys of an own field: at most a window of them within a value that many share."""
        assert key.entries is not None
        there = self.rows.filter(fixed).order_by().filter(pk=OuterRef("record_id")).values("pk")
        some = key.entries.filter(behind).order_by(f"{key.sign}key", f"{key.sign}record_id")
        end = None if not fixed or self.is_patient else some.values_list("key", flat=True)[_WINDOW : _WINDOW + 1].first()
        if end is not None:
            some = some.filter(**{f"key__{'gte' if key.down else 'lte'}": end})
        found = list(some.filter(fenced(Q(Exists(there)))).values_list("record_id", "key")[:wanted])
        if end is not None and len(found) < wanted:
            self._refuse(key)
        return found

    def _last_own(self, fixed: Q, key: Key, after: After | None, wanted: int) -> list[tuple[object, ...]]:
        """An own field as the last key: its keys and the id, then the rows without a value."""
        found: list[tuple[object, ...]] = []
        if after is None or after[0][0] is not None:
            behind = Q() if after is None else keys_behind((str(after[0][0]), after[1]), down=key.down)
            ids = [pk for pk, _key in self._own_walk(fixed, key, behind, wanted)]
            rows = {row[0]: row for row in self.rows.filter(pk__in=ids).values_list(*self.names)}
            found = [rows[pk] for pk in ids if pk in rows]
        empty = self.rows.filter(fixed & key.equal(None))
        if after is not None and after[0][0] is None:
            empty = empty.filter(**{f"pk__{'lt' if key.down else 'gt'}": after[1]})
        left = wanted - len(found)
        return found + (list(empty.order_by(f"{key.sign}pk").values_list(*self.names)[:left]) if left > 0 else [])

    def _window(self, fixed: Q, key: Key, behind: Q) -> Q:
        """Within a value that many share: the end of the stretch of the key's index that a page may walk. Q() when the
        walk is free to go on (the first key), or when the index ends before."""
        if not fixed or self.is_patient:
            return Q()
        rows = gate.unscoped_rows(self.ctx, self.info).filter(behind)
        order = [f"{key.sign}pk"] if key.path == "id" else [f"{key.sign}{key.path}", f"{key.sign}pk"]
        if key.nullable:
            rows = rows.filter(**{f"{key.path}__isnull": False})
        end = rows.order_by(*order).values_list(key.path, flat=True)[_WINDOW : _WINDOW + 1].first()
        return Q() if end is None else Q(**{f"{key.path}__{'gte' if key.down else 'lte'}": end})

    def _refuse(self, key: Key) -> None:
        raise Invalid(
            _("Too many %(plural)s share one value to be sorted by “%(label)s” within it. Group the list by that value, or "
              "filter until fewer are left.") % {"plural": self.info.plural, "label": key.label or _("created")},
            code="too_many_ties", field="sort",
        )  # fmt: skip


def _behind(keys: Sequence[Key], after: After | None) -> Q:
    """Rows after the cursor in the order of the keys and the id."""
    if after is None:
        return Q()
    values, pk = after
    found, same = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        if key.path == "id":
            break
        found |= same & key.beyond(value)
        same &= key.equal(value)
    step = "lt" if keys[-1].down else "gt"
    return found | (same & Q(**{f"pk__{step}": pk}))
