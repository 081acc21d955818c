"""One batch of lines: read into values, matched to records, written; each line that cannot be taken keeps its reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.imports.lookalikes import look_known
from rapport.engines.imports.matching import Key, Matcher
from rapport.engines.imports.plan import Plan, Raw, Source, prepared
from rapport.engines.imports.references import Coming, References
from rapport.engines.imports.table import JsonText, Line
from rapport.kernel.access import gate
from rapport.kernel.changes.many import write_many
from rapport.kernel.changes.many_new import create_many
from rapport.kernel.changes.values import read_value
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid, RapportError, Refused
from rapport.kernel.kinds.base import Cleaning

#: Cells remembered per field.
_MOST_REMEMBERED = 20_000
_UNREAD = object()
#: Codes of cells whose text names nothing that is here: an owner, a stage, a choice.
_MEANS_NOTHING = ("unknown_reference", "not_an_option", "ambiguous")
_MOST_UNKNOWN = 2_000


@dataclass
class Row:
    """A line on its way: its values by field key, its match keys, and what is wrong with it."""

    line: Line
    values: dict[str, object] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    hash: str = ""
    wrong: str = ""
    #: What is wrong with which field, for showing it at its cell.
    reasons: list[tuple[str, str]] = field(default_factory=list)
    #: The record that the line became, or was about.
    pk: UUID | None = None
    #: The line says nothing about this step's type (a contact without a company).
    is_bare: bool = False
    #: What becomes of it: "create", "change", "same", "skip".
    verb: str = ""

    def refuse(self, key: str, sentence: str) -> None:
        """Note one more thing that is wrong."""
        self.wrong = f"{self.wrong} {sentence}".strip()
        self.reasons.append((key, sentence))


@dataclass
class Counts:
    """What became of the lines."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0
    #: Records made because a cell named one that was missing.
    extra: int = 0
    #: New records that look like somebody who is here already.
    alike: int = 0

    def add(self, other: Counts) -> None:
        """Add up."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def lines(self) -> int:
        """Lines dealt with."""
        return self.created + self.changed + self.unchanged + self.skipped + self.rejected


class Batcher:
    """Takes batches of lines for one step."""

    def __init__(self, ctx: Context, plan: Plan, coming: Coming | None = None) -> None:
        self.ctx, self.plan, self.info = ctx, plan, plan.info
        self.references = References(ctx, plan, coming)
        self.matcher = Matcher(ctx, plan)
        self.cleaning: Cleaning = ctx.cleaning()
        fields = gate.fields(ctx, plan.info, edit=True)
        self.fixed = {key: fields[key].kind.clean(value, self.cleaning) for key, value in plan.fixed.items()}
        self._known: dict[str, dict[Raw, object]] = {}
        #: (field, text) that means nothing here, with the number of lines that say it.
        self.unknown: Counter[tuple[str, str]] = Counter()

    # -- reading ------------------------------------------------------------------------------------------------

    def read(self, lines: Sequence[Line]) -> list[Row]:
        """The lines as rows of values, column by column; references are found for all of them at once."""
        return self.keyed(self.read_values(lines))

    def read_values(self, lines: Sequence[Line]) -> list[Row]:
        """The lines as rows of values, before links and match keys."""
        rows = [Row(line, dict(self.fixed), wrong=line.wrong) for line in lines]
        usable = [row for row in rows if not row.wrong]
        for key, source in self.plan.sources.items():
            self._read_column(key, source, usable)
        if self.plan.step.shape:
            for row in usable:
                row.is_bare = not row.wrong and row.values.keys() <= self.fixed.keys()
        return rows

    def keyed(self, rows: list[Row]) -> list[Row]:
        """The rows with what they are recognised by."""
        self._show_references(rows)
        for row in rows:
            if not row.wrong and not row.is_bare:
                row.hash = _hash(row.line.cells, self.plan.step.shape) if self.matcher.by_line else ""
                row.keys = self.matcher.keys(row.values, row.line.cells, row.hash)
        return rows

    def _read_column(self, key: str, source: Source, rows: Sequence[Row]) -> None:
        """One field of every row. What a cell means is remembered: most columns say the same few things again.

        An empty cell gives no value, so that it never empties a field.
        """
        known = self._known.setdefault(key, {})
        if len(known) > _MOST_REMEMBERED:
            known.clear()
        raws = [source.raw(row.line.cells) for row in rows]
        if source.field.to:
            self._learn(key, source, raws)
        for row, raw in zip(rows, raws, strict=True):
            if not raw:
                continue
            value = known.get(raw, _UNREAD)
            if value is _UNREAD:
                value = known[raw] = self._meant(key, source, raw)
            if isinstance(value, Invalid):
                row.refuse(key, self._told(key, value))
                if value.code in _MEANS_NOTHING and isinstance(raw, str) and len(self.unknown) < _MOST_UNKNOWN:
                    self.unknown[key, raw.strip()] += 1
            elif value is not None:
                row.values[key] = value

    def _meant(self, key: str, source: Source, raw: Raw) -> object:
        """The value of a cell, or the Invalid that says why there is none."""
        field = source.field
        try:
            if isinstance(raw, JsonText) and not field.to:
                return field.kind.clean(raw.value, self.cleaning)
            text = source.text(raw, lambda part, cell: prepared(self.ctx, self.plan, key, part, cell))
            if not text:
                return None
            if not isinstance(text, str):
                return field.kind.clean(text, self.cleaning)
            return self.references.found(key, text) if field.to else field.kind.parse(text, self.cleaning)
        except Invalid as wrong:
            return wrong

    def _learn(self, key: str, source: Source, raws: Sequence[Raw]) -> None:
        """Find what the cells of a reference name; what was missing may have been written since the last batch."""
        known = self._known[key]
        for raw in [raw for raw, value in known.items() if isinstance(value, Invalid)]:
            del known[raw]
        texts = []
        for raw in {raw for raw in raws if raw and raw not in known}:
            try:
                texts.append(source.text(raw, lambda part, cell: prepared(self.ctx, self.plan, key, part, cell)))
            except Invalid:
                continue
        self.references.learn(key, [text for text in texts if isinstance(text, str)])

    def _told(self, key: str, wrong: Invalid) -> str:
        return f"{str(self.plan.field(key).label).capitalize()}: {wrong.sentence}"

    def _show_references(self, rows: Sequence[Row]) -> None:
        """Let the door's own check of references find them all in one query per type."""
        assert self.cleaning.resolver is not None
        ids: dict[str, set[UUID]] = {}
        for key, source in self.plan.sources.items():
            if source.field.to:
                found = {row.values[key] for row in rows if isinstance(row.values.get(key), UUID)}
                ids.setdefault(source.field.to, set()).update(found)  # type: ignore[arg-type]
        for key, one in self.plan.linked.items():
            ids.setdefault(one.to, set()).update(row.values[key] for row in rows if key in row.values)  # type: ignore[misc]
        for type_key, wanted in ids.items():
            if wanted:
                self.cleaning.resolver.exists(type_key, list(wanted))

    # -- writing ------------------------------------------------------------------------------------------------

    def link(self, rows: Sequence[Row], made: Mapping[int, Mapping[str, UUID]]) -> None:
        """Let the rows point at what earlier steps made of the same lines."""
        for row in rows:
            for key, shapes in self.plan.step.links.items():
                found = next((made[row.line.number][one] for one in shapes if one in made.get(row.line.number, {})), None)
                if found is not None:
                    row.values[key] = found
            if self.plan.must_link:
                row.is_bare = any(key not in row.values for key in self.plan.must_link)

    def write(self, rows: Sequence[Row], *, only_check: bool = False) -> Counts:
        """Write the rows inside the caller's unit of work; rows that are refused get their reason.

        With `only_check` everything is decided and checked, and nothing written.
        """
        counts = Counts()
        waiting, twins = _apart([row for row in rows if not row.wrong and not row.is_bare])
        while waiting:
            # Two lines about one new record: the second waits until the first is written, and then changes it.
            now, later, taken = [], [], set()
            for row in waiting:
                clash = not only_check and any(key in taken for key in row.keys)
                (later if clash else now).append(row)
                taken.update(row.keys)
            self._write_apart(now, counts, only_check=only_check)
            waiting = later
        for row, first in twins:
            row.pk, row.wrong, row.verb = first.pk, first.wrong, "same"
            counts.unchanged += not row.wrong
        counts.rejected = sum(1 for row in rows if row.wrong)
        counts.skipped += sum(1 for row in rows if row.is_bare and not row.wrong and not self.plan.step.shape)
        counts.extra, self.references.created = self.references.created, 0
        if counts.created or counts.changed:
            self.references.forget_missing()
        return counts

    def _write_apart(self, rows: Sequence[Row], counts: Counts, *, only_check: bool) -> None:
        """Rows about different records: new ones created together, known ones changed where something differs."""
        new: list[Row] = []
        known: list[tuple[Row, UUID]] = []
        for row, found in zip(rows, self.matcher.find([row.keys for row in rows]), strict=True):
            if isinstance(found, Invalid):
                row.refuse("", found.sentence)
            elif found is not None:
                row.pk = found
                known.append((row, found))
            else:
                new.append(row)
        mode = self.plan.step.mode
        for row, _pk in known:
            row.verb = "skip" if mode == "create" else "same"
        for row in new:
            row.verb = "skip" if mode == "update" else "create"
        if mode == "update":
            counts.skipped += len(new)
        elif new:
            self._create(new, counts, only_check=only_check)
        if mode == "create":
            counts.skipped += len(known)
        elif known:
            self._change(known, counts, only_check=only_check)

    def _create(self, rows: Sequence[Row], counts: Counts, *, only_check: bool) -> None:
        if only_check:
            counts.alike += len(look_known(self.ctx, self.info, [row.values for row in rows]))
        result = create_many(self.ctx, self.info, [row.values for row in rows], cleaned=True, only_check=only_check)
        for at, wrong in result.errors.items():
            _refuse(rows[at], wrong)
        if only_check:
            counts.created += len(rows) - len(result.errors)
            return
        for at, pk in result.ids.items():
            rows[at].pk = pk
        self._demand_scope(list(result.ids.values()))
        self.matcher.remember([(rows[at].hash, pk) for at, pk in result.ids.items()])
        counts.created += len(result.ids)

    def _change(self, known: Sequence[tuple[Row, UUID]], counts: Counts, *, only_check: bool) -> None:
        records = self._as_they_are([pk for _row, pk in known])
        edits: list[tuple[UUID, dict[str, object]]] = []
        edited: list[Row] = []
        for row, pk in known:
            changes = self._differing(row, records[pk])
            if changes:
                edits.append((pk, changes))
                edited.append(row)
                row.verb = "change"
            else:
                counts.unchanged += 1
        if not edits:
            return
        result = write_many(self.ctx, self.info, edits, only_check=only_check)
        for at, wrong in result.errors.items():
            _refuse(edited[at], wrong)
        if not only_check:
            self._demand_scope(list(result.ids.values()))
        counts.changed += len(result.ids) - result.unchanged
        counts.unchanged += result.unchanged

    def _as_they_are(self, ids: Sequence[UUID]) -> dict[UUID, SimpleNamespace]:
        """The columns of records that the lines speak of; most differ in nothing, and whole records cost twice as much."""
        every = gate.fields(self.ctx, self.info)
        keys = [key for key in dict.fromkeys([*self.plan.sources, *self.plan.linked, *self.fixed]) if key in every]
        names = list(dict.fromkeys(name for key in keys for name in every[key].columns))
        rows = gate.visible(self.ctx, self.info).filter(pk__in=ids).values_list("pk", *names)
        return {row[0]: SimpleNamespace(**dict(zip(names, row[1:], strict=True))) for row in rows}

    def _differing(self, row: Row, record: object) -> dict[str, object]:
        """The values of a row that its record does not have yet."""
        fill = self.plan.step.fill_only
        found = {}
        for key, value in row.values.items():
            if value is None or (key in self.plan.fixed and self.plan.step.mode != "update"):
                continue
            field = self.plan.sources[key].field if key in self.plan.sources else gate.fields(self.ctx, self.info)[key]
            old = read_value(record, field)  # type: ignore[arg-type]
            if old == value or (old is not None and (key in fill or "*" in fill)):
                continue
            found[key] = value
        return found

    def _demand_scope(self, ids: list[UUID]) -> None:
        """The right to import may reach less far than the right to create: own records, or the team's."""
        if not ids or self.ctx.viewer.is_system or gate.scope_of(self.ctx, self.info, "import") == "all":
            return
        if gate.visible(self.ctx, self.info, "import").filter(pk__in=ids).count() != len(ids):
            raise Refused(
                _("Your role lets you import %(plural)s of your own only; check the owner.") % {"plural": self.info.plural}
            )


def _apart(rows: Sequence[Row]) -> tuple[list[Row], list[tuple[Row, Row]]]:
    """Rows to write, and those that say nothing more about a record than an earlier row of the batch, with that row."""
    firsts: dict[Key, Row] = {}
    kept: list[Row] = []
    twins: list[tuple[Row, Row]] = []
    for row in rows:
        first = next((firsts[key] for key in row.keys if key in firsts), None)
        if first is not None and all(first.values.get(key) == value for key, value in row.values.items()):
            twins.append((row, first))
            continue
        kept.append(row)
        for key in row.keys:
            firsts.setdefault(key, row)
    return kept, twins


def _refuse(row: Row, wrong: RapportError) -> None:
    if not wrong.errors:
        row.refuse("", wrong.sentence)
        return
    for key, sentence in wrong.errors.items():
        if str(sentence) not in row.wrong:
            row.refuse(str(key), str(sentence))


def _hash(cells: Sequence[str], shape: str) -> str:
    own = [shape] if shape else []
    return hashlib.sha256("\x1f".join([*own, *(cell.strip() for cell in cells)]).encode()).hexdigest()[:40]
