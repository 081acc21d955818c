"""The mapping: what the columns of a file mean. Read from JSON, or found from the header; see docs/import.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from rapport.engines.imports.naming import ID, REASON, found_columns, offered
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.records.registry import registry
from rapport.kernel.text_folding import fold

MODES = ("both", "create", "update")
DATE_ORDERS = ("", "dmy", "mdy", "ymd")
_MOST_STEPS = 20
_KEYS = {
    "as", "columns", "set", "match", "mode", "fill_only", "template", "create_missing", "values", "units", "only", "empty",
    "date_order", "currency", "before", "custom_fields", "steps", "comment", "numbers", "shape", "links", "together",
    "choices",
}  # fmt: skip

@dataclass
class Step:
    """One pass over the file: which type its lines become, and how."""

    type: str
    columns: dict[str, str | None] = field(default_factory=dict)
    given: dict[str, object] = field(default_factory=dict)
    #: Keys tried in order; a tuple is one key of several fields. Empty: lines are told apart by their own hash.
    match: list[tuple[str, ...]] = field(default_factory=list)
    mode: str = "both"
    #: Fields that an import only fills where they are empty; "*" for all.
    fill_only: set[str] = field(default_factory=set)
    template: dict[str, str] = field(default_factory=dict)
    create_missing: set[str] = field(default_factory=set)
    values: dict[str, dict[str, str | None]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    only: dict[str, str] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    date_order: str = ""
    currency: str = ""
    #: The decimal sign of the file's figures: "." or ","; "" leaves it to the reader's language.
    numbers: str = ""
    #: What this step makes of a line, when a line becomes several records; later steps link to it by this name.
    shape: str = ""
    #: Reference field -> shapes of this very line that it may point at, the first one made.
    links: dict[str, list[str]] = field(default_factory=dict)
    #: Own field -> choices that its list must have before the first line.
    choices: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class ImportMapping:
    """A whole mapping: what must be there first, and the steps."""

    steps: list[Step]
    before: list[dict[str, object]] = field(default_factory=list)
    custom_fields: list[dict[str, object]] = field(default_factory=list)
    raw: dict[str, object] = field(default_factory=dict)
    #: All steps are done for a batch of lines before the next batch, so that a line's records can be linked.
    together: bool = False


def load_mapping(path: str | Path) -> ImportMapping:
    """The mapping in a JSON file. Raises Invalid with a sentence for whatever is wrong with it."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Invalid(_("There is no mapping file %(path)s.") % {"path": path}) from None
    except (OSError, UnicodeDecodeError) as wrong:
        raise Invalid(_("The mapping file %(path)s cannot be read: %(why)s.") % {"path": path, "why": wrong}) from wrong
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise Invalid(_("The mapping file %(path)s is not JSON: %(why)s.") % {"path": path, "why": wrong}) from wrong
    return mapping_of(data)


def mapping_of(data: object) -> ImportMapping:
    """The mapping that JSON data describes: one step, or several under "steps" that share what stands beside them."""
    if not isinstance(data, dict):
        raise Invalid(_("A mapping is a JSON object."))
    _check_keys(data)
    steps = data.get("steps")
    if steps is None:
        made = [_step(data)]
    else:
        if not isinstance(steps, list) or not 1 <= len(steps) <= _MOST_STEPS or not all(isinstance(s, dict) for s in steps):
            raise Invalid(_("“steps” is a list of 1 to %(most)d objects.") % {"most": _MOST_STEPS})
        shared = {k: v for k, v in data.items() if k not in ("steps", "before", "custom_fields", "comment", "together")}
        for one in steps:
            _check_keys(one)
        made = [_step({**shared, **one}) for one in steps]
    together = data.get("together") is True
    known: set[str] = set()
    for step in made:
        if missing := [one for names in step.links.values() for one in names if one not in known]:
            raise Invalid(_("“links” names “%(name)s”, which no earlier step makes.") % {"name": missing[0][:60]})
        if step.links and not together:
            raise Invalid(_("“links” needs “together”: true, so that a line's records are made one after the other."))
        known.add(step.shape)
    return ImportMapping(made, _objects(data, "before"), _objects(data, "custom_fields"), data, together)


def _check_keys(data: Mapping[str, object]) -> None:
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise Invalid(
            _("A mapping has no “%(key)s”; it may have: %(known)s.")
            % {"key": unknown[0][:60], "known": ", ".join(sorted(_KEYS))}
        )


