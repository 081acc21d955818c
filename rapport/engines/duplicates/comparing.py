"""Comparing the members of blocks: every pair once, in earnest only where it could be one, large blocks in smaller parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from uuid import UUID

from rapport.engines.duplicates.evidence import LIKELY, Evidence, Named, Traits, compare, most_possible, score_of
from rapport.engines.duplicates.scratch import Block, Member

#: A key that more records share than this says little by itself (a frequent name, a switchboard): its block is split.
MOST_IN_BLOCK = 50
#: One that more records share than this is not looked at at all (a provider's place-holder address).
MOST_IN_ALL = 2_000

PairFound = tuple[UUID, UUID, int, list[Evidence]]


@dataclass
class Comparing:
    """What one scan compares, and what it found since it was asked last."""

    named: Named
    #: Keys whose blocks are split: two that share one of these meet elsewhere too.
    large: frozenset[int]
    compared: int = 0
    noisy: int = 0
    found: dict[tuple[UUID, UUID], PairFound] = field(default_factory=dict)

    def look_at(self, blocks: Sequence[Block], members: dict[int, Member]) -> None:
        """Compare within each block. A block without numbers is one that too many share."""
        for key, numbers in blocks:
            if not numbers:
                self.noisy += 1
                continue
            some = [members[number] for number in numbers]
            if key in self.large:
                self._in_parts(some)
            else:
                self._all_with_all(key, some)

    def taken(self) -> list[PairFound]:
        """What was found since, to be written."""
        found = list(self.found.values())
        self.found = {}
        return found

    def _all_with_all(self, key: int, members: Sequence[Member]) -> None:
        large = self.large
        for one, other in combinations(members, 2):
            if len(one[2]) > 1 and len(other[2]) > 1:
                # Two that share several keys meet in the first of them only; in split blocks they may not meet.
                shared = one[2] & other[2]
                if len(shared) > 1 and min(shared - large if large else shared) != key:
                    continue
            self._compare(one, other)

    def _in_parts(self, members: Sequence[Member]) -> None:
        """Those who share a second fact, each pair once; a second fact that all of them share says nothing."""
        parts: dict[str, list[int]] = {}
        for at, (_pk, traits, _keys) in enumerate(members):
            for second in seconds_of(traits):
                parts.setdefault(second, []).append(at)
        seen: set[tuple[int, int]] = set()
        for some in parts.values():
            if 1 < len(some) <= MOST_IN_BLOCK:
                seen.update(combinations(some, 2))
        for at, at2 in seen:
            one, other = members[at], members[at2]
            if (one[2] & other[2]) <= self.large:
                self._compare(one, other)

    def _compare(self, one: Member, other: Member) -> None:
        self.compared += 1
        if most_possible(one[1], other[1], self.named) < LIKELY - 0.5:
            return
        evidence = compare(one[1], other[1], self.named)
        if evidence and (score := score_of(evidence)) >= LIKELY:
            pair = (min(one[0], other[0]), max(one[0], other[0]))
            self.found[pair] = (*pair, score, evidence)


def seconds_of(traits: Traits) -> Iterator[str]:
    """The second keys by which a large block is split: with any of them a pair could reach the list."""
    for address in traits.emails:
        yield f"e{address[:4]}"
    for number in traits.phones:
        yield f"p{number}"
    for domain in traits.domains:
        yield f"d{domain}"
    if traits.birth:
        yield f"b{traits.birth}"
    for _postcode, city, street in traits.places:
        if city:
            yield f"c{city}{street[:4]}"
    if traits.name:
        yield f"n{traits.name[0][:3]}{traits.name[-1][:3]}"
