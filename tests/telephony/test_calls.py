"""A telephone system tells of a call: whoever it rings for sees who it is, and it is written down once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from rapport.engines.telephony.hearing import forget_calls
from rapport.engines.telephony.models import LiveCall
from rapport.kernel.access.current import use_workspace
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from tests.cast import Cast

Tell = Callable[..., dict[str, object]]


@pytest.fixture
def tell(cast: Cast) -> Tell:
    """Send a message as the telephone system of the owner."""
    client = cast.api("ana")

    def send(event: str, *, call: str = "call-1", status: int = 200, **given: object) -> dict[str, object]:
        answer = client.post("/api/v1/calls", {"id": call, "event": event, **given}, content_type="application/json")
        assert answer.status_code == status, answer.content
        found: dict[str, object] = answer.json()
        return found

    return send


@pytest.fixture
def maya(cast: Cast) -> Record:
    """Somebody with a number, and Ben's telephone."""
    cast.system.create("phone_line", number="201", user=cast.ben.pk)
    return cast.system.create("customer", kind="person", name="Maya Lindqvist", phones="+353 1 555 0142", owner=cast.ben.pk)


def _activities(cast: Cast) -> list[Record]:
    with use_workspace(cast.home):
        return list(registry.get("activity").model.objects.filter(workspace_id=cast.home.pk, kind="call").order_by("pk"))


def _screen(cast: Cast, who: str) -> str:
    return cast.client(who).get("/calls/ringing", headers={"HX-Request": "true"}).content.decode()


def test_a_call_shows_who_it_is_while_it_rings_and_stands_as_an_activity_when_it_is_over(cast: Cast, maya: Record, tell: Tell) -> None:
    """Ringing, answered, ended, recorded: one activity of whoever's telephone it is, with minutes and recording."""
    begun = timezone.now() - dt.timedelta(minutes=5)
    first = tell("ringing", direction="in", number="00353 1 5550142", line="201", at=begun.isoformat())
    assert first["record"] == {"type": "customer", "id": str(maya.pk), "title": "Maya Lindqvist"}
    assert first["user"] == str(cast.ben.pk) and first["activity"] is None
    assert "Maya Lindqvist" in _screen(cast, "ben") and f"/customer/{maya.pk}" in _screen(cast, "ben")
    assert _screen(cast, "ana") == "" and _screen(cast, "cem") == ""
    tell("answered", at=(begun + dt.timedelta(seconds=20)).isoformat())
    over = tell("ended", at=(begun + dt.timedelta(seconds=20 + 125)).isoformat())
    tell("recording", recording="https://pbx.example.com/1.mp3")
    [made] = _activities(cast)
    assert over["activity"] == str(made.pk)
    assert (made.owner_id, made.customer_id, made.minutes, made.direction) == (cast.ben.pk, maya.pk, 3, "in")
    assert made.happened_at == begun and made.recording == "https://pbx.example.com/1.mp3"
    assert made.subject == "Call from Maya Lindqvist"
    page = cast.client("ben").get(f"/customer/{maya.pk}").content.decode()
    assert "Call from Maya Lindqvist" in page


def test_messages_that_come_twice_late_or_out_of_order_write_one_activity(cast: Cast, maya: Record, tell: Tell) -> None:
    """The end before the answer, everything once more, and a second call of its own."""
    given = {"direction": "in", "number": "+35315550142", "line": "201"}
    tell("ended", **given)
    for event in ("ringing", "answered", "ended", "missed"):
        assert tell(event, **given)["state"] == "missed"
    tell("ringing", call="call-2", **given)
    assert [one.outcome for one in _activities(cast)] == ["Missed"]


def test_a_missed_call_leaves_the_task_to_call_back(cast: Cast, maya: Record, tell: Tell) -> None:
    """For whoever's telephone rang; one that went out unanswered leaves none."""
    tell("ringing", direction="in", number="01 555 0142", line="201")
    tell("missed")
    tell("ended", call="out", direction="out", number="+35315550142", line="201")
    with use_workspace(cast.home):
        tasks = list(registry.get("task").model.objects.filter(workspace_id=cast.home.pk))
    assert [(one.subject, one.owner_id, one.customer_id, one.kind) for one in tasks] == [
        ("Call back Maya Lindqvist", cast.ben.pk, maya.pk, "call")
    ]
    assert sorted(one.outcome for one in _activities(cast)) == ["Missed", "No answer"]


