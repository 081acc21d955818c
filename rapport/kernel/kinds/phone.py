"""Phone numbers: kept as E.164, found however they are typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

import phonenumbers
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, kind
from rapport.kernel.kinds.lists import LabelledKind, ListField
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import excerpt
from rapport.kernel.kinds.plain_phone import plain_national, plain_number

_NOT_DIGIT = re.compile(r"\D+", re.ASCII)
_TRUNK = re.compile(r"^\((0\d*)\)")
#: National forms by E.164 number.
_national: dict[str, str] = {}
_MOST_REMEMBERED = 65_536
#: Shortest digits that may stand for the end of a number.
TAIL = 6


class PhoneField(ListField):
    """Phone numbers as a JSON list of {"value": "+35315550142", "label": "work"}.

    "ext" is added for an extension, "raw" (as typed) when no E.164 could be made; "value" is digits only then.
    """


@lru_cache(maxsize=65536)
def read_phone(text: str, country: str) -> tuple[str, str, str] | None:
    """(E.164, "", extension) of a typed number, (digits, as typed, "") when it fits no numbering plan, or None."""
    shaped = text.strip()
    if shaped.startswith("00"):
        shaped = "+" + shaped[2:]
    if plain := plain_number(shaped):
        return plain, "", ""
    try:
        number = phonenumbers.parse(shaped, country)
        possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
        # Without "+" or a trunk zero it must be a number that exists: a local number without its area code is often
        # "possible" and would become a wrong E.164.
        if possible and (shaped[:1] in ("+", "0") or phonenumbers.is_valid_number(number)):
            # What format_number does for E.164, at a fifth of its cost.
            e164 = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
            _remember_national(e164, number)
            return e164, "", number.extension or ""
    except phonenumbers.NumberParseException:
        pass
    digits = _NOT_DIGIT.sub("", text)
    if 3 <= len(digits) <= 30:
        return digits, re.sub(r"[;:\n]+", " ", text).strip()[:60], ""
    return None


def national(e164: str) -> str:
    """The national form of an E.164 number, without brackets round a trunk zero: "01 555 0142"."""
    found = _national.get(e164)
    if found is not None:
        return found
    if (plain := plain_national(e164)) is None:
        return _remember_national(e164, phonenumbers.parse(e164))
    if len(_national) >= _MOST_REMEMBERED:
        _national.clear()
    _national[e164] = plain
    return plain


def _remember_national(e164: str, number: phonenumbers.PhoneNumber) -> str:
    """Keep the national form: taking a number apart costs 40 µs, so whoever has just done so leaves it here."""
    if len(_national) >= _MOST_REMEMBERED:
        _national.clear()
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    # With an extension the text would end in "ext. 12"; the number's own form has none.
    if number.extension:
        shown = phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.NATIONAL)
    found = _national[e164] = _TRUNK.sub(r"\1", shown)
    return found


@lru_cache(maxsize=65536)
def readable(e164: str, country: str) -> str:
    """National for the own country, international otherwise."""
    code = phonenumbers.country_code_for_region(country) if country else 0
    if code and e164.startswith(f"+{code}"):
        return national(e164)
    return phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=65536)
def _keys(value: str) -> tuple[str, ...]:
    """Digits with and without country, and reversed behind an "r": the end of a number is a range of that index."""
    digits = _NOT_DIGIT.sub("", value)
    if value.startswith("+"):
        return digits, _NOT_DIGIT.sub("", national(value)), "r" + digits[::-1]
    return digits, "r" + digits[::-1]


@lru_cache(maxsize=16384)
def _cell(value: str, ext: str, country: str) -> str:
    shown = readable(value, country) if value.startswith("+") else value
    tail = f" x{ext}" if ext else ""
    return f'<a class="link nowrap" href="tel:{value}">{esc(shown + tail)}</a>'


@kind
class PhoneKind(LabelledKind):
    """Up to 20 phone numbers, each with an optional label."""

    key = "phone"
    label = gettext_lazy("Phone")
    stores = (PhoneField,)
    operators: ClassVar[tuple[str, ...]] = (
        "is",
        "is_not",
        "contains",
        "not_contains",
        "starts",
        "ends",
        "in",
        "not_in",
        "empty",
        "not_empty",
    )
    icon = "phone"
    becomes = ("text", "longtext")
    input_attrs = 'inputmode="tel" autocomplete="tel"'
    split = re.compile(r"[;\n\r]+")

    def one(self, text: str, cleaning: Cleaning) -> dict[str, str]:
        """E.164 where the numbering plans allow it."""
        found = read_phone(text, cleaning.format.country)
        if found is None:
            raise Invalid(
                _("“%(text)s” is not a phone number; write one such as 01 555 0142.") % {"text": excerpt(text, 30)},
                code="not_a_phone",
            )
        value, raw, ext = found
        return {"value": value, **({"raw": raw} if raw else {}), **({"ext": ext} if ext else {})}

    def written(self, entry: Mapping[str, str]) -> str:
        """E.164, or as typed."""
        return (entry.get("raw") or entry["value"]) + (f" x{entry['ext']}" if entry.get("ext") else "")

    def same(self, entry: Mapping[str, str]) -> object:
        """Number and extension."""
        return entry["value"], entry.get("ext", "")

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """The first number as a link, and how many more there are."""
        if not value:
            return DASH
        first = value[0]
        link = (
            _cell(first["value"], first.get("ext", ""), fmt.country)
            if first["value"].startswith("+")
            else (
                f'<a class="link nowrap" href="tel:{esc(first["value"])}">{esc(first.get("raw") or first["value"])}</a>'
            )
        )
        return SafeString(f'{link} <span class="t3">+{len(value) - 1}</span>' if len(value) > 1 else link)

    def key_query(self, op: str, value: object, cleaning: Cleaning) -> Q:
        """However typed: the whole number by key, six or more last digits by the reversed key."""
        text = str(value)[:60]
        digits = _NOT_DIGIT.sub("", text)
        if not digits or isinstance(value, bool):
            raise Invalid(_("Give the digits of a phone number."), code="not_a_phone")
        if op == "starts":
            return Q(key__startswith=digits.removeprefix("00"))
        whole = read_phone(text, cleaning.format.country)
        exact = Q(key=whole[0].lstrip("+")) if whole else Q(key=digits)
        if op == "is" and whole and not whole[1]:
            return exact
        if op == "contains":
            return exact | Q(key__contains=digits)
        if len(digits) < TAIL and op == "is":
            return exact
        return exact | tail_query(digits)

    def index_keys(self, value: object) -> list[str]:
        """Digits with country, digits as dialled at home, and the reversed digits."""
        return list(dict.fromkeys(key for entry in value or () for key in _keys(entry["value"])))

    def search_text(self, value: object) -> str:
        """Digits with and without country, and the national form as read."""
        words: list[str] = []
        for entry in value or ():
            words += [key for key in _keys(entry["value"]) if key[0] != "r"]
            words.append(national(entry["value"]) if entry["value"].startswith("+") else entry.get("raw", ""))
        return " ".join(dict.fromkeys(word for word in words if word))


def tail_query(digits: str) -> Q:
    """Numbers that end in these digits: a range over the reversed keys, which every collation sorts alike."""
    turned = "r" + digits[::-1]
    return Q(key__gte=turned, key__lt=turned + "a")
