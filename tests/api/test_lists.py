"""Lists of the API: sparse fields, references opened, relations, counts; nothing of it tells a viewer more than they may see."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group
from tests.factory import make

REFERENCES = [(info.key, f.key) for info in registry.all() for f in info.fields.values() if f.to]


def test_references_open_beside_their_ids(cast: Cast) -> None:
    """Two steps far, with the fields asked for; the id stays where it was, and an empty reference opens to null."""
    ctx, api = cast.ctx("ana"), cast.api("ana")
    customer = make(ctx, "customer", name="Fern", owner=cast.ben.pk)
    make(ctx, "deal", name="Roof", customer=customer.pk, stage=first_stage_id())
    make(ctx, "deal", name="Bare", stage=first_stage_id())
    asked = {"expand": "customer.owner", "fields": "name,customer.name,customer.owner.name", "sort": "name"}
    page = api.get("/api/v1/deal", asked)
    assert page.status_code == 200, page.content
    bare, roof = page.json()["items"]
    assert set(roof) == {"id", "version", "name", "customer", "expanded"} and roof["customer"] == str(customer.pk)
    opened = roof["expanded"]["customer"]
    assert opened["name"] == "Fern" and opened["expanded"]["owner"]["name"] == "Ben Moore"
    assert set(opened) == {"id", "version", "name", "owner", "expanded"}
    assert bare["expanded"] == {"customer": None}
    one = api.get(f"/api/v1/deal/{roof['id']}", {"expand": "customer"}).json()
    assert one["expanded"]["customer"]["name"] == "Fern" and one["amount"] is None


@pytest.mark.slow
def test_an_opened_reference_shows_no_more_than_its_own_address(cast: Cast) -> None:
    """A customer Cem may not see is null to him, as one that is gone; a hidden field cannot be named behind a dot."""
    theirs = make(cast.ctx("ben"), "customer", name="Secret")
    make(cast.ctx("ana"), "deal", name="Roof", customer=theirs.pk, stage=first_stage_id(), owner=cast.cem.pk)
    api = cast.api("cem")
    assert api.get(f"/api/v1/customer/{theirs.pk}").status_code == 404
    page = api.get("/api/v1/deal", {"expand": "customer"}).json()
    assert [one["expanded"] for one in page["items"]] == [{"customer": None}]
    hide_group(cast, "sales", "sales.amounts")
    deal = make(cast.ctx("ben"), "deal", stage=first_stage_id(), name="Loft")
    make(cast.system, "task", subject="Call", about=("deal", deal.pk), owner=cast.ben.pk)
    make(cast.system, "deal_person", deal=deal.pk, person=make(cast.ctx("ben"), "customer", kind="person").pk)
    ben = cast.api("ben")
    refused = ben.get("/api/v1/deal_person", {"fields": "deal.amount"})
    assert refused.status_code == 400 and refused.json()["code"] == "unknown_field"
    assert "amount" not in ben.get("/api/v1/deal_person", {"expand": "deal"}).json()["items"][0]["expanded"]["deal"]
    about = ben.get("/api/v1/task", {"expand": "about"}).json()["items"][0]["expanded"]["about"]
    assert about["name"] == "Loft" and "amount" not in about


def test_every_reference_of_every_type_opens(cast: Cast) -> None:
    """Also where no row leads anywhere; one that is kept out of the API cannot be named."""
    api = cast.api("ana")
    shown = {(one["key"], f["key"]) for one in api.get("/api/v1/").json()["types"] for f in one["fields"]}
    for type_key, key in REFERENCES:
        answer = api.get(f"/api/v1/{type_key}", {"expand": key})
        assert answer.status_code == (200 if (type_key, key) in shown else 400), (type_key, key, answer.content)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"expand": "name"}, "no_reference"), ({"expand": "nothing"}, "unknown_field"), ({"fields": "owner.nothing"}, "unknown_field"),
        ({"expand": "owner.team.lead"}, "too_deep"), ({"fields": "owner.team.lead.name"}, "too_deep"), ({"count": "yes"}, "bad_flag"),
        ({"expand": "owner.."}, "too_deep"), ({"fields": ".name"}, "unknown_field"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_is_named(cast: Cast, asked: dict[str, str], code: str) -> None:
    """400, whether or not there is a row."""
    answer = cast.api("ana").get("/api/v1/customer", asked)
    assert answer.status_code == 400 and answer.json()["code"] == code, answer.content


def test_opening_costs_a_query_per_reference(cast: Cast) -> None:
    """However many rows: one statement for the page, one for each reference, two for those of the second step."""
    ctx = cast.ctx("ben")
    api = cast.api("ben")

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert api.get("/api/v1/deal", {"expand": "customer.owner,stage"}).status_code == 200
        return len(seen)

    make(ctx, "deal", customer=make(ctx, "customer").pk, stage=first_stage_id())
    cost()
    first = cost()
    for _n in range(8):
        make(ctx, "deal", customer=make(ctx, "customer").pk, stage=first_stage_id())
    assert cost() == first


def test_the_records_that_point_here_are_a_list_of_their_own(cast: Cast) -> None:
    """Filtered, sorted, paged and counted as any list; unknown relations and strangers' records are 404."""
    ctx, api = cast.ctx("ana"), cast.api("ana")
    one, other = make(ctx, "customer", name="Fern"), make(ctx, "customer", name="Moss")
    for n in range(3):
        make(ctx, "deal", name=f"D{n}", customer=one.pk, stage=first_stage_id())
    make(ctx, "deal", name="D9", customer=other.pk, stage=first_stage_id())
    address = f"/api/v1/customer/{one.pk}/deals"
    page = api.get(address, {"sort": "-name", "limit": 2, "fields": "name", "count": "true"})
    assert [item["name"] for item in page.json()["items"]] == ["D2", "D1"]
    assert page.json()["count"] == {"number": 3, "is_capped": False}
    following = page.headers["Link"].partition(">")[0].lstrip("<")
    assert [item["name"] for item in api.get(following).json()["items"]] == ["D0"]
    assert [item["name"] for item in api.get(address, {"filter": "name is D1"}).json()["items"]] == ["D1"]
    assert api.get(f"/api/v1/customer/{one.pk}/nothing").status_code == 404
    theirs = make(cast.ctx("ben"), "customer")
    assert cast.api("cem").get(f"/api/v1/customer/{theirs.pk}/deals").status_code == 404


def test_a_count_is_the_viewers_own(cast: Cast) -> None:
    """What a filter leaves of what this viewer sees."""
    make(cast.ctx("ben"), "customer", name="A")
    make(cast.ctx("cem"), "customer", name="A")
    for name, number in (("ana", 2), ("ben", 1)):
        assert (
            cast.api(name).get("/api/v1/customer", {"count": "true", "filter": "name is A"}).json()["count"]["number"] == number
        )
