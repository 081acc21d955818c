"""Pairs that hang together: one line, one page, one merge, and each part of it taken back by itself."""

from __future__ import annotations

import re
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.duplicates.groups import MOST, groups_page
from rapport.engines.duplicates.models import DuplicatePair, Merge
from rapport.engines.duplicates.scanning import scan_type
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.duplicates.test_scanning import fill
from tests.factory import make

pytestmark = pytest.mark.django_db
CUSTOMER = registry.get("customer")
ROWS = [
    {"name": "Maya Jensen", "emails": ["maya@example.org"], "phones": "+353 1 555 0142"},
    {"name": "Jensen, Maja", "emails": ["maya@example.org"], "birthday": "1980-02-03"},
    {"name": "M. Jensen", "phones": "+353 1 555 0142", "emails": ["mj@example.net"], "birthday": "1980-02-03"},
]


@pytest.fixture
def three(cast: Cast) -> list[UUID]:
    """Three of Ben's that are one."""
    found = cast.system.create_many("customer", [{**row, "kind": "person", "owner": cast.ben.pk} for row in ROWS])
    assert not found.errors
    scan_type(cast.home, "customer")
    return [found.ids[n] for n in range(3)]


def group_url(cast: Cast, who: str = "ben") -> str:
    """The address of the one group of the list."""
    page = cast.client(who).get("/duplicates/customer/review").content.decode()
    urls = set(re.findall(r'href="(/duplicates/customer/group/\d+)"', page))
    assert len(urls) == 1, page
    return urls.pop()


def test_three_that_are_one_are_one_line_and_one_merge(cast: Cast, three: list[UUID]) -> None:
    """Side by side, with a value picked from each; all at once back with one click."""
    client, url = cast.client("ben"), group_url(cast)
    page = client.get(url).content.decode()
    assert all(name in page for name in ("Maya Jensen", "Jensen, Maja", "M. Jensen")) and page.count('name="with"') == 2
    answer = client.post(
        url, {"keep": three[0], "with": three[1:], "pick-name": three[1], "pick-emails": "both"}, follow=True
    )
    assert "2 records are merged in" in answer.content.decode()
    kept = CUSTOMER.model.objects.get(pk=three[0])
    assert kept.name == "Jensen, Maja" and str(kept.birthday) == "1980-02-03"
    assert [one["value"] for one in kept.emails] == ["maya@example.org", "mj@example.net"]
    assert CUSTOMER.model.objects.filter(pk__in=three[1:], deleted_at__isnull=False).count() == 2
    merges = [str(pk) for pk in Merge.objects.order_by("id").values_list("pk", flat=True)]
    assert f"merge:{' '.join(merges)}" in answer.content.decode()
    client.post("/undo", {"what": f"merge:{' '.join(merges)}"})
    kept.refresh_from_db()
    assert kept.name == "Maya Jensen" and kept.birthday is None and len(kept.emails) == 1
    assert not CUSTOMER.model.objects.filter(pk__in=three, deleted_at__isnull=False).exists()


def test_each_of_them_is_taken_back_by_itself(cast: Cast, three: list[UUID]) -> None:
    """One comes out again, the other stays in."""
    client = cast.client("ben")
    client.post(group_url(cast), {"keep": three[0], "with": three[1:]})
    client.post(f"/duplicates/merge/{Merge.objects.get(loser_id=three[1]).pk}/undo")
    there = {pk: CUSTOMER.model.objects.get(pk=pk).deleted_at is None for pk in three}
    assert list(there.values()) == [True, True, False]


def test_another_one_stays_and_only_the_ticked_go(cast: Cast, three: list[UUID]) -> None:
    """Whoever is not ticked is left as they are; with nobody ticked nothing happens."""
    client, url = cast.client("ben"), group_url(cast)
    page = client.get(f"{url}?keep={three[2]}").content.decode()
    assert f'name="keep" value="{three[2]}"' in page and f'name="with" value="{three[0]}"' in page
    assert client.post(url, {"keep": three[2]}).status_code == 422 and not Merge.objects.exists()
    client.post(url, {"keep": three[2], "with": [three[0]]})
    merge = Merge.objects.get()
    assert (merge.survivor_id, merge.loser_id) == (three[2], three[0])
    assert CUSTOMER.model.objects.get(pk=three[1]).deleted_at is None


def test_one_that_is_none_of_them_is_kept_apart_for_ever(cast: Cast, three: list[UUID]) -> None:
    """The others stay a pair; a later scan asks about nothing that was decided."""
    client, url = cast.client("ben"), group_url(cast)
    answer = client.post(f"{url}/apart", {"member": three[2]})
    assert answer.status_code == 302 and "/merge/" in answer.headers["Location"]
    scan_type(cast.home, "customer", anew=True)
    pairs = DuplicatePair.objects.filter(workspace=cast.home, state="open").values_list("one_id", "other_id")
    assert [set(pair) for pair in pairs] == [set(three[:2])]
    assert client.post(f"{url}/apart", {"member": uuid4()}).status_code == 404


def test_who_sees_one_of_them_less_sees_a_smaller_group(cast: Cast, three: list[UUID]) -> None:
    """A member that is hidden is not there; strangers find no group at all, and merge none."""
    url = group_url(cast)
    cast.system.write(CUSTOMER.model.objects.get(pk=three[0]), owner=cast.cem.pk)
    page = cast.client("ben").get("/duplicates/customer/review").content.decode()
    assert "Maya Jensen" not in page and "/group/" not in page
    for who in ("cem", "dea"):
        assert cast.client(who).get(url).status_code == 404
        assert cast.client(who).post(url, {"keep": three[1], "with": [three[2]]}).status_code == 404
        assert cast.client(who).post(f"{url}/apart", {"member": three[1]}).status_code == 404
    assert not Merge.objects.exists() and not DuplicatePair.objects.filter(state="apart").exists()


def test_all_or_none(cast: Cast, three: list[UUID]) -> None:
    """One that cannot be merged holds the others back too."""
    url = group_url(cast)
    cast.system.write(CUSTOMER.model.objects.get(pk=three[2]), kind="company")
    assert cast.client("ben").post(url, {"keep": three[0], "with": three[1:]}).status_code == 422
    assert not Merge.objects.exists() and CUSTOMER.model.objects.get(pk=three[1]).deleted_at is None


def test_a_large_group_is_shown_in_parts_and_thousands_cost_what_few_do(cast: Cast) -> None:
    """Twenty in a chain: six at a time. The queries of a page do not grow with the pairs there are."""
    fill(cast)
    scan_type(cast.home, "customer")
    client = cast.client("ben")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/duplicates/customer/review").status_code == 200
        return len(queries)

    cost()
    few = cost()
    many = [make(cast.system, "customer", name=f"Chain {n}", kind="person", owner=cast.ben.pk).pk for n in range(20)]
    DuplicatePair.objects.bulk_create(
        [DuplicatePair(workspace=cast.home, type="customer", one_id=one, other_id=other, score=99,
                       evidence=[["email", ["emails"], 99]]) for one, other in pairwise(many)]
        + [DuplicatePair(workspace=cast.home, type="customer", one_id=uuid4(), other_id=uuid4(), score=75, evidence=[])
           for _n in range(2_000)]
    )  # fmt: skip
    assert cost() <= few + 2  # the steps along a chain
    groups, _more = groups_page(cast.ctx("ben"), CUSTOMER, limit=30)
    assert len(groups) == 3 and len(groups[0].members) == MOST and groups[0].more == 14
    assert f"{14} more" in client.get("/duplicates/customer/review").content.decode()
