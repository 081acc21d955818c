"""The check's way of writing: what only shows once a row stands (conditions of own fields, who may see it, values that may
stand once) is found by writing the batch and taking it back.

Nothing of it lasts: the transaction is rolled back, no change gets a number, and no counter of the workspace is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.engines.imports.batch import Batcher, Counts, Row
from rapport.engines.imports.lookalikes import look_known
from rapport.engines.imports.references import Coming
from rapport.kernel.access import gate
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context
from rapport.kernel.custom.conditions import conditions_of
from rapport.kernel.custom.keys import unique_keys
from rapport.kernel.custom.unique import unique_fields
from rapport.kernel.errors import RapportError
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.engines.imports.plan import Plan


def needs_trial(ctx: Context, info: TypeInfo) -> bool:
    """Whether rows of this type can be refused for something that only a written row shows."""
    if conditions_of(ctx.workspace, info.key) or unique_fields(ctx, info):
        return True
    seen = all(gate.sees_all(ctx, info, verb) for verb in ("create", "view", "edit"))
    return not (seen or ctx.viewer.is_system) or gate.scope_of(ctx, info, "import") != "all"


@contextmanager
def taken_back(ctx: Context) -> Iterator[None]:
    """A transaction of which nothing stays, change log and remembered lookups included."""
    try:
        with transaction.atomic():
            with unit_of_work(ctx) as unit:
                yield
                # Numbers are only taken for what stays: other writers need not wait for a check.
                unit.changes.clear()
            transaction.set_rollback(True)
    finally:
        ctx.memory.pop("cleaning", None)


@dataclass
class Seen:
    """What the lines so far would have written, as hashes: by what it is recognised, and which values that may stand once
    it has taken. A batch counts when it is kept: one that is refused is seen again in halves."""

    keys: set[int] = field(default_factory=set)
    taken: dict[int, int] = field(default_factory=dict)
    new_keys: set[int] = field(default_factory=set)
    new_taken: dict[int, int] = field(default_factory=dict)

    def begin(self) -> None:
        """A new batch, or the same once more."""
        self.new_keys.clear()
        self.new_taken.clear()

    def keep(self) -> None:
        """The batch in hand is done."""
        self.keys |= self.new_keys
        self.taken |= self.new_taken
        self.begin()

    def knows(self, hashes: set[int]) -> bool:
        """Whether a line so far makes a record that is recognised by one of these."""
        return not (self.keys.isdisjoint(hashes) and self.new_keys.isdisjoint(hashes))

    def take(self, value: int, own: int) -> int:
        """Take a value that may stand once; returns who has it."""
        return self.taken[value] if value in self.taken else self.new_taken.setdefault(value, own)


class RealComing(Coming):
    """Records of earlier batches that this one refers to: one of each type is really there while the batch is tried."""

    def begin(self) -> None:
        """A new batch: the ones of the last were taken back."""
        self.stand_ins.clear()

    def stand_in(self, ctx: Context, info: TypeInfo) -> UUID:
        """The id of the one that stands for all of its type."""
        if info.key not in self.stand_ins:
            try:
                made = widened(ctx, info).create(info.key, **{info.declared.title: _("a record of an earlier line")})
            except RapportError:
                return super().stand_in(ctx, info)
            self.stand_ins[info.key] = made.pk
        return super().stand_in(ctx, info)


class TryingBatcher(Batcher):
    """A batcher of the check. With `tries` rows are really written, inside `taken_back`; else only looked at."""

    def __init__(self, ctx: Context, plan: Plan, coming: Coming, seen: Seen, *, tries: bool) -> None:
        super().__init__(ctx, plan, coming)
        self.seen, self.tries = seen, tries
        self.narrow, self.wide = ctx, widened(ctx, plan.info) if tries else ctx
        self.unique = unique_fields(ctx, plan.info)
        self._strayed: dict[UUID, str] = {}

    def write(self, rows: Sequence[Row], *, only_check: bool = False) -> Counts:
        """Write for the trial, or only look; then the values that earlier lines have taken."""
        counts = super().write(rows, only_check=not self.tries)
        if self.unique:
            for row in rows:
                if not row.wrong and row.verb in ("create", "change") and (key := self._taken_by_another(row)):
                    label = self.unique[key].label
                    row.refuse(key, _("An earlier line of the file has this %(label)s already; every value stands once.")
                               % {"label": label})  # fmt: skip
                    self._uncount(row, counts)
        counts.rejected = sum(1 for row in rows if row.wrong)
        return counts

    def _create(self, rows: Sequence[Row], counts: Counts, *, only_check: bool) -> None:
        """Create, but for rows about a record that an earlier line makes: those change it."""
        if not gate.allows(self.narrow, self.info, "create"):
            for row in rows:
                row.refuse("", _("Your role does not allow you to create %(plural)s.") % {"plural": self.info.plural})
            return
        waiting = list(rows)
        while waiting:
            now: list[Row] = []
            later: list[Row] = []
            taken: set[int] = set()
            for row in waiting:
                hashes = set() if self.matcher.by_line else {hash(key) for key in row.keys}
                if self.seen.knows(hashes):
                    self._would_change(row, counts)
                    continue
                (now if taken.isdisjoint(hashes) else later).append(row)
                taken |= hashes
            if now:
                self._create_now(now, counts, only_check=only_check)
            waiting = later

    def _create_now(self, rows: list[Row], counts: Counts, *, only_check: bool) -> None:
        """Create rows about different records."""
        if not only_check:
            counts.alike += len(look_known(self.narrow, self.info, [row.values for row in rows]))
        self.ctx = self.wide
        try:
            super()._create(rows, counts, only_check=only_check)
        finally:
            self.ctx = self.narrow
        self._refuse_strayed(rows, counts)
        if not self.matcher.by_line:
            self.seen.new_keys.update(hash(key) for row in rows if not row.wrong for key in row.keys)

    def _change(self, known: Sequence[tuple[Row, UUID]], counts: Counts, *, only_check: bool) -> None:
        super()._change(known, counts, only_check=only_check)
        self._refuse_strayed([row for row, _pk in known], counts)

    def _demand_scope(self, ids: list[UUID]) -> None:
        """Note what would be refused instead of refusing the batch."""
        ctx, info = self.narrow, self.info
        if not ids or ctx.viewer.is_system:
            return
        away = _("That would put the %(type)s outside of what your role may see. Keep the owner within your team.")
        checks = [("create", away)]
        if gate.scope_of(ctx, info, "import") != "all":
            checks.append(("import", _("Your role lets you import %(plural)s of your own only; check the owner.")))
        for verb, sentence in checks:
            if verb == "create" and gate.sees_all(ctx, info, "create"):
                continue
            within = set(gate.visible(ctx, info, verb).filter(pk__in=ids).values_list("pk", flat=True))
            for pk in set(ids) - within:
                self._strayed.setdefault(pk, sentence % {"type": info.label, "plural": info.plural})

    def _refuse_strayed(self, rows: Sequence[Row], counts: Counts) -> None:
        for row in rows:
            if row.pk in self._strayed and not row.wrong:
                row.refuse("owner" if "owner" in row.values else "", self._strayed[row.pk])
                self._uncount(row, counts)
        self._strayed.clear()

    def _would_change(self, row: Row, counts: Counts) -> None:
        if self.plan.step.mode == "create":
            row.verb = "skip"
            counts.skipped += 1
        else:
            row.verb = "change"
            counts.changed += 1

    @staticmethod
    def _uncount(row: Row, counts: Counts) -> None:
        if row.verb == "create":
            counts.created -= 1
        elif row.verb == "change":
            counts.changed -= 1

    def _taken_by_another(self, row: Row) -> str:
        """The field whose value an earlier line about another record has taken; notes the row's own values."""
        ours = {hash(key) for key in row.keys} | {hash(row.pk or row.line.number)}
        own = min(ours) if self.matcher.by_line or not row.keys else hash(row.keys[0])
        ours.add(own)
        for key, one in self.unique.items():
            value = row.values.get(key)
            for text in unique_keys(self.narrow, one, value) if value is not None else ():
                if self.seen.take(hash((self.info.key, key, text)), own) not in ours:
                    return key
        return ""


def widened(ctx: Context, info: TypeInfo) -> Context:
    """The same person, reaching all records of this type and of what it stands under: a batch is written as a whole, and
    each row is asked for afterwards."""
    rights: dict[str, Mapping[str, str]] = {**ctx.viewer.rights}
    while True:
        rights[info.key] = {**_granted(ctx, info.key), "create": "all", "view": "all"}
        under = info.declared.under
        if not under or info.fields[under].to in ("", info.key):
            break
        info = registry.get(info.fields[under].to)
        rights[info.key] = {**_granted(ctx, info.key), "edit": "all"}
    return replace(ctx, viewer=replace(ctx.viewer, rights=rights), memory={"cleaning": ctx.cleaning()})


def _granted(ctx: Context, key: str) -> Mapping[str, str]:
    rights = ctx.viewer.rights
    return rights.get(key) or rights.get("*") or {}
