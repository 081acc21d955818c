"""Trade packs: one JSON that holds a company's words, fields, types, roles, pipelines, views, rules and sample records.

`read_pack` checks its shape, `foresee` says what it would add, `apply` adds it, whole or not at all, `take_back` undoes that,
`export_pack` writes one's own set-up as a pack. What is there already is never touched. docs/own-words.md has the schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from rapport.engines.words.models import AppliedPack
from rapport.kernel.access import gate
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

VERSION = 1
_SHELF = Path(__file__).parent / "shelf"
#: Records of one pack at most: it is applied while somebody waits.
MOST = 2_000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,58}")


@dataclass(frozen=True)
class Part:
    """One part of a pack: the record type it makes, what tells two entries apart, and what of an entry is written."""

    key: str
    type: str
    label: object
    same: tuple[str, ...]
    written: tuple[str, ...]


_FIELD = (
    "on_type", "key", "label", "kind", "choices", "to_type", "decimals", "minimum", "maximum", "help_text", "default_text",
    "is_required", "is_unique", "is_fast", "in_search", "show_when", "require_when", "position", "field_group", "formula",
    "roll_up", "of_type", "of_field", "take", "matching", "for_everybody",
)  # fmt: skip
#: References that stand in a pack by the name of what they point at.
_BY_NAME = ("pipeline", "role")
PARTS = (
    Part("types", "custom_type", gettext_lazy("Record types"), ("key",),
         ("key", "name", "plural", "about", "department", "icon", "title_label", "open_to")),
    Part("fields", "custom_field", gettext_lazy("Fields"), ("on_type", "key"), _FIELD),
    Part("words", "wording", gettext_lazy("Words"), ("on_type", "on_field", "language"),
         ("on_type", "on_field", "language", "name", "several")),
    Part("roles", "role", gettext_lazy("Roles"), ("name",), ("name", "rights", "field_groups")),
    Part("layouts", "page_layout", gettext_lazy("Page layouts"), ("on_type", "role"),
         ("on_type", "role", "name", "shown", "left_out", "columns")),
    Part("pipelines", "pipeline", gettext_lazy("Pipelines"), ("name",), ("name", "position")),
    Part("stages", "stage", gettext_lazy("Stages"), ("pipeline", "name"),
         ("pipeline", "name", "position", "outcome", "probability", "quiet_days", "needed")),
    Part("views", "view", pgettext_lazy("saved", "Views"), ("on_type", "name"),
         ("on_type", "name", "layout", "matching", "sorting", "columns", "grouping", "audience")),
    Part("follow_ups", "follow_up_rule", gettext_lazy("Follow-up rules"), ("name",),
         ("name", "on_type", "mode", "moment", "amount", "unit", "side", "matching", "subject", "kind", "due_days", "note",
          "give_to")),
)  # fmt: skip


@dataclass(frozen=True)
class Pack:
    """A pack whose shape was checked."""

    key: str
    name: str
    about: str
    parts: Mapping[str, Sequence[Mapping[str, object]]]
    #: Sample records: {"type", "values", "as"}; a value "@name" points at the sample called so.
    samples: Sequence[Mapping[str, object]] = ()


@dataclass
class Foreseen:
    """What applying a pack would do: (part, title) added, and those that are there already."""

    adds: list[tuple[str, str]] = field(default_factory=list)
    there: list[tuple[str, str]] = field(default_factory=list)


# -- reading ---------------------------------------------------------------------------------------------------------


def read_pack(text: str) -> Pack:
    """The pack a text holds. Raises Invalid with a sentence that names the place."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise _wrong(_("This file is no JSON: %(why)s") % {"why": str(wrong)[:120]}) from None
    if not isinstance(data, dict) or "rapport_pack" not in data:
        raise _wrong(_("This is no pack: “rapport_pack” with its version is missing."))
    if data["rapport_pack"] != VERSION:
        raise _wrong(
            _("This pack is of version %(theirs)s; this Rapport reads version %(ours)d.")
            % {"theirs": str(data["rapport_pack"])[:20], "ours": VERSION}
        )
    known = {"rapport_pack", "key", "name", "about", "samples", *(part.key for part in PARTS)}
    for key in data:
        if key not in known:
            raise _wrong(_("A pack has no part “%(key)s”.") % {"key": str(key)[:60]})
    if not isinstance(data.get("key"), str) or not _KEY.fullmatch(data["key"]):
        raise _wrong(_("Give the pack a “key” of small letters, figures and lines."))
    parts = {part.key: _entries(part, data.get(part.key, [])) for part in PARTS}
    samples = _samples(data.get("samples", []))
    if sum(map(len, parts.values())) + len(samples) > MOST:
        raise _wrong(_("A pack has %(most)d entries at most.") % {"most": MOST})
    return Pack(data["key"], str(data.get("name") or data["key"])[:120], str(data.get("about") or "")[:400], parts, samples)


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, code="bad_pack", field="pack")


