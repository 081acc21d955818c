"""A block of cells written as one: every text read by its field's kind, one transaction, one sentence per bad cell.

Good cells are kept when others are bad. A cell that somebody else changed since the page showed it is not overwritten:
the page sends the version it shows (or, to take something back, the value it expects to find).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.engines.exports.formulas import undefended
from rapport.kernel.access import gate
from rapport.kernel.access.resolver import GateResolver
from rapport.kernel.changes.models import WRITES, Change
from rapport.kernel.changes.values import clean_values, settable_fields
from rapport.kernel.errors import Gone, Invalid, RapportError, Refused
from rapport.kernel.format import capital
from rapport.kernel.ids import as_id
from rapport.kernel.query import read
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo
from rapport.surfaces.web.bulk import beyond_mass_edit
from rapport.surfaces.web.grid_rows import json_of, shown_rows

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: One paste; more is an import.
MOST_CELLS, MOST_NEW = 10_000, 1_000


@dataclass
class Cell:
    """One cell of a block: a text as typed, or (taking back) a value in its json shape with the one expected there."""

    id: UUID | None
    key: str
    text: str | None = None
    value: object = None
    expect: object = None
    is_expecting: bool = False


@dataclass
class Block:
    """What the page asks to be written."""

    columns: list[str]
    cells: list[Cell]
    versions: dict[UUID, int]
    new: list[dict[str, str]]
    remove: list[UUID]
    restore: list[UUID]
    ids: list[UUID] = field(default_factory=list)


@dataclass
class Outcome:
    """What became of a block."""

    touched: list[UUID] = field(default_factory=list)
    made: list[UUID] = field(default_factory=list)
    steps: list[dict[str, object]] = field(default_factory=list)
    errors: list[dict[str, object]] = field(default_factory=list)
    removed: int = 0
    restored: int = 0
    refused: int = 0

    def fail(self, one: Cell, wrong: RapportError | str) -> None:
        """Note why a cell was not written."""
        self.refused += isinstance(wrong, (Refused, Gone))
        sentence = wrong if isinstance(wrong, str) else wrong.sentence
        self.errors.append({"id": str(one.id), "key": one.key, "sentence": sentence, "text": one.text})

    @property
    def text(self) -> str:
        """The sentence for the toast."""
        if self.made:
            return ngettext("%(count)d row added.", "%(count)d rows added.", len(self.made)) % {"count": len(self.made)}
        count = len(self.steps)
        if not self.errors:
            return ngettext("%(count)d cell changed.", "%(count)d cells changed.", count) % {"count": count}
        bad = ngettext("%(count)d cell was left as it was.", "%(count)d cells were left as they were.", len(self.errors))
        if not count:
            return bad % {"count": len(self.errors)}
        return _("%(good)d changed, %(bad)d left as they were. Good cells are kept, the others are marked.") % {
            "good": count, "bad": len(self.errors),
        }  # fmt: skip

    def as_json(self, ctx: Context, info: TypeInfo, columns: list[str]) -> dict[str, object]:
        """The answer for the page: rows as they are now, what can be taken back, what went wrong."""
        return {
            "text": self.text, "rows": shown_rows(ctx, info, self.touched, columns), "steps": self.steps,
            "errors": self.errors, "made": [str(pk) for pk in self.made], "removed": self.removed, "restored": self.restored,
        }  # fmt: skip


def read_block(given: Mapping[str, object]) -> Block:
    """The posted block in its types; raises Invalid for one that is too large or broken."""
    cells = [_read_cell(one) for one in _list(given.get("cells"))]
    new = [
        {str(k)[:60]: str(v) for k, v in one.items() if v is not None} for one in _list(given.get("new")) if isinstance(one, dict)
    ]
    raw_versions = given.get("versions")
    versions = {
        pk: number
        for key, number in (raw_versions.items() if isinstance(raw_versions, dict) else ())
        if (pk := as_id(key)) is not None and type(number) is int
    }
    lists = {name: [pk for pk in map(as_id, _list(given.get(name))) if pk] for name in ("remove", "restore", "ids")}
    columns = [str(key)[:60] for key in _list(given.get("columns"))][:40]
    if len(cells) > MOST_CELLS or len(lists["ids"]) * len(columns) > MOST_CELLS:
        raise Invalid(_("At most %(most)d cells at once; a file with more can be imported.") % {"most": MOST_CELLS})
    if max(len(new), len(lists["remove"]), len(lists["restore"])) > MOST_NEW:
        raise Invalid(_("At most %(most)d rows at once; a file with more can be imported.") % {"most": MOST_NEW})
    return Block(columns, cells, versions, new, lists["remove"], lists["restore"], lists["ids"])


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _read_cell(one: object) -> Cell:
    if not isinstance(one, dict):
        raise Invalid(_("That could not be read. Load the page again and repeat it."), code="unreadable")
    text = one.get("text")
    return Cell(
        as_id(one.get("id")), str(one.get("key", ""))[:60], str(text) if text is not None else None, one.get("value"),
        one.get("expect"), "expect" in one,
    )  # fmt: skip


def write_block(ctx: Context, info: TypeInfo, block: Block) -> Outcome:
    """Write everything that can be written; call it inside a unit of work."""
    out = Outcome()
    _restore_and_remove(ctx, info, block, out)
    if block.cells:
        _write_cells(ctx, info, block, out)
    if block.new:
        _add_rows(ctx, info, block, out)
    return out


def _write_cells(ctx: Context, info: TypeInfo, block: Block, out: Outcome) -> None:
    settable = settable_fields(ctx, info, creating=False)
    keys = [k for k in dict.fromkeys(one.key for one in block.cells) if k in settable]
    ids = list(dict.fromkeys(one.id for one in block.cells if one.id))
    _hold(ctx, info, ids)
    before = read.read_ids(ctx, info, ids, keys)
    # A block within one row is no mass edit.
    beyond = beyond_mass_edit(ctx, info, ids) if len(ids) > 1 else set()
    moved = _moved_since(ctx, info, before, block.versions)
    prime(ctx, settable, [(one.key, one.text) for one in block.cells])
    rows: dict[UUID, dict[str, tuple[Cell, object]]] = {}
    for one in block.cells:
        try:
            value = _value_of(ctx, info, one, settable)
        except Invalid as wrong:
            out.fail(one, str(wrong.errors.get(one.key, "")) or wrong.sentence)
            continue
        if one.id in beyond and one.id in before:
            out.fail(one, Refused(_("Your role does not let you change this row together with others.")))
            continue
        if contest := _contest(one, before, settable[one.key], moved):
            out.fail(one, contest)
        else:
            rows.setdefault(one.id, {})[one.key] = (one, value)  # type: ignore[arg-type]  # the door refuses None as gone
    _write_rows(ctx, info, rows, out)
    written = [pk for pk in rows if pk in before]
    after = read.read_ids(ctx, info, written, keys)
    for pk in written:
        for key in rows[pk]:
            was, now = (json_of(settable[key], found[pk].values[key]) for found in (before, after))
            if was != now:
                out.steps.append({"id": str(pk), "key": key, "before": was, "after": now})
    out.touched += [pk for pk in ids if pk in before]


def _hold(ctx: Context, info: TypeInfo, ids: list[UUID]) -> None:
    """Keep others off these rows until the end (PostgreSQL), so that nothing comes between looking and writing."""
    list(gate.visible(ctx, info).filter(pk__in=ids).select_for_update(of=("self",)).only("pk").order_by("pk"))


def _value_of(ctx: Context, info: TypeInfo, one: Cell, settable: Mapping[str, Field]) -> object:
    """The value to write; a field that may not be set here is refused in the door's words, a hidden one as unknown."""
    if one.key not in settable:
        clean_values(ctx, info, {one.key: one.text}, settable, ctx.cleaning())
    if one.text is None:
        return one.value
    return settable[one.key].kind.parse(undefended(one.text), ctx.cleaning())


