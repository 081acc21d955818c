"""The columns page of the import wizard: what the selects offer, and what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from rapport.engines.imports.compose import assigned_of, match_choices, settings_of, usual_match
from rapport.engines.imports.guess import chosen_shapes, is_target, suggest
from rapport.engines.imports.mapping import MODES
from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.naming import ID, offered
from rapport.engines.imports.session import facts_of
from rapport.engines.imports.shapes import Shape, shapes_for
from rapport.kernel.context import Context
from rapport.kernel.format import capital

_ENCODINGS = ("utf-8", "cp1252", "cp1250", "cp1251", "utf-16", "iso8859-15", "gb18030", "cp932")


@dataclass(frozen=True)
class Group:
    """The fields of one shape in a select."""

    label: str
    options: list[tuple[str, str]]


@dataclass
class Card:
    """How the records of one shape are recognised and written."""

    key: str
    label: str
    icon: str
    match: list[tuple[str, str, bool]] = field(default_factory=list)
    mode: str = "both"
    links: str = ""


def shown(ctx: Context, run: ImportRun) -> dict[str, object]:
    """Everything the page shows."""
    shapes = shapes_for(ctx)
    assigned, set_ = assigned_of(run.mapping), settings_of(run.mapping)
    here = [key for key in run.facts.get("shapes") or chosen_shapes(assigned) if key in shapes]
    groups = [_group(ctx, shapes[key]) for key in _with_ties(shapes, here)]
    fills = {key: one.get("fill_only") or [] for key, one in set_.items()}
    letters = _letters(len(run.facts["columns"]))
    columns = [
        {
            **one, "at": at, "letter": letters[at], "target": assigned.get(one["name"], ""),
            "by": run.facts.get("by", {}).get(one["name"], ""), "fill": _is_fill(fills, assigned.get(one["name"], "")),
        }
        for at, one in enumerate(run.facts["columns"])
    ]  # fmt: skip
    first = next(iter(set_.values()), {})
    offer = [(key, one.label, one.icon) for key, one in shapes.items() if not one.is_tie]
    # What people keep in spreadsheets stands in front; types of the settings and parts of records behind.
    usual = {key for key, one in shapes.items() if one.info.declared.menu and one.info.declared.menu[0] != "settings"}
    return {
        "columns": columns, "groups": groups, "facts": run.facts, "here": here,
        "offered": [one for one in offer if one[0] in usual],
        "others": [one for one in offer if one[0] not in usual],
        "others_open": any(one[0] in here for one in offer if one[0] not in usual),
        "cards": _cards(shapes, assigned, set_), "modes": _modes(), "encodings": _ENCODINGS,
        "date_order": first.get("date_order", run.facts.get("date_order", "")), "currency": first.get("currency", ""),
        "numbers": first.get("numbers", run.facts.get("numbers", "")), "orders": _orders(), "how": _how(),
    }  # fmt: skip


def _with_ties(shapes: Mapping[str, Shape], here: list[str]) -> list[str]:
    """The chosen shapes, and what ties them together."""
    ties = [key for key, one in shapes.items() if one.is_tie and all(set(some) & set(here) for some in one.links.values())]
    return [*here, *[key for key in ties if key not in here]]


def _group(ctx: Context, shape: Shape) -> Group:
    options = []
    for key, one in offered(ctx, shape.info).items():
        if key in shape.given or (key in shape.links and one.required):
            continue
        label = capital(str(one.label))
        if one.kind.key == "address":
            parts = (("street", _("street")), ("postcode", _("postcode")), ("city", _("city")), ("region", _("region")),
                     ("country", _("country")))  # fmt: skip
            options += [(f"{shape.key}:{key}.{part}", f"{label}: {name}") for part, name in parts]
        options.append((f"{shape.key}:{key}", label))
        if one.kind.key in ("phone", "email"):
            labels = (("work", _("work")), ("mobile", _("mobile")), ("home", _("private")))
            options += [(f"{shape.key}:{key}.{part}", f"{label}: {name}") for part, name in labels]
    options.append((f"{shape.key}:{ID}", _("Id from an export")))
    return Group(str(shape.label), options)


def _is_fill(fills: Mapping[str, object], target: str) -> bool:
    shape, _colon, key = target.partition(":")
    return key.partition(".")[0] in (fills.get(shape) or [])  # type: ignore[operator]


def _letters(count: int) -> list[str]:
    """A, B … Z, AA, AB …, as a spreadsheet has them."""
    found = []
    for at in range(count):
        text, rest = "", at + 1
        while rest:
            rest, sign = divmod(rest - 1, 26)
            text = chr(65 + sign) + text
        found.append(text)
    return found


def _cards(shapes: Mapping[str, Shape], assigned: Mapping[str, str], set_: Mapping[str, Mapping[str, object]]) -> list[Card]:
    found = []
    for key, one in set_.items():
        shape = shapes.get(key)
        if shape is None or shape.is_tie:
            continue
        mapped = {t.partition(":")[2].partition(".")[0] for t in assigned.values() if t.partition(":")[0] == key}
        chosen = one.get("match", usual_match(shape, mapped, alone=len(set_) == 1))
        card = Card(key, str(shape.label), shape.icon, mode=str(one.get("mode", "both")))
        card.match = [(name, _key_label(shape, name), name in chosen) for name in match_choices(shape, mapped)]  # type: ignore[operator]
        found.append(card)
    return found


def _key_label(shape: Shape, key: str) -> str:
    names = {ID: _("Id from an export"), "email": _("E-mail"), "phone": _("Phone"), "domain": _("Web or mail domain")}
    return names.get(key) or capital(str(shape.info.fields[key].label))


def _modes() -> list[tuple[str, str]]:
    labels = {"both": _("Add new ones and update those that are here"), "create": _("Only add new ones"),
              "update": _("Only update those that are here")}  # fmt: skip
    return [(key, labels[key]) for key in MODES]


def _orders() -> list[tuple[str, str]]:
    return [
        ("", _("As I write them")),
        ("dmy", _("Day, month, year")),
        ("mdy", _("Month, day, year")),
        ("ymd", _("Year, month, day")),
    ]


def _how() -> dict[str, str]:
    return {
        "memory": _("as the last time"),
        "preset": _("known program"),
        "name": _("by its name"),
        "content": _("by its content"),
    }


def read(ctx: Context, run: ImportRun, given: QueryDict) -> tuple[dict[str, str], dict[str, dict[str, object]], list[str]]:
    """The columns, the settings by shape and the shapes that were posted."""
    shapes = shapes_for(ctx)
    wanted = [key for key in given.getlist("shapes") if key in shapes] or chosen_shapes(assigned_of(run.mapping))
    before = list(run.facts.get("shapes") or chosen_shapes(assigned_of(run.mapping)))
    assigned = {}
    for at, one in enumerate(run.facts["columns"]):
        target = given.get(f"t{at}", "")
        if target and is_target(ctx, shapes, target) and target.partition(":")[0] in _with_ties(shapes, wanted):
            assigned[one["name"]] = target
    if added := [key for key in wanted if key not in before]:
        _guess_more(ctx, run, {key: shapes[key] for key in added}, assigned)
    old = settings_of(run.mapping)
    general = {name: given.get(name, "") for name in ("date_order", "numbers", "currency") if given.get(name)}
    set_: dict[str, dict[str, object]] = {}
    for key in _with_ties(shapes, wanted):
        kept = {name: value for name, value in old.get(key, {}).items() if name in ("values", "create_missing", "choices")}
        set_[key] = {**kept, **general}
        if f"mode-{key}" in given:
            set_[key] |= {"mode": given.get(f"mode-{key}", "both"), "match": given.getlist(f"match-{key}")}
        fill = [
            target.partition(":")[2].partition(".")[0] for at, one in enumerate(run.facts["columns"])
            if given.get(f"f{at}") and (target := assigned.get(one["name"], "")).partition(":")[0] == key
        ]  # fmt: skip
        if fill:
            set_[key]["fill_only"] = fill
    return assigned, set_, wanted


def _guess_more(ctx: Context, run: ImportRun, added: Mapping[str, Shape], assigned: dict[str, str]) -> None:
    """What free columns mean for shapes that were just ticked."""
    free = [one for one in facts_of(run).columns if one.name not in assigned]
    for column in free:
        column.texts = list(column.samples)
    for name, guess in suggest(ctx, free, added).items():
        assigned.setdefault(name, guess.target)
