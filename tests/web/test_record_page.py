"""The record page: header, properties edited in place, related panels, the story, the change log, the bin."""

from __future__ import annotations

import datetime as dt
import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group

HX = {"HX-Request": "true"}
#: Queries of one record page of a company with everything on it; only a design change may raise it. The eight beyond 26 are
#: the summary and the health (last contact, who it was, open tasks, deals, preferences), the views pinned in the menu, and
#: for whoever may merge what it may be a double of and what was merged into it. Three more are the open tickets: their panel
#: (two), and the line before one calls. One more asks whether mail to the customer's addresses came back.
CUSTOMER_QUERIES = 38


@pytest.fixture
def hotel(cast: Cast) -> object:
    """A company with a person, a deal, a task and a note."""
    ctx = cast.ctx("ana")
    made = ctx.create(
        "customer",
        name="Hotel Aldersley",
        kind="company",
        industry="Hotel",
        phones="+353 1 555 0140",
        emails="hello@aldersley.example",
        turnover="48640",
        tags=["Key account"],
    )
    grace = ctx.create("customer", name="Grace Tierney", kind="person")
    ctx.create("affiliation", person=grace.pk, company=made.pk, job_title="General manager", part="decides")
    deal = ctx.create("deal", name="Lobby espresso bar", customer=made.pk, stage=first_stage_id(), amount="8900")
    ctx.create(
        "task",
        subject="Quarterly review",
        due_on=ctx.format.today + dt.timedelta(days=2),
        customer=made.pk,
        about=("deal", deal.pk),
    )
    ctx.create(
        "activity",
        kind="note",
        subject="Wants one supplier",
        body="Decision in November",
        customer=made.pk,
        is_pinned=True,
    )
    made.refresh_from_db()
    return made


def _page(cast: Cast, record: object, who: str = "ana") -> str:
    return cast.client(who).get(f"/customer/{record.pk}").content.decode()


def test_page_shows_the_whole_record(cast: Cast, hotel: object) -> None:
    page = _page(cast, hotel)
    for shown in (
        "Hotel Aldersley",
        "€48,640",
        "Key account",
        "tel:+35315550140",
        "Grace Tierney",
        "General manager",
        "Lobby espresso bar",
        "€8,900",
        "Quarterly review",
        "Wants one supplier",
        "Coming up",
        "Pinned",
    ):
        assert shown in page, shown


def test_related_panels_follow_the_kind(cast: Cast, hotel: object) -> None:
    assert "Works at" not in _page(cast, hotel)
    person = registry.get("customer").model.objects.get(name="Grace Tierney")
    page = _page(cast, person)
    assert "Works at" in page and "Hotel Aldersley" in page and ">People<" not in page


def test_related_rows_stop_at_six_and_lead_on(cast: Cast, hotel: object) -> None:
    for n in range(8):
        cast.ctx("ana").create("deal", name=f"Deal {n}", customer=hotel.pk, stage=first_stage_id())
    page = _page(cast, hotel)
    assert "Show all 9" in page and "/deal/?filter=customer" in page


def test_stranger_and_missing_look_alike(cast: Cast, hotel: object) -> None:
    for who in ("dea", "cem"):
        strange = cast.client(who).get(f"/customer/{hotel.pk}")
        missing = cast.client(who).get(f"/customer/{uuid4()}")
        assert strange.status_code == missing.status_code == 404


def test_hidden_group_is_nowhere(cast: Cast, hotel: object) -> None:
    cast.system.write(hotel, owner=cast.ben.pk)
    hide_group(cast, "sales", "customers.figures")
    hide_group(cast, "sales", "sales.amounts")
    page = _page(cast, hotel, "ben")
    assert "48,640" not in page and "Turnover" not in page and "8,900" not in page
    history = cast.client("ben").get(f"/customer/{hotel.pk}/history").content.decode()
    assert "48,640" not in history and "Turnover" not in history
    assert cast.client("ben").get(f"/customer/{hotel.pk}/field/turnover").status_code == 404


def test_field_in_place(cast: Cast, hotel: object) -> None:
    client, address = cast.client("ana"), f"/customer/{hotel.pk}/field/industry"
    control = client.get(address, headers=HX).content.decode()
    assert 'value="Hotel"' in control and f'name="version" value="{hotel.version}"' in control
    answer = client.post(address, {"industry": "4-star hotel", "version": hotel.version}, headers=HX)
    assert (
        answer.status_code == 200
        and "4-star hotel" in answer.content.decode()
        and "is-saved" in answer.content.decode()
    )
    assert json.loads(answer["HX-Trigger"]) == {"recordChanged": {"field": "industry"}}
    assert "4-star hotel" in client.get(f"{address}?show=1", headers=HX).content.decode()


def test_field_refused_keeps_text(cast: Cast, hotel: object) -> None:
    answer = cast.client("ana").post(f"/customer/{hotel.pk}/field/emails", {"emails": "nonsense"}, headers=HX)
    assert answer.status_code == 422 and 'value="nonsense"' in answer.content.decode()