def _moved_since(ctx: Context, info: TypeInfo, rows: Mapping[UUID, read.Row], shown: Mapping[UUID, int]) -> set[tuple[UUID, str]]:
    """(record, field) of every cell that was changed after the version the page shows; one query for all rows."""
    behind = [pk for pk, row in rows.items() if pk in shown and shown[pk] < row.version]
    if not behind:
        return set()
    since = Change.objects.filter(
        workspace_id=ctx.workspace.pk, record_id__in=behind, version__gt=min(shown[pk] for pk in behind), verb__in=WRITES
    ).values_list("record_id", "version", "diff")
    return {(pk, key) for pk, version, diff in since if version > shown[pk] for key in diff}


def _contest(one: Cell, rows: Mapping[UUID, read.Row], field: Field, moved: set[tuple[UUID, str]]) -> str:
    """Why a cell may not be overwritten; "" when it may."""
    row = rows.get(one.id) if one.id else None
    if row is None:
        return ""  # the door says what there is to say
    changed = json_of(field, row.values[one.key]) != one.expect if one.is_expecting else (one.id, one.key) in moved
    if not changed:
        return ""
    label = str(field.label)
    return _("%(label)s was changed meanwhile; load the list again to see it.") % {"label": capital(label)}


def _write_rows(ctx: Context, info: TypeInfo, rows: dict[UUID, dict[str, tuple[Cell, object]]], out: Outcome) -> None:
    """Write; a row that fails for some of its cells is written again without those."""
    while rows:
        edits = [(pk, {key: value for key, (_cell, value) in row.items()}) for pk, row in rows.items()]
        result = ctx.write_many(info.key, edits)
        again: dict[UUID, dict[str, tuple[Cell, object]]] = {}
        for position, wrong in result.errors.items():
            pk = edits[position][0]
            row = dict(rows[pk])
            for key in [key for key in wrong.errors if key in row] or list(row):
                one, _value = row.pop(key)
                out.fail(one, str(wrong.errors[key]) if key in wrong.errors else wrong)
            if row:
                again[pk] = row
        rows = again


