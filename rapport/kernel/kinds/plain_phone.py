"""A quick way for telephone numbers that are plainly written: a plus sign and digits, as files and telephone systems have
them.

The library takes 60 µs to take a number apart and to write it as at home; with what it does for every number done once for
each country it is 5 µs. What is not plain is left to the library. A test asks both about many thousand numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata

_PLAIN = re.compile(r"\+[1-9][0-9]{6,14}")
#: The place of the first group in a form, which the rule for the national prefix takes.
_FIRST_GROUP = re.compile(r"(\\[1-9])")
_TRUNK = re.compile(r"^\((0\d*)\)")


@dataclass(frozen=True, slots=True)
class _Country:
    """What is asked of every number of a country calling code."""

    lengths: frozenset[int]
    #: A prefix that is dialled within the country; a number that begins so is no plain one.
    prefix: re.Pattern[str] | None
    #: (how the number begins, what it looks like, how it is written), the first that fits.
    forms: tuple[tuple[re.Pattern[str] | None, re.Pattern[str], str], ...]


@lru_cache(maxsize=512)
def _country(code: str) -> _Country | None:
    """By calling code; None for what is no country's."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code))
    if not regions or regions[0] == "001":
        return None
    data = PhoneMetadata.metadata_for_region(regions[0], None)
    if data is None or data.general_desc is None:
        return None
    forms = tuple(
        (re.compile(f.leading_digits_pattern[-1]) if f.leading_digits_pattern else None, re.compile(f.pattern), _written(f))
        for f in data.number_format
    )
    prefix = re.compile(data.national_prefix_for_parsing) if data.national_prefix_for_parsing else None
    return _Country(frozenset(data.general_desc.possible_length), prefix, forms)


def _written(form: object) -> str:
    """How a form writes a number, with the prefix that is dialled at home."""
    rule = form.national_prefix_formatting_rule  # type: ignore[attr-defined]
    written: str = form.format  # type: ignore[attr-defined]
    return _FIRST_GROUP.sub(rule, written, count=1) if rule else written


def plain_number(text: str) -> str | None:
    """The number when it is plain and of a possible length; None leaves it to the library."""
    if not _PLAIN.fullmatch(text):
        return None
    country, own = _apart(text)
    if country is None or own[:1] == "0" or len(own) not in country.lengths:
        return None
    return None if country.prefix is not None and country.prefix.match(own) else text


def plain_national(e164: str) -> str | None:
    """How a number is written at home, without brackets round a trunk zero; None leaves it to the library."""
    country, own = _apart(e164) if plain_number(e164) else (None, "")
    if country is None:
        return None
    for begins, looks, written in country.forms:
        if (begins is None or begins.match(own)) and looks.fullmatch(own):
            shown = looks.sub(written, own)
            return _TRUNK.sub(r"\1", shown) if shown[0] == "(" else shown
    return own


def _apart(text: str) -> tuple[_Country | None, str]:
    """The country of a number, and the rest of it. No calling code begins another."""
    for end in (2, 3, 4):
        if country := _country(text[1:end]):
            return country, text[end:]
    return None, ""
