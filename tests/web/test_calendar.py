"""The calendar: what stands when in the viewer's zone, moved through the write door, and nothing of others that is not theirs
to see."""

from __future__ import annotations

import datetime as dt
import json
import re
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.calendar.lanes import place
from rapport.engines.calendar.reading import read_events
from rapport.kernel.access.models import User
from rapport.kernel.records.registry import registry
from tests.cast import Cast

HX = {"HX-Request": "true"}
DUBLIN = ZoneInfo("Europe/Dublin")
#: Session, account, user, the people to choose from, and for each type that stands in calendars its ids and its rows.
QUERIES = 13


def at(text: str) -> dt.datetime:
    """A moment by the clock of Dublin."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=DUBLIN).astimezone(dt.UTC)


def meeting(cast: Cast, when: str, subject: str = "Tasting", who: str = "ana", minutes: int | None = 60, **more: object):
    values = {"kind": "meeting", "subject": subject, "happened_at": at(when), "minutes": minutes, **more}
    return cast.ctx(who).create("activity", **values)


def show(cast: Cast, query: str, who: str = "ana") -> str:
    answer = cast.client(who).get(f"/calendar?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def block(page: str, record: object) -> str:
    """The tag of an entry."""
    found = re.search(rf'<div class="[^"]*" id="ce-\w+-{record.pk}"[^>]*>', page)
    assert found, "the entry is not in the view"
    return found[0]


def test_every_view_shows_what_stands_there_and_nothing_else(cast: Cast) -> None:
    """A meeting with its time, a task on its day; a note is no appointment, and next month is not here."""
    ctx = cast.ctx("ana")
    meeting(cast, "2026-11-18 09:30")
    meeting(cast, "2027-02-18 09:30", "Far away")
    ctx.create("task", subject="Send samples", due_on="2026-11-18")
    ctx.create("task", subject="Ring back", due_on="2026-11-18", due_time="14:00")
    ctx.create("activity", kind="note", subject="Only a note", happened_at=at("2026-11-18 10:00"))
    for view in ("month", "week", "day", "agenda"):
        page = show(cast, f"view={view}&date=2026-11-18")
        assert "Tasting" in page and "Send samples" in page and "Ring back" in page, view
        assert "Far away" not in page and "Only a note" not in page, view
    assert "Tasting" not in show(cast, "view=day&date=2026-11-19")


def test_a_wrong_address_shows_this_week_and_not_an_error(cast: Cast) -> None:
    for query in ("view=century&date=yesterday&who=x", "date=9999-12-31", "date=0001-01-01", "who=" + "a," * 500):
        assert 'id="cal"' in show(cast, query)


@pytest.mark.parametrize(
    ("when", "minutes", "classes"),
    [
        ("2026-03-28 23:30", 60, "ch-23 cm-30"),
        ("2026-03-29 09:00", 60, "ch-9 cm-0 dh-1 dm-0"),
        ("2026-03-29 00:30", 60, "ch-0 cm-30 dh-2 dm-0"),  # the clock shows 2:30 when that hour is over
        ("2026-10-25 09:00", 60, "ch-9 cm-0 dh-1 dm-0"),
        ("2026-10-25 00:30", 60, "ch-0 cm-30 dh-1 dm-0"),
    ],
)
def test_entries_stand_by_the_clock_of_the_viewer(cast: Cast, when: str, minutes: int, classes: str) -> None:
    """Also on the days when the clocks change."""
    made = meeting(cast, when, minutes=minutes)
    assert classes in block(show(cast, f"view=week&date={when[:10]}"), made)


def test_another_zone_shows_the_same_moment_elsewhere(cast: Cast) -> None:
    made = meeting(cast, "2026-11-18 23:30")
    cast.system.write(User.objects.get(pk=cast.ana.pk), time_zone="Asia/Tokyo")
    page = show(cast, "view=day&date=2026-11-19")
    assert "ch-8 cm-30" in block(page, made)


def test_week_starts_where_the_country_starts_it(cast: Cast) -> None:
    assert show(cast, "view=week&date=2026-11-22").index('data-day="2026-11-16"') > 0
    type(cast.home).objects.filter(pk=cast.home.pk).update(country="US")
    page = show(cast, "view=week&date=2026-11-22")
    assert 'data-day="2026-11-16"' not in page and 'data-day="2026-11-28"' in page


def test_overlapping_entries_stand_side_by_side(cast: Cast) -> None:
    """Two at once share the width, the one after them has all of it."""
    for when, name in (("10:00", "A"), ("10:30", "B"), ("11:00", "C"), ("15:00", "D")):
        meeting(cast, f"2026-11-18 {when}", name)
    ctx = cast.ctx("ana")
    day = dt.date(2026, 11, 18)
    placed = {p.event.title: (p.lane, p.lanes) for p in place(read_events(ctx, day, day + dt.timedelta(days=1), [cast.ana.pk]).found, day)}
    assert placed == {"A": (0, 2), "B": (1, 2), "C": (0, 2), "D": (0, 1)}


def test_whole_days_and_nights_through(cast: Cast) -> None:
    """From midnight to midnight is whole days; what lasts over midnight stands on both."""
    fair = meeting(cast, "2026-11-17 00:00", "Fair", minutes=2 * 24 * 60)
    night = meeting(cast, "2026-11-18 22:00", "Night shift", minutes=8 * 60)
    page = show(cast, "view=week&date=2026-11-18")
    assert page.count("Fair</span>") == 2 and "data-start=\"2026-11-17\"" in block(page, fair)
    assert page.count(f'data-entry="activity/{night.pk}"') == 2
    assert "Fair" not in show(cast, "view=day&date=2026-11-19") and "Night shift" in show(cast, "view=day&date=2026-11-19")


def test_move_goes_through_the_door_and_can_be_undone(cast: Cast) -> None:
    made = meeting(cast, "2026-11-18 09:30")
    client, address = cast.client("ana"), f"/calendar/move/activity/{made.pk}"
    answer = client.post(address, {"dragged": "1", "day": "2026-11-20", "clock": "11:15", "version": made.version, "view": "week", "date": "2026-11-18"}, headers=HX)
    assert answer.status_code == 200 and "ch-11 cm-15" in block(answer.content.decode(), made)
    made.refresh_from_db()
    assert made.happened_at == at("2026-11-20 11:15") and made.minutes == 60
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert "Fri 20 Nov 2026, 11:15" in toast["text"]
    client.post("/undo", {"what": toast["undo"]})
    made.refresh_from_db()
    assert made.happened_at == at("2026-11-18 09:30")


def test_stretching_sets_the_length(cast: Cast) -> None:
    made = meeting(cast, "2026-11-18 09:30")
    post = {"dragged": "1", "day": "2026-11-18", "clock": "09:30", "minutes": "95", "version": made.version}
    cast.client("ana").post(f"/calendar/move/activity/{made.pk}", post, headers=HX)
    made.refresh_from_db()
    assert made.minutes == 95 and made.happened_at == at("2026-11-18 09:30")


def test_a_task_moves_by_day_and_gets_and_loses_its_time(cast: Cast) -> None:
    task = cast.ctx("ana").create("task", subject="Samples", due_on="2026-11-18", due_time="09:00")
    client, address = cast.client("ana"), f"/calendar/move/task/{task.pk}"
    for post, day, clock in (
        ({"day": "2026-11-19"}, dt.date(2026, 11, 19), dt.time(9)),
        ({"day": "2026-11-20", "clock": "15:30"}, dt.date(2026, 11, 20), dt.time(15, 30)),
        ({"day": "2026-11-21", "whole_days": "1"}, dt.date(2026, 11, 21), None),
    ):
        client.post(address, {"dragged": "1", **post}, headers=HX)
        task.refresh_from_db()
        assert (task.due_on, task.due_time) == (day, clock)


def test_two_who_move_at_once_are_told(cast: Cast) -> None:
    """The second sees where it stands now, with the reason; nothing is overwritten."""
    made = meeting(cast, "2026-11-18 09:30")
    seen = made.version
    cast.ctx("ana").write(made, happened_at=at("2026-11-18 16:00"))
    post = {"dragged": "1", "day": "2026-11-20", "clock": "11:00", "version": seen, "view": "week", "date": "2026-11-18"}
    answer = cast.client("ana").post(f"/calendar/move/activity/{made.pk}", post, headers=HX)
    assert json.loads(answer["HX-Trigger"])["toast"]["kind"] == "bad" and "ch-16 cm-0" in block(answer.content.decode(), made)
    made.refresh_from_db()
    assert made.happened_at == at("2026-11-18 16:00")


@pytest.mark.parametrize(
    ("post", "said"),
    [
        ({"day": "someday"}, "Give a day"),
        ({"day": "2026-11-18", "clock": "25:00"}, "Give a day"),
        ({"day": "2026-11-18", "clock": "10:00", "minutes": "x"}, "whole minutes"),
        ({"day": "2026-11-18", "clock": "10:00", "minutes": "999999"}, "fourteen days"),
        ({"day": "2026-03-29", "clock": "01:30"}, "clocks go forward"),
        ({"day": "9999-12-31", "clock": "10:00"}, "too far away"),
    ],
)
def test_the_form_says_what_is_wrong(cast: Cast, post: dict[str, str], said: str) -> None:
    made = meeting(cast, "2026-11-18 09:30")
    answer = cast.client("ana").post(f"/calendar/move/activity/{made.pk}", post, headers=HX)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert cast.client("ana").get(f"/calendar/move/activity/{made.pk}").status_code == 200


def test_works_without_script(cast: Cast) -> None:
    made = meeting(cast, "2026-11-18 09:30")
    answer = cast.client("ana").post(f"/calendar/move/activity/{made.pk}", {"day": "2026-11-19", "clock": "10:00", "view": "day"})
    assert answer["Location"] == "/calendar?view=day&date=2026-11-19"


def test_team_shows_only_what_the_viewer_may_see(cast: Cast) -> None:
    """Ben asks for Cem's calendar: what is not his to see leaves no trace, no gap, no "busy"."""
    meeting(cast, "2026-11-18 09:30", "Cem's secret", "cem")
    shared = meeting(cast, "2026-11-18 12:00", "Ben's own", "ben")
    plain = show(cast, f"view=week&date=2026-11-18&who={cast.ben.pk}", "ben")
    both = show(cast, f"view=week&date=2026-11-18&who={cast.ben.pk}&who={cast.cem.pk}", "ben")
    assert "Ben's own" in both.replace("&#39;", "'") and "Cem's secret" not in both.replace("&#39;", "'")
    assert both.count("data-entry=") == plain.count("data-entry=") == 1
    everyone = show(cast, f"view=week&date=2026-11-18&who={cast.ben.pk},{cast.cem.pk}").replace("&#39;", "'")
    assert "Cem's secret" in everyone and "Ben's own" in everyone and "2 people" in everyone
    assert cast.client("cem").get(f"/calendar/move/activity/{shared.pk}").status_code == 404


