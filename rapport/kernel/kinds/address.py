"""Postal addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import ClassVar

from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel import format as shown_as
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, kind
from rapport.kernel.kinds.lists import LONGEST, ListField, ManyKind
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import excerpt, filter_text, one_line
from rapport.kernel.text_folding import fold

PARTS = ("street", "postcode", "city", "region", "country", "label")
_LIMITS = {"street": 200, "postcode": 20, "city": 100, "region": 100, "country": 60, "label": 30}
_AUTOCOMPLETE = {
    "street": "street-address",
    "postcode": "postal-code",
    "city": "address-level2",
    "region": "address-level1",
    "country": "country",
}
_FIRST_CODE = re.compile(r"((?:[A-Z]{1,3}-)?\d[\dA-Z]*(?:[ -][\dA-Z]*\d[\dA-Z]*)?)\s+(\D.*)")
_LAST_CODE = re.compile(r"(\D*?\D)\s+((?:[A-Z]{1,2}\d[\dA-Z]?(?:\s+[\dA-Z]{3,4})?)|\d{4,6}(?:-\d{4})?)")
_ALONE_CODE = re.compile(r"[A-Z]{0,2}\d[\dA-Z]?[ -]?[\dA-Z]{2,5}(?:-\d{4})?")


class AddressField(ListField):
    """Addresses as a JSON list of {"street", "postcode", "city", "region", "country" (ISO 3166 alpha-2), "label"}."""


@lru_cache(maxsize=64)
def countries(language: str) -> dict[str, str]:
    """Country names by code in a language."""
    names = shown_as.locale_of(language).territories
    return {
        code: name
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in ("EU", "UN", "EZ", "QO", "XA", "XB", "ZZ")
    }


@lru_cache(maxsize=64)
def _codes(language: str) -> dict[str, str]:
    """Codes by folded name in a language and English, and by the code itself."""
    found: dict[str, str] = {}
    for names in (countries("en"), countries(language)):
        for code, name in names.items():
            found[fold(name)] = code
            found[code.lower()] = code
    return found | {
        "uk": "GB",
        "usa": "US",
        "u.s.a.": "US",
        "england": "GB",
        "scotland": "GB",
        "wales": "GB",
        "holland": "NL",
    }


@kind
class AddressKind(ManyKind):
    """Up to 10 postal addresses, each with an optional label; filtered by city and country."""

    key = "address"
    label = gettext_lazy("Address")
    stores = (AddressField,)
    operators: ClassVar[tuple[str, ...]] = ("contains", "not_contains", "empty", "not_empty")
    icon = "map-pin"
    most = 10

    def entry_schema(self) -> dict[str, object]:
        """The parts of an address, the country as its two letters."""
        return {"type": "object", "additionalProperties": False, "properties": {part: {"type": "string"} for part in PARTS}}

    # -- taking values --

    def parse(self, text: str, cleaning: Cleaning) -> list[dict[str, str]] | None:
        """One address in lines or between commas, or what `text` wrote: parts between " | ", addresses between ";"."""
        if len(text) > LONGEST:
            raise Invalid(
                _("This has %(length)d characters; at most %(limit)d fit.") % {"length": len(text), "limit": LONGEST},
                code="too_long",
            )
        if "|" in text:
            return self.clean([self._written(part, cleaning) for part in text.split(";") if part.strip()], cleaning)
        return self.clean([self._guessed(text, cleaning.format.language)] if text.strip() else None, cleaning)

    @staticmethod
    def _written(text: str, cleaning: Cleaning) -> dict[str, str]:
        """street | postcode | city | region | country | label."""
        parts = [part.strip() for part in text.split("|")]
        if len(parts) > len(PARTS):
            raise Invalid(
                _("An address has at most six parts: street, postcode, city, region, country and label."),
                code="not_an_address",
            )
        return dict(zip(PARTS, parts, strict=False))

    @staticmethod
    def _guessed(text: str, language: str) -> dict[str, str]:
        """The best reading of free lines; what is not understood stays in the street."""
        lines = [line.strip() for line in re.split(r"[\n\r,]+", text) if line.strip()][:40]
        found = dict.fromkeys(PARTS, "")
        if len(lines) > 1 and (code := _codes(language).get(fold(lines[-1]))):
            found["country"] = code
            lines.pop()
        for at in range(len(lines) - 1, 0, -1):
            line = lines[at]
            if match := _FIRST_CODE.fullmatch(line):
                found["postcode"], found["city"] = match[1], match[2]
            elif match := _LAST_CODE.fullmatch(line):
                found["city"], found["postcode"] = match[1], match[2]
            elif _ALONE_CODE.fullmatch(line):
                found["postcode"] = line
                lines.pop(at)
                continue
            else:
                continue
            lines.pop(at)
            found["region"] = ", ".join(lines[at:])
            lines = lines[:at]
            break
        if not found["city"] and len(lines) > 1:
            found["city"] = lines.pop()
        found["street"] = ", ".join(lines)
        return found

    def clean(self, value: object, cleaning: Cleaning) -> list[dict[str, str]] | None:
        """A list of addresses, each a mapping of parts or free text."""
        if isinstance(value, str):
            return self.parse(value, cleaning)
        if isinstance(value, Mapping):
            value = [value]
        kept = []
        for item in self.entries(value) or ():
            if isinstance(item, str):
                kept += [entry for entry in self.parse(item, cleaning) or () if entry not in kept]
                continue
            if not isinstance(item, Mapping):
                raise Invalid(_("An address has street, postcode, city, region and country."), code="not_an_address")
            entry = {part: self._part(part, item.get(part), cleaning) for part in PARTS}
            if any(entry[part] for part in PARTS[:5]) and entry not in kept:
                kept.append(entry)
        return self.entries(kept) or None

    @staticmethod
    def _part(part: str, given: object, cleaning: Cleaning) -> str:
        """One part in one line, without the signs that separate parts and addresses."""
        if given is None or given == "":
            return ""
        if part == "street" and isinstance(given, str):
            given = re.sub(r"\s*[\n\r]+\s*", ", ", given.strip())
        text = one_line(given, _LIMITS[part])
        if "|" in text or ";" in text:
            text = text.replace("|", "/").replace(";", ",").strip()
        if part != "country":
            return text
        code = _codes(cleaning.format.language).get(fold(text))
        if text and code is None:
            raise Invalid(
                _("“%(text)s” is no country we know; write its name or its two letters.") % {"text": excerpt(text, 40)},
                code="unknown_country",
            )
        return code or ""

    def from_post(self, post: Mapping[str, Sequence[str]], name: str, cleaning: Cleaning) -> object:
        """The sub-inputs `name__0__street` and so on; a plain input of the name alone where there are none."""
        found: dict[int, dict[str, str]] = {}
        for at in range(self.most + 1):
            for part in PARTS:
                if values := post.get(f"{name}__{at}__{part}"):
                    found.setdefault(at, {})[part] = values[-1]
        return (
            self.clean([found[at] for at in sorted(found)], cleaning)
            if found
            else self.parse_form(post.get(name, ()), cleaning)
        )

    # -- giving values --

    def text(self, value: object, fmt: Format) -> str:
        """street | postcode | city | region | country, and the label if there is one; addresses between ";"."""
        return "; ".join(
            " | ".join(entry[part] for part in (PARTS if entry["label"] else PARTS[:5])) for entry in value or ()
        )

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """City and country; the whole first address on hover."""
        if not value:
            return DASH
        first = value[0]
        country = countries(fmt.language).get(first["country"], first["country"])
        shown = (
            ", ".join(part for part in (first["city"], country) if part)
            or first["street"]
            or first["region"]
            or first["postcode"]
        )
        whole = ", ".join(
            part
            for part in (first["street"], f"{first['postcode']} {first['city']}".strip(), first["region"], country)
            if part
        )
        more = f' <span class="t3">+{len(value) - 1}</span>' if len(value) > 1 else ""
        return SafeString(f'<span title="{esc(whole)}">{esc(shown)}</span>{more}')

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A fieldset per address and an empty one when there is none; the browser may fill it."""
        if isinstance(value, str):
            return self.input_html(field, value, name=name, error=error, autofocus=autofocus)
        entries = list(value or ()) or [dict.fromkeys(PARTS, "")]
        sets = [
            self._fieldset(
                entry, at, fmt, name=name, error=error, autofocus=autofocus and not at, required=field.required
            )
            for at, entry in enumerate(entries)
        ]
        return format_html('<div class="col row-12" data-repeat>{}</div>', mark_safe("".join(sets)))

    def _fieldset(
        self, entry: Mapping[str, str], at: int, fmt: Format, *, name: str, error: str, autofocus: bool, required: bool
    ) -> SafeString:
        """One input per part, each with its own label."""
        titles = {
            "street": _("Street"),
            "postcode": _("Postcode"),
            "city": _("City"),
            "region": _("Region"),
            "country": _("Country"),
            "label": _("Label"),
        }
        inputs = []
        for part in PARTS:
            ident = f"{name}" if at == 0 and part == "street" else f"{name}-{at}-{part}"
            shown = (
                countries(fmt.language).get(entry["country"], entry["country"]) if part == "country" else entry[part]
            )
            inputs.append(
                format_html(
                    '<label class="label" for="f-{}">{}</label><span class="input{}"><input class="bare" type="text" '
                    'id="f-{}" name="{}__{}__{}" value="{}" maxlength="{}" autocomplete="{}"{}{}{}></span>',
                    ident,
                    titles[part],
                    " is-err" if error else "",
                    ident,
                    name,
                    at,
                    part,
                    shown,
                    _LIMITS[part],
                    _AUTOCOMPLETE.get(part, "off"),
                    SafeString(" required") if required and at == 0 and part == "street" else "",
                    SafeString(" autofocus") if autofocus and part == "street" else "",
                    format_html(' aria-invalid="true" aria-describedby="e-{}"', name) if error else "",
                )
            )
        return format_html(
            '<fieldset class="col row-6 bare"><legend class="sr">{}</legend>{}</fieldset>',
            _("Address"),
            mark_safe("".join(inputs)),
        )

    # -- finding --

    def key_query(self, op: str, value: object, cleaning: Cleaning) -> Q:
        """A city by any part of its name, or a country by its code or name."""
        given = fold(filter_text(value))
        if not given:
            raise Invalid(_("Give a value to compare with, or choose “is empty”."), code="no_value")
        code = _codes(cleaning.format.language).get(given)
        if code and len(given) == 2:
            return Q(key=code.lower())
        return Q(key__contains=given) | Q(key=code.lower()) if code else Q(key__contains=given)

    def searched_as(self, op: str, value: object, cleaning: Cleaning) -> str:
        """A city is searched as it is written, a country is not."""
        given = fold(filter_text(value)) if op == "contains" else ""
        return "" if given in _codes(cleaning.format.language) else given

    def index_keys(self, value: object) -> list[str]:
        """The folded city and the country's code of each address, or else any part: no key would read as no address."""
        keys: dict[str, None] = {}
        for entry in value or ():
            found = [key for key in (fold(entry["city"])[:200], entry["country"].lower()) if key]
            others = (fold(entry[part])[:200] for part in ("region", "postcode", "street"))
            # A part may be nothing but signs that folding drops; a sign then stands for it.
            keys |= dict.fromkeys(found or [next(filter(None, others), "?")])
        return list(keys)

    def search_text(self, value: object) -> str:
        """Every part but the label."""
        return " ".join(entry[part] for entry in value or () for part in PARTS[:4] if entry[part])
