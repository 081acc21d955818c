"""Finding entries of the change log, newest first, however many there are: every step reads a bounded part of one index.

A condition that few entries meet is walked along; the other conditions are asked of what it found. So neither database
ever reads a million entries to find three (measured in benchmarks/audit_log.py).
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from django.db.models import QuerySet

from rapport.kernel.changes.models import Change

#: Numbers read in one step along an index, and in the first one where every number found is an answer.
_STEP = 2_000
_FIRST_STEP = 200
#: How far a condition is probed to learn how rare it is.
_PROBE = 499
#: Entries are numbered when their transaction commits, so times are a little out of order. No transaction is longer.
_SLACK = dt.timedelta(hours=2)


class Walk:
    """The numbers of the entries that meet all conditions, in steps downwards."""

    def __init__(
        self, workspace_id: UUID, equal: Mapping[str, object], types: Sequence[str] | None,
        since: dt.datetime | None, until: dt.datetime | None,
    ) -> None:  # fmt: skip
        """`equal` maps indexed columns (type, verb, actor_id, record_id) to values; `types` None means all."""
        self.every = self.rows = Change.objects.filter(workspace_id=workspace_id)
        self.equal, self.types = dict(equal), types
        if since is not None:
            self.rows = self.rows.filter(number__gte=self._number_at(since - _SLACK), at__gte=since)
        if until is not None:
            self.rows = self.rows.filter(number__lt=self._number_at(until + _SLACK), at__lt=until)

    def steps(self, below: int | None) -> Iterator[tuple[list[int], int | None]]:
        """(matching numbers of a step, the number to go on below or None at the end), from the newest on."""
        driver = self._rarest(below)
        is_simple = len(self.equal) < 2 and not (driver and self.types is not None)
        step = _FIRST_STEP if is_simple else _STEP
        while True:
            numbers = self._along(driver, below, step)
            going_on = numbers[-1] if len(numbers) == step else None
            step = _STEP
            yield self._meeting_the_rest(numbers, driver), going_on
            if going_on is None:
                return
            below = going_on

    def _below(self, rows: QuerySet[Change], below: int | None) -> QuerySet[Change]:
        return rows if below is None else rows.filter(number__lt=below)

    def _rarest(self, below: int | None) -> str:
        """The condition that is met least often from here on, "" when there is none."""
        if len(self.equal) < 2:
            return next(iter(self.equal), "")
        found = {}
        for key, value in self.equal.items():
            rows = self._below(self.rows.filter(**{key: value}), below).order_by("-number")
            found[key] = next(iter(rows.values_list("number", flat=True)[_PROBE : _PROBE + 1]), -1)
        return min(found, key=lambda key: found[key])

    def _along(self, driver: str, below: int | None, step: int) -> list[int]:
        """The next numbers along the driving condition; without one along each type, merged."""
        rows = self._below(self.rows, below).order_by("-number").values_list("number", flat=True)
        if driver:
            return list(rows.filter(**{driver: self.equal[driver]})[:step])
        if self.types is None:
            return list(rows[:step])
        each = [rows.filter(type=key)[:step] for key in self.types]
        return list(heapq.merge(*each, reverse=True))[:step]

    def _meeting_the_rest(self, numbers: list[int], driver: str) -> list[int]:
        rest = {key: value for key, value in self.equal.items() if key != driver}
        if driver and self.types is not None and "type" not in self.equal:
            rest["type__in"] = list(self.types)
        if not rest or not numbers:
            return numbers
        rows = self.rows.filter(number__in=numbers, **rest)
        return list(rows.order_by("-number").values_list("number", flat=True))

    def _number_at(self, moment: dt.datetime) -> int:
        """About the first number from a moment on, by halving: numbers rise with time and have no gaps."""
        low, high = 1, (self.every.order_by("-number").values_list("number", flat=True).first() or 0) + 1
        while low < high:
            middle = (low + high) // 2
            at = self.every.filter(number__gte=middle).order_by("number").values_list("at", flat=True).first()
            if at is None or at >= moment:
                high = middle
            else:
                low = middle + 1
        return low