def test_people_of_another_workspace_are_nobody(cast: Cast) -> None:
    page = show(cast, f"view=week&date=2026-11-18&who={cast.dea.pk}")
    assert "Dea Lund" not in page and 'data-who=""' in page


def test_my_team_is_a_word_of_the_address(cast: Cast) -> None:
    meeting(cast, "2026-11-18 09:30", "North", "ben")
    cast.system.write(User.objects.get(pk=cast.ana.pk), team=cast.ben.team_id)
    page = show(cast, "view=week&date=2026-11-18&who=team")
    assert "North" in page and 'data-who="team"' in page and "who=team" in page


def test_who_may_only_look_moves_nothing(cast: Cast) -> None:
    """Ana's meeting, which Ben may see and not change, has no handle and is refused at the door."""
    from rapport.kernel.access.models import Role

    role = Role.objects.get(key="sales")
    role.rights = {**role.rights, "activity": {"view": "all", "edit": "own", "create": "all"}}
    cast.system.write(role, rights=role.rights)
    made = meeting(cast, "2026-11-18 09:30")
    page = show(cast, f"view=week&date=2026-11-18&who={cast.ben.pk},{cast.ana.pk}", "ben")
    assert "data-movable" not in block(page, made)
    answer = cast.client("ben").post(f"/calendar/move/activity/{made.pk}", {"dragged": "1", "day": "2026-11-20"}, headers=HX)
    assert answer.status_code == 403


