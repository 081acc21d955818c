"""A step made ready: each column bound to its field, templates cut up, everything checked before a line is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from rapport.engines.exports.formulas import undefended
from rapport.engines.imports.choices import demand_choices
from rapport.engines.imports.mapping import ID, REASON, Step
from rapport.engines.imports.naming import may_bring
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.number import read_number
from rapport.kernel.money import currencies
from rapport.kernel.query.text import parse as parse_filter
from rapport.kernel.query.tree import Node
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

_HOLE = re.compile(r"\{([^{}]+)\}")
_DATE = re.compile(r"\s*(\d{1,4})([-/. ])(\d{1,2})\2(\d{1,4})\s*")
_BARE_FIGURE = re.compile(r"[\s()+\-−–\d.,'’]+")
#: Kinds that other names of a match key stand for.
_MATCH_KINDS = {"email": ("email", "one_email"), "phone": ("phone",), "domain": ("web", "email", "one_email")}
#: Kinds that hold several entries with a label each; the part of a target is the label.
_LABELLED = ("email", "phone")
#: Kinds whose cells are figures.
_FIGURES = ("number", "money", "percent")
#: Files whose cells carry the mark against formulas, as ours do (exports/formulas.py).
_MARKED = ("csv", "sheet")

Raw = str | tuple[str, ...]


@dataclass
class Source:
    """Where a field's text comes from: columns by place, or a template over columns."""

    field: Field
    #: (place in the line, part of the value or "") of each column that goes into the field.
    places: list[tuple[int, str]] = field(default_factory=list)
    template: Template | None = None

    def raw(self, cells: list[str]) -> Raw:
        """What the line holds for this field, as it is: one text, or one for each column. Empty when there is nothing."""
        if self.template is not None:
            return self.template.filled(cells)
        if len(self.places) == 1:
            return cells[self.places[0][0]]
        found = tuple(cells[at] for at, _part in self.places)
        return found if any(found) else ""

    def text(self, raw: Raw, prepare: Callable[[str, str], str]) -> str | dict[str, str]:
        """The text of a field from `raw`: one text, or texts by part for a value of several parts."""
        if isinstance(raw, str):
            part = self.places[0][1] if self.places else ""
            text = prepare(part, raw)
            if self.field.kind.key in _LABELLED:
                return _labelled(part, text)
            return {part: text} if part and text else text
        parts = [(part, prepare(part, cell)) for (_at, part), cell in zip(self.places, raw, strict=True)]
        if self.field.kind.key in _LABELLED:
            return "\n".join(_labelled(part, text) for part, text in parts if text)
        if all(part for part, _text in parts):
            return {part: text for part, text in parts if text} or ""
        # First and last name in two columns are one name; several lines of a note are several lines.
        return (" " if self.field.kind.key == "text" else "\n").join(text for _part, text in parts if text)


def _labelled(label: str, text: str) -> str:
    """An entry of a list with the label that its column stands for: “work: +353 1 555 0142”."""
    return f"{label}: {text}" if label and text and ":" not in text and ";" not in text and "\n" not in text else text


@dataclass
class Template:
    """Text with {columns}; what stands in [square brackets] is left out when a column in it is empty."""

    pieces: list[tuple[bool, list[str | int]]]

    def filled(self, cells: list[str]) -> str:
        """The text of one line."""
        found = []
        for optional, parts in self.pieces:
            texts = [part if isinstance(part, str) else cells[part].strip() for part in parts]
            if optional and any(isinstance(part, int) and not text for part, text in zip(parts, texts, strict=True)):
                continue
            found.append("".join(texts))
        return "".join(found).strip()


