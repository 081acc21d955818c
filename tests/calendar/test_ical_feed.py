"""The calendar at its secret address: what its owner may see today, for nobody else, and for nobody who left."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from rapport.engines.calendar.models import CalendarFeed
from rapport.kernel.access.models import Account, Role, User
from rapport.kernel.records.registry import registry
from tests.cast import Cast

#: The address with its person, "last used", the count of reads, the workspace's settings and each type's entries.
QUERIES = 14


def address_of(cast: Cast, who: str = "ana") -> str:
    """A new address of somebody, as the settings page shows it once."""
    page = cast.client(who).post("/settings/calendar").content.decode()
    found = re.search(r'id="secret">[^<]*?(/calendar/feed/[^<]+)<', page)
    assert found
    return found[1]


def read(address: str, **headers: str) -> Calendar:
    answer = Client(headers=headers).get(address)
    assert answer.status_code == 200 and answer["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.content)


def soon(cast: Cast, hours: int = 24) -> dt.datetime:
    return (cast.ctx("ana").format.now + dt.timedelta(hours=hours)).replace(minute=30, second=0, microsecond=0)


def meeting(cast: Cast, who: str = "ana", subject: str = "Tasting", **more: object) -> object:
    return cast.ctx(who).create("activity", **{"kind": "meeting", "subject": subject, "happened_at": soon(cast), "minutes": 45, **more})


def test_feed_reads_back_as_it_stands(cast: Cast) -> None:
    """Ids that stay, times in UTC, whole days as days, long and odd texts whole."""
    text = "Bring samples; ask, then \\ decide\nand again: " + "é" * 200
    customer = cast.ctx("ana").create("customer", name="Hotel Aldersley", kind="company")
    made = meeting(cast, subject="Tasting, decaf; \"Grande\"", body=text, customer=customer.pk)
    today = cast.ctx("ana").format.today
    cast.ctx("ana").create("task", subject="Send samples", due_on=today)
    address = address_of(cast)
    raw = Client().get(address).content
    assert all(len(line) <= 75 for line in raw.split(b"\r\n")), "lines must be folded"
    calendar = Calendar.from_ical(raw)
    event = calendar.walk("VEVENT")[0]
    assert str(event["SUMMARY"]) == "Tasting, decaf; \"Grande\"" and text in str(event["DESCRIPTION"])
    assert "Hotel Aldersley" in str(event["DESCRIPTION"])
    assert str(event["UID"]) == f"activity-{made.pk}@rapport" and event["SEQUENCE"] == made.version - 1
    assert event["DTSTART"].dt == soon(cast) and event["DTEND"].dt - event["DTSTART"].dt == dt.timedelta(minutes=45)
    assert event["DTSTART"].dt.utcoffset() == dt.timedelta(0)
    todo = calendar.walk("VTODO")[0]
    assert todo["DUE"].dt == today and str(todo["STATUS"]) == "NEEDS-ACTION"
    as_events = read(address + "?tasks=events")
    assert [str(one["SUMMARY"]) for one in as_events.walk("VEVENT")] == ["Send samples", str(event["SUMMARY"])]


def test_a_change_keeps_the_id_and_raises_the_sequence(cast: Cast) -> None:
    made = meeting(cast)
    address = address_of(cast)
    before = read(address).walk("VEVENT")[0]
    cast.ctx("ana").write(made, minutes=90)
    after = read(address).walk("VEVENT")[0]
    assert after["UID"] == before["UID"] and after["SEQUENCE"] == before["SEQUENCE"] + 1


def test_nothing_new_costs_no_body_and_never_a_cookie(cast: Cast) -> None:
    meeting(cast)
    address = address_of(cast)
    first = Client().get(address)
    again = Client(headers={"if-none-match": first["ETag"]}).get(address)
    assert again.status_code == 304 and not again.content and not first.cookies and not again.cookies
    assert first["Cache-Control"] == "private, no-cache" and first["Referrer-Policy"] == "no-referrer"
    meeting(cast, subject="Another")
    assert Client(headers={"if-none-match": first["ETag"]}).get(address).status_code == 200


def test_only_ones_own_entries_and_only_what_one_may_see(cast: Cast) -> None:
    """Colleagues' entries are not there; nor are one's own once the role no longer shows them."""
    meeting(cast, "ben", "Ben's")
    meeting(cast, "cem", "Cem's")
    meeting(cast, "ana", "Ana's")
    address = address_of(cast, "ben")
    assert [str(one["SUMMARY"]) for one in read(address).walk("VEVENT")] == ["Ben's"]
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "activity": {}})
    assert not read(address).walk("VEVENT")


def test_a_customer_one_lost_sight_of_is_not_named(cast: Cast) -> None:
    """The meeting is Ben's; the customer has become Cem's."""
    customer = cast.ctx("ben").create("customer", name="Secret Hotel", kind="company")
    meeting(cast, "ben", "Visit", customer=customer.pk)
    address = address_of(cast, "ben")
    assert b"Secret Hotel" in Client().get(address).content
    cast.system.write(customer, owner=cast.cem.pk, team=cast.cem.team_id)
    assert b"Secret Hotel" not in Client().get(address).content


def test_a_hidden_field_is_not_in_the_feed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    info = registry.get("activity")
    meeting(cast, "ben", "Visit", body="Only for those who may read it")
    address = address_of(cast, "ben")
    assert b"Only for those" in Client().get(address).content
    monkeypatch.setitem(info.fields, "body", replace(info.fields["body"], see="activities.texts"))
    assert b"Only for those" not in Client().get(address).content and b"Visit" in Client().get(address).content


def test_wrong_revoked_and_renewed_addresses_lead_nowhere(cast: Cast) -> None:
    """They answer alike, byte by byte."""
    first = address_of(cast)
    second = address_of(cast)
    wrong = Client().get("/calendar/feed/cal_wrong.ics")
    old = Client().get(first)
    assert wrong.status_code == old.status_code == 404 and wrong.content == old.content
    assert Client().get(second).status_code == 200
    cast.client("ana").post("/settings/calendar/revoke")
    assert Client().get(second).status_code == 404
    assert Client().get("/calendar/feed/" + "x" * 5000 + ".ics").status_code == 404
    assert Client().get("/calendar/feed/é.ics").status_code == 404


@pytest.mark.parametrize("how", ["inactive", "deleted", "account", "role", "no account"])
def test_who_left_has_no_calendar(cast: Cast, how: str) -> None:
    address = address_of(cast, "ben")
    assert Client().get(address).status_code == 200
    changes = {"inactive": {"is_active": False}, "deleted": {"deleted_at": dt.datetime.now(dt.UTC)}, "role": {"role": None}, "no account": {"account": None}}
    if how == "account":
        Account.objects.filter(pk=cast.ben.account_id).update(is_active=False)
    else:
        User.objects.filter(pk=cast.ben.pk).update(**changes[how])
    assert Client().get(address).status_code == 404


def test_the_secret_is_kept_as_a_hash_and_its_use_is_shown(cast: Cast) -> None:
    address = address_of(cast)
    secret = address.split("/")[-1].removesuffix(".ics")
    stored = CalendarFeed.objects.get(workspace=cast.home, revoked_at=None)
    assert secret not in str(vars(stored))
    page = cast.client("ana").get("/settings/calendar").content.decode()
    assert secret not in page and "not used yet" in page
    read(address)
    assert "last used" in cast.client("ana").get("/settings/calendar").content.decode()


def test_nothing_but_reading(cast: Cast) -> None:
    address = address_of(cast)
    for method in ("post", "put", "delete", "patch"):
        assert getattr(Client(), method)(address).status_code == 405


def test_too_many_guesses_wait(cast: Cast) -> None:
    answers = [Client().get(f"/calendar/feed/cal_guess{n}.ics").status_code for n in range(40)]
    assert answers[:30] == [404] * 30 and 429 in answers[30:]


def test_queries_do_not_grow(cast: Cast) -> None:
    address = address_of(cast)
    counts = []
    for many in (1, 30):
        for n in range(many):
            customer = cast.ctx("ana").create("customer", name=f"C{many}-{n}", kind="company")
            meeting(cast, subject=f"M{many}-{n}", customer=customer.pk)
            cast.ctx("ana").create("task", subject=f"T{n}", due_on=cast.ctx("ana").format.today)
        read(address)
        with CaptureQueriesContext(connection) as queries:
            read(address)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= QUERIES, (counts, [q["sql"][:90] for q in queries])