def test_field_conflict_shows_both(cast: Cast, hotel: object) -> None:
    seen = hotel.version
    cast.ctx("ana").write(hotel, industry="Catering")
    client, address = cast.client("ana"), f"/customer/{hotel.pk}/field/industry"
    answer = client.post(address, {"industry": "Mine", "version": seen}, headers=HX)
    page = answer.content.decode()
    assert answer.status_code == 409 and "Catering" in page and 'value="Mine"' in page
    hotel.refresh_from_db()
    assert f'name="version" value="{hotel.version}"' in page
    assert client.post(address, {"industry": "Mine", "version": hotel.version}, headers=HX).status_code == 200


def test_field_needs_the_right(cast: Cast) -> None:
    theirs = cast.ctx("ana").create("deal", name="Bar", stage=first_stage_id(), owner=cast.ben.pk)
    assert cast.client("cem").get(f"/deal/{theirs.pk}/field/name").status_code == 404
    assert cast.client("ben").post(f"/deal/{theirs.pk}/field/stage", {"stage": first_stage_id()}).status_code == 403


def test_timeline_narrows_and_pages(cast: Cast, hotel: object) -> None:
    ctx = cast.ctx("ana")
    for n in range(40):
        ctx.create(
            "activity",
            kind="call",
            subject=f"Call {n:02}",
            customer=hotel.pk,
            happened_at=ctx.format.now - dt.timedelta(days=n + 1),
        )
    client = cast.client("ana")
    calls = client.get(f"/customer/{hotel.pk}/timeline?only=call", headers=HX).content.decode()
    assert "Call 00" in calls and "Wants one supplier" not in calls and "Show earlier" in calls
    first = client.get(f"/customer/{hotel.pk}").content.decode()
    assert "Call 39" not in first
    cursor = first.split("timeline?cursor=")[1].split("&")[0]
    assert "Call 39" in client.get(f"/customer/{hotel.pk}/timeline?cursor={cursor}", headers=HX).content.decode()
    assert client.get(f"/customer/{hotel.pk}/timeline?cursor=rubbish", headers=HX).status_code == 422


def test_changes_fold_by_day_and_person(cast: Cast, hotel: object) -> None:
    ctx = cast.ctx("ana")
    ctx.write(hotel, industry="One")
    ctx.write(hotel, employees=12)
    page = cast.client("ana").get(f"/customer/{hotel.pk}/timeline?only=change", headers=HX).content.decode()
    assert page.count("changed ") == 1 and "industry" in page and "employees" in page


def test_history_shows_before_and_after(cast: Cast, hotel: object) -> None:
    cast.ctx("ana").write(hotel, industry="Catering")
    page = cast.client("ana").get(f"/customer/{hotel.pk}/history").content.decode()
    assert "Ana Silva" in page and "Catering" in page and ">Hotel<" in page.replace("\n", "")


def test_delete_and_restore(cast: Cast, hotel: object) -> None:
    client = cast.client("ana")
    person = registry.get("customer").model.objects.get(name="Grace Tierney")
    assert client.get(f"/customer/{person.pk}/delete").status_code == 405
    answer = client.post(f"/customer/{person.pk}/delete")
    assert answer["Location"] == "/customer/" and client.get(f"/customer/{person.pk}").status_code == 404
    assert client.post(f"/customer/{person.pk}/restore")["Location"] == f"/customer/{person.pk}"
    assert client.get(f"/customer/{person.pk}").status_code == 200


def test_stage_bar_marks_the_present_stage(cast: Cast, hotel: object) -> None:
    deal = registry.get("deal").model.objects.get()
    page = cast.client("ana").get(f"/deal/{deal.pk}").content.decode()
    assert 'aria-current="step"' in page and f"/deal/{deal.pk}/do/move" in page


def test_no_next_step_asks_for_one(cast: Cast) -> None:
    lonely = cast.ctx("ana").create("customer", name="Lonely", kind="company")
    assert "Set a next step" in _page(cast, lonely)


def test_query_count_does_not_grow_with_the_records(cast: Cast, hotel: object) -> None:
    client = cast.client("ana")
    client.get(f"/customer/{hotel.pk}")
    with CaptureQueriesContext(connection) as few:
        client.get(f"/customer/{hotel.pk}")
    for n in range(12):
        cast.ctx("ana").create("deal", name=f"More {n}", customer=hotel.pk, stage=first_stage_id())
        cast.ctx("ana").create("activity", kind="call", subject=f"More {n}", customer=hotel.pk)
    with CaptureQueriesContext(connection) as many:
        client.get(f"/customer/{hotel.pk}")
    assert len(many) <= len(few) + 1, "a panel asks once per row"
    assert len(many) <= CUSTOMER_QUERIES


@pytest.mark.parametrize("type_key", [info.key for info in registry.all()])
def test_every_type_has_pages(cast: Cast, type_key: str) -> None:
    from tests.factory import is_sealed, make

    made, is_read_only = make(cast.ctx("ana"), type_key), is_sealed(registry.get(type_key))
    client = cast.client("ana")
    for address in ("", "/edit", "/history", "/timeline"):
        expected = 403 if is_read_only and address == "/edit" else 200
        assert client.get(f"/{type_key}/{made.pk}{address}").status_code == expected, address
    assert client.get(f"/{type_key}/new").status_code == (403 if is_read_only else 200)