def _entries(part: Part, given: object) -> list[Mapping[str, object]]:
    if not isinstance(given, list):
        raise _wrong(_("“%(part)s” is a list of entries.") % {"part": part.key})
    for number, entry in enumerate(given, start=1):
        if not isinstance(entry, dict):
            raise _wrong(_("“%(part)s”, entry %(n)d: an entry is an object.") % {"part": part.key, "n": number})
        for key in entry:
            if key not in part.written:
                raise _wrong(
                    _("“%(part)s”, entry %(n)d has no “%(key)s”; it may have: %(able)s.")
                    % {"part": part.key, "n": number, "key": str(key)[:60], "able": ", ".join(part.written)}
                )
        for key in part.same:
            if key not in entry and key not in ("on_field", "language", "role"):
                raise _wrong(_("“%(part)s”, entry %(n)d: “%(key)s” is missing.") % {"part": part.key, "n": number, "key": key})
    return given


def _samples(given: object) -> list[Mapping[str, object]]:
    if not isinstance(given, list):
        raise _wrong(_("“%(part)s” is a list of entries.") % {"part": "samples"})
    named: set[str] = set()
    for number, entry in enumerate(given, start=1):
        fits = isinstance(entry, dict) and set(entry) <= {"type", "values", "as"} and isinstance(entry.get("values"), dict)
        if not fits or not isinstance(entry.get("type"), str):
            raise _wrong(_("“samples”, entry %(n)d: give “type” and “values”, and “as” to point at it.") % {"n": number})
        for value in entry["values"].values():
            if isinstance(value, str) and value.startswith("@") and value[1:] not in named:
                raise _wrong(
                    _("“samples”, entry %(n)d points at “%(name)s”, which no entry before it is called.")
                    % {"n": number, "name": value[:60]}
                )
        named.add(str(entry.get("as") or ""))
    return given


@lru_cache(maxsize=1)
def shelf() -> Mapping[str, Pack]:
    """The packs that come with Rapport, by key."""
    found = [read_pack(path.read_text(encoding="utf-8")) for path in sorted(_SHELF.glob("*.json"))]
    return {pack.key: pack for pack in found}


# -- what it would do, and doing it ----------------------------------------------------------------------------------


def demand_may_apply(ctx: Context) -> None:
    """Packs set up a whole workspace: only for those who may define its types and give its roles."""
    for key, verb in (("custom_type", "create"), ("custom_field", "create"), ("role", "set_rights")):
        gate.demand(ctx, registry.get(key), verb)
    if ctx.viewer.scope("*", "edit") != "all":
        raise Refused(_("Only an owner of the workspace applies packs."))


def foresee(ctx: Context, pack: Pack, *, with_samples: bool = True) -> Foreseen:
    """What applying it would add, and what is there already and stays as it is."""
    demand_may_apply(ctx)
    found = Foreseen()
    for part in PARTS:
        there = _there(ctx, part)
        for entry in pack.parts[part.key]:
            (found.there if _mark(part, entry) in there else found.adds).append((part.key, _title(part, entry)))
    if with_samples:
        for entry in pack.samples:
            title = _sample_title(entry)
            (found.there if _has_sample(ctx, entry) else found.adds).append(("samples", title))
    return found


def apply(ctx: Context, pack: Pack, *, with_samples: bool = False) -> AppliedPack:
    """Add what is missing, in one transaction: whole or not at all. Raises Invalid naming the entry that does not fit."""
    demand_may_apply(ctx)
    system = ctx.as_system(f"pack {pack.key}")
    made: list[Record] = []
    with unit_of_work(system):
        for part in PARTS:
            there = _there(system, part)
            for number, entry in enumerate(pack.parts[part.key], start=1):
                if _mark(part, entry) not in there:
                    made.append(_make(system, part, number, entry))
                    there.add(_mark(part, entry))
        if with_samples:
            made += _make_samples(ctx, system, pack)
        row = AppliedPack.objects.create(
            workspace_id=ctx.workspace.pk, pack=pack.key, name=pack.name, actor_id=ctx.actor_id,
            made=[[registry.of(one).key, str(one.pk), one.version] for one in made],
        )  # fmt: skip
    return row


def _make(ctx: Context, part: Part, number: int, entry: Mapping[str, object]) -> Record:
    values = {key: value for key, value in entry.items() if value not in (None, "")}
    rights = {key: values.pop(key) for key in ("rights", "field_groups") if part.type == "role" and key in values}
    if part.type == "custom_field" and isinstance(values.get("choices"), list):
        values["choices"] = "\n".join(map(str, values["choices"]))  # type: ignore[call-overload]
    try:
        record = _from_bin(ctx, part, entry) or ctx.create(part.type, **values)
        if rights:
            ctx.write(record, **rights)
    except Invalid as wrong:
        raise _wrong(
            _("“%(part)s”, entry %(n)d (%(title)s): %(sentence)s")
            % {"part": part.key, "n": number, "title": _title(part, entry), "sentence": wrong.sentence}
        ) from wrong
    return record


