"""Groups of doubles and leads who are customers already, for programs."""

from __future__ import annotations

from uuid import UUID

import pytest

from rapport.engines.duplicates.scanning import scan_type
from tests.cast import Cast
from tests.duplicates.test_groups import CUSTOMER, ROWS
from tests.duplicates.test_surfaces import post
from tests.factory import make

pytestmark = pytest.mark.django_db
GROUPS, AMONG = "/api/v1/duplicates/groups", "/api/v1/duplicates/among"


@pytest.fixture
def three(cast: Cast) -> list[UUID]:
    """Three of Ben's that are one."""
    found = cast.system.create_many("customer", [{**row, "kind": "person", "owner": cast.ben.pk} for row in ROWS])
    scan_type(cast.home, "customer")
    return [found.ids[n] for n in range(3)]


def test_a_group_is_listed_and_merged(cast: Cast, three: list[UUID]) -> None:
    """One entry with its members and pairs; values are picked by member; strangers find nothing."""
    (group,) = cast.api("ben").get(GROUPS).json()["items"]
    assert set(group["members"]) == {str(pk) for pk in three} and group["type"] == "customer" and group["pairs"][0]["reasons"]
    address = f"{GROUPS}/{group['id']}/merge"
    for who in ("cem", "dea"):
        assert cast.api(who).get(GROUPS).json()["items"] == []
        assert post(cast, who, address, {"keep": str(three[0])}).status_code == 404
    stranger = make(cast.system, "customer", owner=cast.ben.pk)
    assert post(cast, "ben", address, {"keep": str(stranger.pk)}).status_code == 422
    assert post(cast, "ben", address, {"keep": str(three[0]), "others": [str(stranger.pk)]}).status_code == 422
    assert post(cast, "ben", address, {"keep": str(three[0]), "picks": {"nonsense": "both"}}).status_code == 422
    assert post(cast, "ben", address, {"keep": str(three[0]), "more": 1}).status_code == 400
    made = post(cast, "ben", address, {"keep": str(three[0]), "picks": {"name": str(three[1]), "emails": "both"}})
    assert made.status_code == 200 and made.json()["item"]["name"] == "Jensen, Maja" and len(made.json()["merges"]) == 2
    assert CUSTOMER.model.objects.filter(pk__in=three[1:], deleted_at__isnull=False).count() == 2
    assert cast.api("ben").get(GROUPS).json()["items"] == []


def test_a_member_is_kept_apart(cast: Cast, three: list[UUID]) -> None:
    """It is none of the others, for ever; the rest stays a group."""
    (group,) = cast.api("ben").get(GROUPS).json()["items"]
    address = f"{GROUPS}/{group['id']}/apart"
    assert post(cast, "cem", address, {"member": str(three[2])}).status_code == 404
    assert post(cast, "ben", address, {}).status_code == 400
    assert post(cast, "ben", address, {"member": str(three[2])}).json()["parted"] >= 1
    (left,) = cast.api("ben").get(GROUPS).json()["items"]
    assert set(left["members"]) == {str(pk) for pk in three[:2]}


def test_leads_who_are_customers_already(cast: Cast) -> None:
    """Listed with the action that joins them, kept apart and back; nobody else sees them."""
    make(cast.system, "customer", name="Maya Jensen", kind="person", owner=cast.ben.pk, emails=["maya@example.org"])
    lead = make(cast.system, "lead", name="Maja Jensen", emails=["maya@example.org"], state="new", owner=cast.ben.pk)
    scan_type(cast.home, "lead")
    (pair,) = cast.api("ben").get(f"{AMONG}?type=lead&other=customer").json()["items"]
    assert (pair["record"], pair["action"], pair["other_type"]) == (str(lead.pk), "convert", "customer")
    assert cast.api("dea").get(AMONG).json()["items"] == []
    assert post(cast, "dea", f"{AMONG}/{pair['id']}/apart", {}).status_code == 404
    assert post(cast, "ben", f"{AMONG}/{pair['id']}/apart", {}).json()["state"] == "apart"
    assert cast.api("ben").get(AMONG).json()["items"] == []
    assert len(cast.api("ben").get(f"{AMONG}?state=apart").json()["items"]) == 1
    assert post(cast, "ben", f"{AMONG}/{pair['id']}/apart", {"apart": False}).json()["state"] == "open"
    assert cast.api("ben").get(f"{AMONG}?type=customer&other=lead").status_code == 404
