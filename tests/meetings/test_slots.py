"""Free times: the same as a slow oracle finds that walks minute by minute, also on the days when clocks change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rapport.engines.booking.slots import Rules, free_slots
from rapport.engines.clocks.hours import Hours

MINUTE = dt.timedelta(minutes=1)
#: Days around both changes of the clocks in each zone (Lord Howe moves by half an hour), and ordinary ones.
PLACES = {
    "Europe/Dublin": [dt.date(2026, 3, 29), dt.date(2026, 10, 25), dt.date(2026, 6, 3)],
    "America/New_York": [dt.date(2026, 3, 8), dt.date(2026, 11, 1), dt.date(2026, 1, 14)],
    "Australia/Lord_Howe": [dt.date(2026, 4, 5), dt.date(2026, 10, 4), dt.date(2026, 7, 1)],
}


def oracle(rules: Rules, first: dt.date, last: dt.date, busy: list[tuple[dt.datetime, dt.datetime]], booked: dict[dt.date, int]) -> list[dt.datetime]:
    """Walk every minute of the days; a minute belongs to the day that the calendar on the wall shows."""
    zone = ZoneInfo(rules.hours.zone)
    at = dt.datetime.combine(first, dt.time(), dt.UTC) - dt.timedelta(days=1)
    end = dt.datetime.combine(last, dt.time(), dt.UTC) + dt.timedelta(days=2)
    marks: dict[dt.datetime, dt.date] = {}
    while at < end:
        wall = at.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        if first <= wall.date() <= last and wall.date() not in rules.hours.holidays:
            for span in rules.hours.week[wall.weekday()]:
                if span[0] <= minute < span[1]:
                    marks[at] = wall.date()
        at += MINUTE
    begins = {}
    for at, mark in marks.items():
        begins[at] = begins[at - MINUTE] if marks.get(at - MINUTE) == mark else at
    found = []
    for at in marks:
        minutes = [at + MINUTE * n for n in range(rules.minutes)]
        wide = [at + MINUTE * n for n in range(-rules.before, rules.minutes + rules.after)]
        if (at - begins[at]) % (MINUTE * rules.step) or any(begins.get(one) != begins[at] for one in minutes):
            continue
        if not rules.earliest <= at <= rules.latest or any(b <= one < e for one in wide for b, e in busy):
            continue
        if rules.most_a_day and booked.get(marks[at], 0) >= rules.most_a_day:
            continue
        found.append(at)
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rules, dt.date, list[tuple[dt.datetime, dt.datetime]], dict[dt.date, int]]:
    zone = draw(st.sampled_from(sorted(PLACES)))
    day = draw(st.sampled_from(PLACES[zone])) - dt.timedelta(days=draw(st.integers(0, 1)))
    edges = sorted(draw(st.sets(st.sampled_from(range(0, 24 * 60 + 1, 15)), min_size=2, max_size=4)))
    spans = tuple(zip(edges[::2], edges[1::2], strict=False))
    middle = dt.datetime.combine(day, dt.time(12), dt.UTC)
    moment = st.integers(-24 * 60, 36 * 60).map(lambda n: middle + MINUTE * n)
    busy = [(a, a + MINUTE * draw(st.integers(1, 300))) for a in draw(st.lists(moment, max_size=4))]
    rules = Rules(
        Hours(zone, (spans,) * 7, dict.fromkeys(draw(st.sets(st.just(day), max_size=1)), "")), minutes=draw(st.sampled_from([15, 20, 30, 45, 60, 90])),
        before=draw(st.sampled_from([0, 5, 30])), after=draw(st.sampled_from([0, 10, 45])),
        earliest=draw(st.one_of(st.just(middle - dt.timedelta(days=9)), moment)), latest=draw(st.one_of(st.just(middle + dt.timedelta(days=9)), moment)),
        most_a_day=draw(st.sampled_from([0, 0, 2])),
    )  # fmt: skip
    return rules, day, busy, {day: draw(st.integers(0, 3))}


NIGHT = Hours("Europe/Dublin", (((0, 4 * 60),),) * 7)


@given(cases())
@example((Rules(NIGHT, 30), dt.date(2026, 3, 29), [], {}))
@example((Rules(NIGHT, 45), dt.date(2026, 10, 25), [], {}))
@example((Rules(NIGHT, 90), dt.date(2026, 3, 29), [], {}))
@settings(max_examples=60, deadline=None)
def test_free_times_are_those_an_oracle_finds_minute_by_minute(
    case: tuple[Rules, dt.date, list[tuple[dt.datetime, dt.datetime]], dict[dt.date, int]]
) -> None:
    rules, day, busy, booked = case
    last = day + dt.timedelta(days=1)
    assert free_slots(rules, day, last, busy, booked) == oracle(rules, day, last, busy, booked)


def test_a_skipped_hour_cannot_be_booked_and_one_that_is_shown_twice_can_be_booked_twice() -> None:
    counts = {}
    for day in (dt.date(2026, 3, 28), dt.date(2026, 3, 29), dt.date(2026, 10, 25)):
        counts[day.day] = len(free_slots(Rules(NIGHT, 60), day, day, [], {}))
    assert counts == {28: 7, 29: 5, 25: 9}