@dataclass
class Plan:
    """A step bound to a type and a header."""

    step: Step
    info: TypeInfo
    sources: dict[str, Source]
    #: Place of the column with Rapport's own ids, -1 for none.
    id_at: int
    #: Values that every line gets, cleaned by the door.
    fixed: dict[str, object]
    match: list[tuple[str, ...]]
    only: dict[str, Node]
    unused: list[str]
    #: References that point at what earlier steps made of the same line.
    linked: dict[str, Field] = field(default_factory=dict)
    #: Cells may carry the mark that keeps spreadsheets from running them; JSON lines and address cards never do.
    is_marked: bool = True

    @property
    def must_link(self) -> list[str]:
        """Links without which there is no record: a person's place at a company needs both."""
        return [key for key, one in self.linked.items() if one.required]

    def field(self, key: str) -> Field:
        """A field by key."""
        return self.sources[key].field if key in self.sources else self.linked[key]


def make_plan(ctx: Context, step: Step, header: list[str], *, file_kind: str = "csv") -> Plan:
    """Bind a step to the header. Raises Refused without the right to import, Invalid for what does not fit."""
    info = registry.get(step.type)
    gate.demand(ctx, info, "import")
    if not may_bring(ctx, info):
        gate.demand(ctx, registry.get(info.fields[info.declared.under].to), "import")
    demand_choices(ctx, info, step)
    settable = {k: f for k, f in gate.fields(ctx, info, edit=True).items() if f.settable(creating=True)}
    places = {name: at for at, name in enumerate(header)}
    folded = {fold(name): at for name, at in places.items()}
    sources: dict[str, Source] = {}
    id_at, used = -1, set()
    for column, target in step.columns.items():
        at = places.get(column, folded.get(fold(column), -1))
        if at < 0 and target is not None:
            raise Invalid(
                _("The file has no column “%(column)s”; it has: %(header)s.")
                % {"column": column[:60], "header": ", ".join(header)[:500]}
            )
        if target is None:
            continue
        used.add(at)
        if target == ID:
            id_at = at
            continue
        key, _dot, part = target.partition(".")
        sources.setdefault(key, Source(_settable(ctx, info, settable, key))).places.append((at, part))
    # In the order of the file, whatever order the plan was kept in (PostgreSQL sorts the keys of JSON).
    for source in sources.values():
        source.places.sort()
    sources = dict(sorted(sources.items(), key=lambda item: item[1].places[0][0]))
    for key, text in step.template.items():
        sources[key] = Source(_settable(ctx, info, settable, key), template=_template(text, places, used))
    for key in (*step.given, *step.values, *step.units, *step.create_missing, *step.only):
        _settable(ctx, info, settable, key.partition(".")[0])
    fixed = {key: value for key, value in step.given.items() if key not in sources}
    linked = {key: _settable(ctx, info, settable, key) for key in step.links}
    if not sources and not linked:
        raise Invalid(_("The mapping names no column of the file."))
    _check_extras(step)
    only = {key: parse_filter(text) for key, text in step.only.items()}
    unused = [name for at, name in enumerate(header) if at not in used and name != REASON]
    return Plan(step, info, sources, id_at, fixed, _match(info, step, sources, id_at), only, unused, linked, file_kind in _MARKED)


def _settable(ctx: Context, info: TypeInfo, settable: Mapping[str, Field], key: str) -> Field:
    if key in settable:
        return settable[key]
    if key in gate.fields(ctx, info):
        raise Invalid(_("“%(key)s” of %(plural)s cannot be imported.") % {"key": key[:60], "plural": info.plural})
    raise Invalid(
        _("%(type)s has no field “%(key)s”; it has: %(names)s.")
        % {"type": str(info.label).capitalize(), "key": key[:60], "names": ", ".join(settable)},
        code="unknown_field",
    )


def _template(text: str, places: Mapping[str, int], used: set[int]) -> Template:
    pieces: list[tuple[bool, list[str | int]]] = []
    for chunk in re.split(r"(\[[^\[\]]*\])", text):
        optional = chunk.startswith("[") and chunk.endswith("]") and len(chunk) >= 2
        inner, parts, last = (chunk[1:-1] if optional else chunk), [], 0
        for hole in _HOLE.finditer(inner):
            if hole[1] not in places:
                raise Invalid(_("The file has no column “%(column)s”, which a template names.") % {"column": hole[1][:60]})
            parts += [inner[last : hole.start()], places[hole[1]]]
            used.add(places[hole[1]])
            last = hole.end()
        pieces.append((optional, [*parts, inner[last:]]))
    return Template(pieces)


