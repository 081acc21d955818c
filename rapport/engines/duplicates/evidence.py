"""Comparing two records: what speaks for them being one, what against, and how much. Pure functions, no database.

Each piece of evidence has a weight in percent. Pieces for it add up as chances do (1 - (1-a)(1-b)…), pieces against it
take their share off. The weights are measured: docs/decisions/0015-duplicates.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from rapport.engines.duplicates.names import alike
from rapport.kernel.kinds.email import FREE_MAIL

#: (why, fields it rests on, weight in percent: negative speaks against).
Evidence = tuple[str, tuple[str, ...], int]

WEIGHTS: Mapping[str, int] = {
    "email": 80, "phone": 58, "birth": 45, "street": 42, "postcode": 24, "city": 12, "domain": 45,
    "name": 62, "near": 48, "similar": 30, "resembling": 14, "mailbox": 45,
    "other_name": -55, "relative": -40, "other_birth": -45, "other_street": -4,
}  # fmt: skip
#: From here on two records are shown as a pair that may be one.
LIKELY = 70
#: From here on one is shown to somebody who types: they can judge at a glance.
POSSIBLE = 30


@dataclass(frozen=True, slots=True)
class Traits:
    """What one record is known by, ready to be compared. Empty where there is nothing, or nothing the viewer may see."""

    name: tuple[str, ...] = ()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    #: (postcode, city, street), folded.
    places: tuple[tuple[str, str, str], ...] = ()
    birth: str = ""
    apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class Named:
    """Which fields the evidence of a type rests on."""

    name: str
    emails: str
    phones: str
    addresses: str
    website: str
    birth: str
    weights: Mapping[str, int]

    def weight(self, why: str) -> int:
        """The weight of a reason for this type."""
        return self.weights.get(why, WEIGHTS[why])


def compare(one: Traits, other: Traits, named: Named) -> list[Evidence]:
    """Everything that speaks for or against; nothing when they cannot be one."""
    if one.apart != other.apart:
        return []
    found: list[Evidence] = []

    def add(why: str, *fields: str) -> None:
        found.append((why, fields, named.weight(why)))

    likeness = alike(one.name, other.name) if one.name and other.name else 0.0
    if one.emails & other.emails:
        add("email", named.emails)
    elif one.emails and other.emails and _near_mailbox(one.emails, other.emails):
        add("mailbox", named.emails)
    if one.phones & other.phones:
        add("phone", named.phones)
    if one.domains & other.domains:
        # The domain may come from an address or from the website: it shows to whoever may see both.
        add("domain", *filter(None, (named.website, named.emails)))
    if one.name and other.name:
        _compare_names(likeness, named, found)
    if one.birth and other.birth:
        add("birth" if one.birth == other.birth else "other_birth", named.birth)
    _compare_places(one, other, named, found)
    return found


def most_possible(one: Traits, other: Traits, named: Named) -> float:
    """A score that two records cannot exceed, from what costs next to nothing to ask: names and streets count as if they were
    the same. A scan compares in earnest only those pairs that could reach the list (of a million people one in ten)."""
    if one.apart != other.apart:
        return 0.0
    left = 1 - named.weight("name") / 100 if one.name and other.name else 1.0
    kept = 1.0
    if one.emails and other.emails:
        if not one.emails.isdisjoint(other.emails):
            left *= 1 - named.weight("email") / 100
        elif _near_mailbox(one.emails, other.emails):
            left *= 1 - named.weight("mailbox") / 100
    if not one.phones.isdisjoint(other.phones):
        left *= 1 - named.weight("phone") / 100
    if not one.domains.isdisjoint(other.domains):
        left *= 1 - named.weight("domain") / 100
    if one.birth and other.birth:
        if one.birth == other.birth:
            left *= 1 - named.weight("birth") / 100
        else:
            kept = 1 + named.weight("other_birth") / 100
    if one.places and other.places:
        left *= 1 - _best_place(one.places, other.places, named) / 100
    return 100 * (1 - left) * kept


def _best_place(some: Iterable[tuple[str, str, str]], others: Iterable[tuple[str, str, str]], named: Named) -> int:
    """The weight of two addresses if streets were alike."""
    best = 0
    for postcode, city, street in some:
        for postcode2, city2, street2 in others:
            same_code, same_city = postcode and postcode == postcode2, city and city == city2
            if same_code or same_city:
                found = max(named.weight("postcode") if same_code else 0, named.weight("city") if same_city else 0)
                # Streets that begin with other letters or numbers can still be alike; those of other lengths cannot.
                if street and street2 and min(len(street), len(street2)) * 2 >= 0.88 * (len(street) + len(street2)):
                    found = max(found, named.weight("street"))
                best = max(best, found)
    return best


def _compare_names(likeness: float, named: Named, found: list[Evidence]) -> None:
    steps = (("name", 96), ("near", 90), ("similar", 83), ("resembling", 74))
    why = next((why for why, least in steps if likeness >= least), "")
    if not why and likeness < 55:
        why = "other_name"
    elif not why and not any(one[0] == "email" for one in found):
        why = "relative"  # one surname, one house, one number: a family, unless they write from one address
    if why:
        found.append((f"{why}:{round(likeness)}", (named.name,), named.weight(why)))


def _compare_places(one: Traits, other: Traits, named: Named, found: list[Evidence]) -> None:
    best = ""
    for postcode, city, street in one.places:
        for postcode2, city2, street2 in other.places:
            same_town = (postcode and postcode == postcode2) or (city and city == city2)
            if same_town and street and street2 and fuzz.ratio(street, street2) >= 88:
                best = "street"
            elif best != "street" and postcode and postcode == postcode2:
                best = "postcode"
            elif not best and city and city == city2:
                best = "city"
    if best:
        found.append((best, (named.addresses,), named.weight(best)))
    elif one.places and other.places:
        found.append(("other_street", (named.addresses,), named.weight("other_street")))


def _near_mailbox(one: Iterable[str], other: Iterable[str]) -> bool:
    """Two addresses with one slip of the finger, or one mailbox at two providers. Digits must be the same and there, or the
    domain a company's: “ann.lee” at two providers is no more than the name once again."""
    for first in one:
        for second in other:
            name, _at, domain = first.partition("@")
            name2, _at, domain2 = second.partition("@")
            digits = "".join(c for c in name if c.isdigit())
            if digits != "".join(c for c in name2 if c.isdigit()):
                continue
            own = domain == domain2 and domain not in FREE_MAIL
            if (digits or own) and abs(len(name) - len(name2)) <= 1 and fuzz.ratio(name, name2) >= 88:
                return True
    return False