def test_a_new_one_starts_where_was_clicked(cast: Cast) -> None:
    page = show(cast, "view=week&date=2026-11-18")
    start = re.search(r'data-new="([^"]+)"', page)[1].replace("&amp;", "&")
    form = cast.client("ana").get(f"{start}2026-11-18T10:30", headers=HX).content.decode()
    assert 'value="2026-11-18T10:30"' in form and 'value="meeting" selected' in form
    answer = cast.client("ana").post(
        f"{start}2026-11-18T10:30", {"kind": "meeting", "subject": "New", "happened_at": "2026-11-18T10:30"}, headers=HX
    )
    assert answer.status_code == 204 and "recordChanged" in answer["HX-Trigger"]
    assert registry.get("activity").model.objects.get(subject="New").happened_at == at("2026-11-18 10:30")


def test_query_count_does_not_grow(cast: Cast) -> None:
    """Forty entries of three people cost as many queries as one of one."""
    client = cast.client("ana")
    counts = []
    for times, query in ((1, ""), (20, f"&who={cast.ana.pk},{cast.ben.pk},{cast.cem.pk}")):
        for n in range(times):
            customer = cast.ctx("ben").create("customer", name=f"C{times}-{n}", kind="company").pk
            meeting(cast, f"2026-11-18 {n:02}:00", f"M{n}", "ana" if times == 1 else "ben", customer=customer)
            cast.ctx("ana").create("task", subject=f"T{n}", due_on="2026-11-19", customer=customer)
        client.get(f"/calendar?view=month&date=2026-11-18{query}")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/calendar?view=month&date=2026-11-18{query}")
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1 and counts[1] <= QUERIES, (counts, [q["sql"][:110] for q in queries])


@pytest.mark.sqlite_only
def test_the_indexes_of_owner_and_time_are_used(cast: Cast) -> None:
    """Both databases could read a million rows of others instead; SQLite tells its plan without any."""
    client = cast.client("ana")
    client.get("/calendar")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/calendar?who={cast.ana.pk},{cast.ben.pk}")
    plans = []
    for query in queries:
        if '"owner_id" =' in query["sql"] and "LIMIT" in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN QUERY PLAN " + query["sql"].replace("%", "%%"))
                plans.append(" ".join(row[3] for row in cursor.fetchall()))
    assert len(plans) == 2 and [plan.count("SEARCH") for plan in plans] == [2, 4], plans
    assert plans[0].count("activity_owner_happened_at") == plans[0].count("happened_at>") == 2, plans[0]
    assert plans[1].count("task_owner_state_due_on") == plans[1].count("due_on>") == 4, plans[1]