def _check_extras(step: Step) -> None:
    for key, unit in step.units.items():
        try:
            Decimal(unit)
        except InvalidOperation:
            raise Invalid(_("The unit of “%(key)s” is a number, such as 1000000.") % {"key": key}) from None
    if step.currency and step.currency not in currencies():
        raise Invalid(_("“%(code)s” is no currency; use a code such as EUR.") % {"code": step.currency[:10]})


def _match(info: TypeInfo, step: Step, sources: Mapping[str, Source], id_at: int) -> list[tuple[str, ...]]:
    """The match keys with names of fields; every one must be fed by a column, a template or `set`."""
    found: list[tuple[str, ...]] = [(ID,)] if id_at >= 0 else []
    for key in step.match:
        names: tuple[str, ...] = key
        if len(key) == 1 and key[0] in _MATCH_KINDS and key[0] not in sources:
            kinds = _MATCH_KINDS[key[0]]
            if not any(source.field.kind.key in kinds for source in sources.values()):
                raise Invalid(_("To match by “%(key)s” the file needs a column for it.") % {"key": key[0]})
            found.append(key)
            continue
        if key == (ID,):
            if id_at < 0:
                raise Invalid(_("To match by “id” the file needs a column mapped to “id”."))
            continue
        for name in names:
            if name not in sources and name not in step.given and name not in step.links:
                raise Invalid(_("To match by “%(key)s” the mapping needs a column for it.") % {"key": name[:60]})
        found.append(names)
    del info
    return found


def prepared(ctx: Context, plan: Plan, key: str, part: str, text: str) -> str:
    """A cell as its kind shall read it: marks removed, own words for nothing, mapped values, units, dates, currency."""
    text = undefended(text.strip()) if plan.is_marked else text.strip()
    step = plan.step
    if not text or (step.empty and fold(text) in step.empty):
        return ""
    mapped = step.values.get(f"{key}.{part}" if part else key)
    if mapped is not None and (low := fold(text)) in mapped:
        text = mapped[low] or ""
    kind = plan.field(key).kind.key
    if step.numbers and kind in _FIGURES:
        text = neutral(text, step.numbers)
    if text and (unit := step.units.get(key)):
        text = f"{read_number(text, ctx.format) * Decimal(unit):f}"
    if step.date_order and kind in ("date", "datetime"):
        text = _iso(text, step.date_order)
    if step.currency and kind == "money" and _BARE_FIGURE.fullmatch(text):
        text = f"{text} {step.currency}"
    return text


def neutral(text: str, decimal: str) -> str:
    """Figures whose decimal sign is known, written so that no language takes them for others: “1.234,5” is 1234.50."""
    if decimal == ",":
        text = text.replace(".", "").replace(",", ".")
    else:
        text = text.replace(",", "")
    # Three digits behind a point would read as thousands in half of the world.
    return re.sub(r"\.(\d{3})(?!\d)", r".\g<1>0", text)


def _iso(text: str, order: str) -> str:
    """A date in figures put into the order year, month, day; anything else as it is."""
    found = _DATE.fullmatch(text)
    if found is None or (len(found[1]) > 2) != (order == "ymd"):
        # Year first cannot be mistaken, whatever the rest of the file does.
        return text
    by_letter = dict(zip(order, (found[1], found[3], found[4]), strict=True))
    year = by_letter["y"]
    if len(year) <= 2:
        year = f"20{int(year):02d}" if int(year) < 70 else f"19{int(year):02d}"
    return f"{int(year):04d}-{int(by_letter['m']):02d}-{int(by_letter['d']):02d}"