def score_of(evidence: Iterable[Evidence]) -> int:
    """0 to 100."""
    against, kept = 1.0, 1.0
    for _why, _fields, weight in evidence:
        if weight > 0:
            against *= 1 - weight / 100
        else:
            kept *= 1 + weight / 100
    return round(100 * (1 - against) * kept)


def from_stored(stored: Iterable[object]) -> list[Evidence]:
    """Evidence as the table keeps it."""
    return [(str(why), tuple(fields), int(weight)) for why, fields, weight in stored]  # type: ignore[misc]


def seen_by(evidence: Iterable[Evidence], visible: Iterable[str]) -> list[Evidence]:
    """What rests on fields that the viewer may see, and nothing else."""
    there = set(visible)
    return [one for one in evidence if set(one[1]) <= there]


def in_words(evidence: Iterable[Evidence]) -> list[str]:
    """The reasons as people read them, the weightiest first; what speaks against comes last."""
    return [_words(why) for why, _fields, _weight in sorted(evidence, key=lambda one: -one[2]) if _words(why)]


def _words(why: str) -> str:
    key, _colon, number = why.partition(":")
    if key in ("name", "near", "similar", "resembling"):
        return _("same name") if number == "100" else _("name %(percent)s %% alike") % {"percent": number}
    return {
        "email": _("same e-mail"), "phone": _("same phone"), "domain": _("same web domain"), "birth": _("same birthday"),
        "street": _("same street"), "postcode": _("same postcode"), "city": _("same town"),
        "mailbox": _("nearly the same e-mail"), "other_name": _("different names"),
        "relative": _("different names"), "other_birth": _("different birthdays"),
    }.get(key, "")  # fmt: skip
