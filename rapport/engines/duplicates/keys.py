"""The keys under which two records meet: whoever shares one is compared, nobody else. Only what could make a pair."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from rapport.engines.duplicates.evidence import Traits
from rapport.engines.duplicates.names import sound_of

#: Two kinds of key tell by themselves; a name needs a second fact, or a whole town of namesakes would meet.


def keys_of(traits: Traits) -> Iterator[str]:
    """Every key of a record, as text."""
    apart = "|".join(traits.apart)
    for address in traits.emails:
        yield f"{apart}e{address}"
        mailbox = address.partition("@")[0]
        if len(mailbox) >= 8:
            yield f"{apart}m{mailbox}"
    for number in traits.phones:
        yield f"{apart}p{number}"
    if not traits.name:
        return
    whole = " ".join(traits.name)
    sound = " ".join(sorted(sound_of(word) for word in traits.name))
    start = " ".join(word[:3] for word in traits.name)
    for domain in traits.domains:
        yield f"{apart}d{domain}"
    if len(traits.name) > 1 or len(whole) >= 6:
        yield f"{apart}n{whole.replace(' ', '')}"
    if len(traits.name) > 1:
        yield f"{apart}q{sound}"
    if traits.birth:
        yield f"{apart}b{traits.birth}{sound[:2]}"
        yield f"{apart}c{traits.birth}{sound[-3:]}"
    for postcode, city, street in traits.places:
        town = postcode or city
        if town:
            yield f"{apart}s{town}|{sound}"
            yield f"{apart}t{town}|{start}"
        if town and street:
            yield f"{apart}a{town}|{street[:6]}|{traits.name[0][:1]}"


def hashed(key: str) -> int:
    """A key as a number of 63 bits, the same in every process."""
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1
