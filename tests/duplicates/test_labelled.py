"""The scan on people of whom it is known who is who: how right it is, and that its short cuts leave nobody out."""

from __future__ import annotations

from itertools import combinations

import pytest

from benchmarks.duplicates import fill
from benchmarks.people import people
from rapport.engines.duplicates import scanning
from rapport.engines.duplicates.comparing import Comparing
from rapport.engines.duplicates.evidence import LIKELY, compare, most_possible, score_of
from rapport.engines.duplicates.models import DuplicatePair
from rapport.engines.duplicates.registry import identity_of
from rapport.engines.duplicates.scanning import scan_type
from rapport.engines.duplicates.traits import named_of, traits_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db
_PEOPLE = 3_000


def test_most_of_what_is_one_is_found_and_little_else(cast: Cast) -> None:
    """One row in twenty is there twice, three in a hundred look like it: 97 of 100 pairs shown are right, 85 of 100 found."""
    who = fill(cast.home, _PEOPLE, 0.05, bare=True)
    done = scan_type(cast.home, "customer", anew=True)
    true = {tuple(sorted(map(str, pair))) for ids in who.values() for pair in combinations(ids, 2)}
    rows = DuplicatePair.objects.filter(workspace=cast.home).values_list("one_id", "other_id")
    found = {tuple(sorted(map(str, pair))) for pair in rows}
    precision, recall = len(found & true) / len(found), len(found & true) / len(true)
    print(f"{done.compared} pairs compared, {len(found)} found, precision {precision:.3f}, recall {recall:.3f} of {len(true)}")
    assert precision > 0.97 and recall > 0.85
    assert done.compared < _PEOPLE


def test_what_is_not_compared_in_earnest_could_not_have_been_a_pair() -> None:
    """The bound that a scan asks first is never below the score."""
    identity = identity_of("customer")
    assert identity is not None
    named = named_of(identity)
    every = [traits_of(identity, {**one, "kind": "person"}) for _who, one in people(220, doubles=0.4)]
    near = 0
    for one, other in combinations(every, 2):
        score = score_of(compare(one, other, named))
        near += score >= LIKELY
        assert score <= most_possible(one, other, named) + 0.5
    assert near > 30


def test_a_key_that_hundreds_share_hides_no_pair(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A switchboard of 70, two of whom are one: found by what else they share, without comparing all with all."""
    rows = [{"name": f"{chr(97 + n % 26)}{chr(97 + n // 26)}x Person{n * 7919}", "phones": "+353 1 555 0100"} for n in range(70)]
    rows[40]["name"], rows[60]["name"] = "Siobhán O'Connor", "Siobhan OConnor"
    assert not cast.system.create_many("customer", [{**row, "kind": "person"} for row in rows]).errors
    done = scan_type(cast.home, "customer")
    assert done.found == 1 and done.compared < 100 and done.noisy == 0
    seen: list[int] = []
    kept = Comparing.look_at
    monkeypatch.setattr(
        Comparing, "look_at", lambda self, blocks, members: seen.append(len(members)) or kept(self, blocks, members)
    )
    monkeypatch.setattr(scanning, "MOST_IN_ALL", 60)
    done = scan_type(cast.home, "customer", anew=True)
    assert done.noisy == 1 and max(seen) < 70
