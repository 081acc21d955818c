"""The composer: a line becomes a note, a call brings its follow-up, a file comes along, nothing half-written stays."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id

HX = {"HX-Request": "true"}


@pytest.fixture
def customer(cast: Cast) -> object:
    """A company of Ana's."""
    return cast.ctx("ana").create("customer", name="Hotel Aldersley", kind="company")


def _activity() -> object:
    return registry.get("activity").model.objects.get()


def test_tabs_are_there(cast: Cast, customer: object) -> None:
    page = cast.client("ana").get(f"/customer/{customer.pk}").content.decode()
    for key in ("note", "call", "email", "meeting", "visit", "task"):
        assert f'id="pane-{key}"' in page


def test_one_line_is_a_note(cast: Cast, customer: object) -> None:
    answer = cast.client("ana").post(
        f"/customer/{customer.pk}/compose", {"tab": "note", "note-body": "Likes dark roast"}, headers=HX
    )
    assert answer.status_code == 204 and json.loads(answer["HX-Trigger"])["recordChanged"]
    made = _activity()
    assert (made.kind, made.subject, made.body, made.customer_id) == ("note", "Likes dark roast", "", customer.pk)


def test_first_line_names_a_longer_note(cast: Cast, customer: object) -> None:
    text = "Refurbishing in January\nGrace wants one supplier."
    cast.client("ana").post(f"/customer/{customer.pk}/compose", {"tab": "note", "note-body": text}, headers=HX)
    assert _activity().subject == "Refurbishing in January" and "one supplier" in _activity().body


def test_call_with_follow_up(cast: Cast, customer: object) -> None:
    due = (dt.date.today() + dt.timedelta(days=5)).isoformat()
    cast.client("ana").post(
        f"/customer/{customer.pk}/compose",
        {
            "tab": "call",
            "call-body": "Wants a price",
            "call-minutes": "6",
            "call-outcome": "Interested",
            "call-then__subject": "Send the price",
            "call-then__due_on": due,
        },
        headers=HX,
    )
    made, task = _activity(), registry.get("task").model.objects.get()
    assert (made.kind, made.minutes, made.outcome) == ("call", 6, "Interested")
    assert (task.subject, task.due_on.isoformat(), task.customer_id, task.is_follow_up) == (
        "Send the price",
        due,
        customer.pk,
        True,
    )
    customer.refresh_from_db()
    assert customer.next_step == "Send the price"


def test_about_a_deal_names_its_customer_too(cast: Cast, customer: object) -> None:
    deal = cast.ctx("ana").create("deal", name="Bar", stage=first_stage_id(), customer=customer.pk)
    cast.client("ana").post(
        f"/deal/{deal.pk}/compose", {"tab": "task", "task-subject": "Call back", "task-due_on": "tomorrow"}, headers=HX
    )
    task = registry.get("task").model.objects.get()
    assert (task.about_type, task.about_id, task.customer_id) == ("deal", deal.pk, customer.pk)


def test_refused_keeps_text_and_writes_nothing(cast: Cast, customer: object) -> None:
    answer = cast.client("ana").post(
        f"/customer/{customer.pk}/compose",
        {"tab": "call", "call-body": "Talked", "call-minutes": "many", "call-then__due_on": "someday"},
        headers=HX,
    )
    page = answer.content.decode()
    assert answer.status_code == 422 and "Talked" in page and 'value="many"' in page
    assert not registry.get("activity").model.objects.exists() and not registry.get("task").model.objects.exists()


def test_empty_note_is_refused(cast: Cast, customer: object) -> None:
    answer = cast.client("ana").post(f"/customer/{customer.pk}/compose", {"tab": "note", "note-body": " "}, headers=HX)
    assert answer.status_code == 422 and "one line is enough" in answer.content.decode()


def test_file_comes_along(cast: Cast, customer: object) -> None:
    file = SimpleUploadedFile("price list.txt", b"Dark roast 12.50")
    cast.client("ana").post(
        f"/customer/{customer.pk}/compose", {"tab": "note", "note-body": "Sent", "note-file__upload": file}, headers=HX
    )
    assert _activity().file["name"] == "price list.txt"


def test_strangers_and_unknown_tabs_get_404(cast: Cast, customer: object) -> None:
    assert (
        cast.client("dea").post(f"/customer/{customer.pk}/compose", {"tab": "note", "note-body": "x"}).status_code
        == 404
    )
    assert (
        cast.client("ana").post(f"/customer/{customer.pk}/compose", {"tab": "bomb", "note-body": "x"}).status_code
        == 404
    )


def test_works_without_script(cast: Cast, customer: object) -> None:
    answer = cast.client("ana").post(f"/customer/{customer.pk}/compose", {"tab": "note", "note-body": "Plain"})
    assert answer.status_code == 302 and answer["Location"] == f"/customer/{customer.pk}"
