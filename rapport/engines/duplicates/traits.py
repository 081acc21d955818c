"""From the values of a record to what it is known by, for those fields only that the reader may see."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping

from rapport.engines.duplicates.evidence import Named, Traits
from rapport.engines.duplicates.names import words_of
from rapport.engines.duplicates.registry import Identity
from rapport.kernel.kinds.email import FREE_MAIL
from rapport.kernel.kinds.web import domain_of
from rapport.kernel.text_folding import fold

_NOT_DIGIT = re.compile(r"\D")
#: So many digits at the end of a number tell it from others, with country and trunk zero or without.
_DIGITS = 8
_STREET = re.compile(r"\b(?:str|strasse|street|road|avenue|lane|rue|calle|via)\b|str\.|[.,]")


def named_of(identity: Identity) -> Named:
    """The fields that evidence names."""
    return Named(
        identity.name, identity.emails, identity.phones, identity.addresses, identity.website, identity.birth,
        identity.weights,
    )  # fmt: skip


def traits_of(identity: Identity, values: Mapping[str, object], *, visible: Iterable[str] | None = None) -> Traits:
    """The traits of a record from its values by field key. Without `visible` all fields count (the system's scan)."""
    there = identity.fields if visible is None else frozenset(visible)

    def get(key: str) -> object:
        return values.get(key) if key and key in there else None

    emails = frozenset(_texts(get(identity.emails)))
    domains: frozenset[str] = frozenset()
    if identity.domain_of is None or get(identity.domain_of[0]) == identity.domain_of[1]:
        domains = _domains(get(identity.website), emails)
    name, born = get(identity.name), get(identity.birth)
    return Traits(
        name=words_of(str(name)) if name else (),
        emails=emails,
        phones=frozenset(key for text in _texts(get(identity.phones)) if (key := phone_key(text))),
        domains=domains,
        places=tuple(_places(get(identity.addresses))),
        birth=born.isoformat() if isinstance(born, dt.date) else "",
        apart=tuple(str(get(key) or "") for key in identity.apart),
    )


def phone_key(text: str) -> str:
    """The end of a number; "" for one too short to tell anybody from anybody."""
    digits = _NOT_DIGIT.sub("", text)
    return digits[-_DIGITS:] if len(digits) >= 6 else ""


def _texts(value: object) -> Iterable[str]:
    """The texts of a list field, or of a plain one, in lower case."""
    if isinstance(value, str):
        return [value.casefold()] if value else []
    found = []
    for entry in value or ():  # type: ignore[attr-defined]
        text = entry.get("value") if isinstance(entry, Mapping) else entry
        if isinstance(text, str) and text:
            found.append(text.casefold())
    return found


def _domains(website: object, emails: Iterable[str]) -> frozenset[str]:
    found = {domain for address in emails if (domain := address.rpartition("@")[2]) and domain not in FREE_MAIL}
    if isinstance(website, str) and website and (domain := domain_of(website)):
        found.add(domain)
    return frozenset(found)


def _places(value: object) -> Iterable[tuple[str, str, str]]:
    for entry in value or ():  # type: ignore[attr-defined]
        if isinstance(entry, Mapping):
            street = " ".join(_STREET.sub(" ", fold(str(entry.get("street") or ""))).split())
            place = (_plain(entry.get("postcode")), fold(str(entry.get("city") or "")), street)
            if any(place):
                yield place


def _plain(value: object) -> str:
    return fold(str(value or "")).replace(" ", "").replace("-", "")
