"""Countries, currencies and time zones as choices, named in the reader's language by CLDR."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.numbers import list_currencies

_OLD = frozenset({"Etc", "SystemV", "US", "Canada", "Brazil", "Chile", "Mexico", "posix", "right"})


@lru_cache(maxsize=16)
def countries(language: str = "en") -> list[tuple[str, str]]:
    """(code, name) of every country, by name."""
    names = Locale.parse(language).territories
    found = [
        (code, name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in ("ZZ", "EU", "UN", "EZ", "QO", "XA", "XB")
    ]
    return sorted(found, key=lambda pair: pair[1])


@lru_cache(maxsize=16)
def currencies(language: str = "en") -> list[tuple[str, str]]:
    """(code, "EUR · Euro") of the currencies of today."""
    locale = Locale.parse(language)
    used = {code for code, name in locale.currencies.items() if "(" not in name} & list_currencies()
    return [(code, f"{code} · {locale.currencies[code]}") for code in sorted(used)]


@lru_cache(maxsize=1)
def time_zones() -> list[str]:
    """Zones named by region and city, and UTC."""
    found = [z for z in available_timezones() if "/" in z and z.partition("/")[0] not in _OLD]
    return ["UTC", *sorted(found)]


def is_time_zone(name: str) -> bool:
    """Whether this is one of the zones."""
    return name in time_zones()