def _step(data: Mapping[str, object]) -> Step:
    if not isinstance(data.get("as"), str):
        raise Invalid(_("Say in “as” which record type the lines become, such as \"as\": \"customer\"."))
    mode, order = str(data.get("mode", "both")), str(data.get("date_order", ""))
    if mode not in MODES or order not in DATE_ORDERS:
        raise Invalid(_("“mode” is one of %(modes)s, “date_order” one of dmy, mdy, ymd.") % {"modes": ", ".join(MODES)})
    numbers = str(data.get("numbers", ""))
    if numbers not in ("", ".", ","):
        raise Invalid(_("“numbers” is the decimal sign of the figures: “.” or “,”."))
    fill = data.get("fill_only", [])
    return Step(
        type=str(data["as"]), columns=_texts(data, "columns", or_none=True), given=_object(data, "set"),
        match=match_keys(data.get("match", [])), mode=mode, fill_only={"*"} if fill is True else set(_list(fill, "fill_only")),
        template=_texts(data, "template"), create_missing=_wished(data),
        values={
            key: {fold(str(text)): None if value is None else str(value) for text, value in one.items()}
            for key, one in _object(data, "values").items()
            if isinstance(one, dict)
        },
        units={key: str(unit) for key, unit in _object(data, "units").items()}, only=_texts(data, "only"),
        empty={fold(text) for text in _list(data.get("empty", []), "empty")}, date_order=order,
        currency=str(data.get("currency", "")), numbers=numbers, shape=str(data.get("shape", "")),
        links={key: _list([one] if isinstance(one, str) else one, "links") for key, one in _object(data, "links").items()},
        choices={key: _list(some, "choices") for key, some in _object(data, "choices").items()},
    )  # fmt: skip


def match_keys(given: object) -> list[tuple[str, ...]]:
    """Match keys from JSON: "email", or ["company", "person"] for a key of several fields together."""
    if isinstance(given, str):
        given = [part.strip() for part in given.split(",") if part.strip()]
    if not isinstance(given, list):
        raise Invalid(_("“match” is a list of field keys."))
    return [(one,) if isinstance(one, str) else tuple(_list(one, "match")) for one in given]


def _wished(data: Mapping[str, object]) -> set[str]:
    return {key for key, wanted in _object(data, "create_missing").items() if wanted is True}


def _object(data: Mapping[str, object], key: str) -> dict[str, object]:
    found = data.get(key, {})
    if not isinstance(found, dict):
        raise Invalid(_("“%(key)s” is a JSON object.") % {"key": key})
    return found


def _objects(data: Mapping[str, object], key: str) -> list[dict[str, object]]:
    found = data.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Invalid(_("“%(key)s” is a list of JSON objects.") % {"key": key})
    return found


def _texts(data: Mapping[str, object], key: str, *, or_none: bool = False) -> dict[str, str]:
    found = _object(data, key)
    for name, value in found.items():
        if not isinstance(value, str) and not (or_none and value is None):
            raise Invalid(_("“%(key)s” gives a text for “%(name)s”.") % {"key": key, "name": name[:60]})
    return found  # type: ignore[return-value]


def _list(given: object, key: str) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise Invalid(_("“%(key)s” is a list of texts.") % {"key": key})
    return given


def auto_mapping(ctx: Context, type_key: str, header: Sequence[str]) -> ImportMapping:
    """A mapping found from the header: keys, labels, synonyms, then near spellings. Raises Invalid when none fits."""
    try:
        info = registry.get(type_key)
    except Gone:
        keys = ", ".join(one.key for one in registry.all() if gate.allows(ctx, one, "import"))
        raise Invalid(
            _("There is no record type “%(key)s”; there are: %(keys)s.") % {"key": type_key[:40], "keys": keys}
        ) from None
    columns = found_columns(ctx, info, header)
    if not any(columns.values()):
        names = ", ".join(f.key for f in offered(ctx, info).values())
        raise Invalid(
            _("No column of the file is known to %(plural)s. Name the columns after: %(names)s; or write a mapping file.")
            % {"plural": info.plural, "names": names}
        )
    targets = {target for target in columns.values() if target}
    match = [(key,) for key in (ID, "external_id") if key in targets]
    if any(info.fields[t].kind.key in ("email", "one_email") for t in targets if t in info.fields):
        match.append(("email",))
    return ImportMapping([Step(type=info.key, columns=columns, match=match)], raw={"as": info.key, "columns": columns})


__all__ = ["ID", "REASON", "ImportMapping", "Step", "auto_mapping", "found_columns", "load_mapping", "mapping_of"]