def test_an_unknown_number_offers_to_add_a_person_with_it(cast: Cast, maya: Record, tell: Tell) -> None:
    """The number stands in the form, and the call is kept with it."""
    tell("ringing", direction="in", number="+44 20 7946 0958", line="201")
    screen = _screen(cast, "ben")
    assert "/customer/new?kind=person&amp;phones=%2B442079460958" in screen
    form = cast.client("ben").get("/customer/new?kind=person&phones=%2B442079460958").content.decode()
    assert "2079460958" in form.replace(" ", "")
    tell("missed")
    assert [one.body for one in _activities(cast)] == ["+44 20 7946 0958"]


def test_whoever_may_not_see_the_caller_sees_the_number_only(cast: Cast, maya: Record, tell: Tell) -> None:
    """The card passes the gate of whoever looks, not of the telephone system."""
    cast.system.create("phone_line", number="202", user=cast.cem.pk)
    tell("ringing", direction="in", number="+35315550142", line="202")
    screen = _screen(cast, "cem")
    assert "Maya" not in screen and str(maya.pk) not in screen and "01 555 0142" in screen


def test_only_who_may_see_telephones_may_tell_of_calls(cast: Cast, maya: Record) -> None:
    """Ben's own token cannot write calls for others; nor can a read-only one."""
    body = {"id": "x", "event": "ringing", "number": "+35315550142", "line": "201"}
    refused = cast.api("ben").post("/api/v1/calls", body, content_type="application/json")
    assert refused.status_code == 403 and not LiveCall.objects.filter(workspace_id=cast.home.pk).exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"event": "sneezed", "number": "1"}, "event"), ({"event": "ringing"}, "number"), ({"event": "ringing", "number": 7}, "number"),
        ({"event": "ringing", "number": "1" * 61}, "number"), ({"event": "ringing", "number": "1", "direction": "up"}, "direction"),
        ({"event": "ringing", "number": "1", "at": "yesterday"}, "at"), ({"event": "ringing", "number": "1", "at": "2099-01-01T00:00:00Z"}, "at"),
        ({"event": "ringing", "number": "1", "at": "2026-01-01T00:00:00"}, "at"), ({"event": "recording", "number": "1"}, "recording"),
        ({"event": "recording", "number": "1", "recording": "javascript:alert(1)"}, "recording"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_field(cast: Cast, tell: Tell, given: dict[str, object], field: str) -> None:
    """And nothing is kept of it."""
    event = str(given.pop("event"))
    assert field in str(tell(event, status=422, **given))
    assert not LiveCall.objects.filter(workspace_id=cast.home.pk).exists()


def test_a_call_is_taken_off_the_screen_by_whom_it_rang_for(cast: Cast, maya: Record, tell: Tell) -> None:
    """And by nobody else."""
    tell("ringing", direction="in", number="+35315550142", line="201")
    call = LiveCall.objects.get(workspace_id=cast.home.pk)
    for who in ("ana", "dea"):
        cast.client(who).post(f"/calls/{call.pk}/close")
    assert "Maya" in _screen(cast, "ben")
    cast.client("ben").post(f"/calls/{call.pk}/close")
    assert _screen(cast, "ben") == ""


def test_an_extension_stands_once(cast: Cast, maya: Record) -> None:
    """In any way of writing it; free again when its telephone is gone."""
    client = cast.api("ana")
    again = client.post("/api/v1/phone_line", {"number": "201"}, content_type="application/json")
    assert again.status_code == 422 and "201" in str(again.json())


def test_the_settings_show_telephones_and_calls_to_whom_it_concerns(cast: Cast, maya: Record, tell: Tell) -> None:
    """Everybody chooses whether their browser shows calls; lines and calls are for who may tell of them."""
    tell("missed", direction="in", number="+35315550142", line="201")
    full = cast.client("ana").get("/settings/telephone").content.decode()
    assert "Maya Lindqvist" in full and ">201<" in full and "/api/v1/calls" in full
    ben = cast.client("ben")
    plain = ben.get("/settings/telephone").content.decode()
    assert "Maya Lindqvist" not in plain and "Show calls here" in plain
    assert 'id="ringing"' not in plain
    ben.post("/settings/telephone", {"show": "yes"})
    assert 'id="ringing"' in ben.get("/settings/telephone").content.decode()
    ben.post("/settings/telephone", {"show": "no"})
    assert 'id="ringing"' not in ben.get("/settings/telephone").content.decode()


def test_calls_of_long_ago_are_forgotten(cast: Cast, maya: Record, tell: Tell) -> None:
    """After thirty days; the activity stays."""
    tell("missed", direction="in", number="+35315550142", line="201")
    LiveCall.objects.filter(workspace_id=cast.home.pk).update(started_at=timezone.now() - dt.timedelta(days=31))
    forget_calls(type("Ctx", (), {"should_stop": False})())  # type: ignore[arg-type]
    assert not LiveCall.objects.filter(workspace_id=cast.home.pk).exists() and len(_activities(cast)) == 1