def _add_rows(ctx: Context, info: TypeInfo, block: Block, out: Outcome) -> None:
    """Add a record for each pasted row; a row that fails is left out with its sentence."""
    gate.demand(ctx, info, "create")
    settable = settable_fields(ctx, info, creating=True)
    prime(ctx, settable, [pair for row in block.new for pair in row.items()])
    ready: list[dict[str, object]] = []
    kept: list[int] = []
    for at, row in enumerate(block.new):
        values: dict[str, object] = {}
        wrong: dict[str, str] = {}
        for key, text in row.items():
            try:
                values[key] = _value_of(ctx, info, Cell(None, key, text), settable)
            except Invalid as bad:
                wrong[key] = str(bad.errors.get(key, "")) or bad.sentence
        for key, sentence in wrong.items():
            out.errors.append({"new": at, "key": key, "sentence": sentence, "text": row[key]})
        if info.declared.title in wrong or not values:
            continue
        ready.append(values)
        kept.append(at)
    result = ctx.create_many(info.key, ready)
    out.made += [result.ids[at] for at in sorted(result.ids)]
    for at, error in result.errors.items():
        key = next((k for k in error.errors if k in block.new[kept[at]]), info.declared.title)
        out.errors.append({"new": kept[at], "key": key, "sentence": error.sentence, "text": block.new[kept[at]].get(key, "")})


def _restore_and_remove(ctx: Context, info: TypeInfo, block: Block, out: Outcome) -> None:
    """Take added rows away again, or bring them back; each through the door with the viewer's own rights."""
    for ids, in_bin, do in ((block.remove, False, ctx.delete), (block.restore, True, ctx.restore)):
        rows = {row.pk: row for row in gate.visible(ctx, info, in_bin=in_bin).filter(pk__in=ids)} if ids else {}
        for pk in ids:
            try:
                if pk not in rows:
                    raise Gone(_("This %(type)s does not exist, or you may not see it.") % {"type": info.label})
                do(rows[pk])
                out.removed, out.restored = out.removed + (not in_bin), out.restored + in_bin
            except RapportError as wrong:
                out.fail(Cell(pk, info.declared.title), wrong)


def prime(ctx: Context, fields: Mapping[str, Field], texts: list[tuple[str, str | None]]) -> None:
    """Look up everything that the texts of reference columns name, one query per type instead of one per cell."""
    resolver = ctx.cleaning().resolver
    wanted: dict[str, set[str]] = {}
    for key, text in texts:
        if text and key in fields and fields[key].to:
            wanted.setdefault(fields[key].to, set()).add(text.strip())
    for to, names in wanted.items():
        if isinstance(resolver, GateResolver):
            resolver.prime(to, sorted(names))