def _from_bin(ctx: Context, part: Part, entry: Mapping[str, object]) -> Record | None:
    """A definition of the same key that waits in the bin, taken out again: its values still stand under that key."""
    if part.type not in ("custom_type", "custom_field"):
        return None
    rows = gate.visible(ctx, registry.get(part.type), in_bin=True)
    found = rows.filter(**{key: entry.get(key) or "" for key in part.same}).order_by("-id").first()
    if found is None or getattr(found, "kind", "") != entry.get("kind", ""):
        return None
    ctx.restore(found)
    return found


def _make_samples(ctx: Context, system: Context, pack: Pack) -> list[Record]:
    """The sample records, owned by whoever applied the pack; one that is there already is pointed at instead."""
    made: list[Record] = []
    known: dict[str, object] = {}
    for number, entry in enumerate(pack.samples, start=1):
        info = registry.get(str(entry["type"]))
        given = dict(entry["values"])  # type: ignore[call-overload]
        values = {k: known.get(x[1:]) if isinstance(x, str) and x.startswith("@") else x for k, x in given.items()}
        there = _has_sample(system, entry)
        if there is None:
            try:
                owned = {"owner": ctx.viewer.user_id} if "owner" in info.fields else {}
                record = system.create(info.key, **{**owned, **values})
            except Invalid as wrong:
                raise _wrong(
                    _("“%(part)s”, entry %(n)d (%(title)s): %(sentence)s")
                    % {"part": "samples", "n": number, "title": _sample_title(entry), "sentence": wrong.sentence}
                ) from wrong
            made.append(record)
            there = record.pk
        known[str(entry.get("as") or "")] = there
    return made


def take_back(ctx: Context, row: AppliedPack) -> int:
    """Put everything a pack made into the bin, last first; what somebody has changed since stays. Returns how many stay."""
    demand_may_apply(ctx)
    if row.workspace_id != ctx.workspace.pk or row.undone_at is not None:
        raise Gone(_("This pack was taken back already."))
    kept = 0
    with unit_of_work(ctx):
        for type_key, pk, version in reversed(row.made):
            if type_key not in registry:
                continue
            record = gate.visible(ctx, registry.get(type_key)).filter(pk=pk).first()
            if record is None:
                continue
            try:
                if record.version > version and type_key not in ("custom_field", "role"):
                    raise Refused(_("Somebody has changed it since."))
                ctx.delete(record)
            except (Refused, Invalid):
                kept += 1
        AppliedPack.objects.filter(workspace_id=ctx.workspace.pk, pk=row.pk).update(undone_at=timezone.now())
    return kept


# -- writing one -----------------------------------------------------------------------------------------------------


def export_pack(ctx: Context, *, key: str = "own", name: str = "") -> str:
    """The workspace's set-up as a pack: what its people defined, without records of the business and without people."""
    demand_may_apply(ctx)
    data: dict[str, object] = {"rapport_pack": VERSION, "key": key, "name": name or ctx.workspace.name, "about": ""}
    for part in PARTS:
        info = registry.get(part.type)
        entries = []
        for record in gate.visible(ctx, info).order_by("id"):
            if part.type == "role" and record.key:
                continue  # seeded with every workspace
            if part.type == "view" and record.audience != "everyone":
                continue  # somebody's own
            entries.append(_written(ctx, part, record))
        data[part.key] = entries
    return json.dumps(data, ensure_ascii=False, indent=1)


def _written(ctx: Context, part: Part, record: Record) -> dict[str, object]:
    from rapport.kernel.changes.values import read_value

    fields, found = registry.get(part.type).fields, {}
    for key in part.written:
        value = read_value(record, fields[key])
        if key in _BY_NAME:
            value = str(getattr(getattr(record, key), "name", ""))
        elif value is not None:
            value = fields[key].kind.to_json(value)
        if value not in (None, "", [], {}, False):
            found[key] = value
    return found


# -- what is there ---------------------------------------------------------------------------------------------------


def _mark(part: Part, entry: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(fold(str(entry.get(key) or "")) for key in part.same)


def _title(part: Part, entry: Mapping[str, object]) -> str:
    return str(entry.get("label") or entry.get("name") or entry.get("key"))[:80]


def _there(ctx: Context, part: Part) -> set[tuple[str, ...]]:
    """What tells the entries apart that are there."""
    names = [f"{key}__name" if key in _BY_NAME else key for key in part.same]
    rows = gate.visible(ctx, registry.get(part.type)).values_list(*names)
    return {tuple(fold(str(value or "")) for value in row) for row in rows}


def _sample_title(entry: Mapping[str, object]) -> str:
    values = entry["values"]
    assert isinstance(values, dict)
    return str(values.get("name") or values.get("subject") or entry["type"])[:80]


def _has_sample(ctx: Context, entry: Mapping[str, object]) -> UUID | None:
    """The record of the same type and title, if there is one."""
    if str(entry["type"]) not in registry:
        return None
    rows = gate.visible(ctx, registry.get(str(entry["type"]))).filter(title_key=fold(_sample_title(entry))[:200])
    return rows.values_list("pk", flat=True).first()
