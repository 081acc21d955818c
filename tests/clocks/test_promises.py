"""When a promise is due agrees with counting minute by minute, in every zone and through both nights of daylight saving."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.engines.clocks.hours import ALWAYS, Hours
from rapport.engines.clocks.promise import Event, State, stand

UTC = dt.UTC
#: Zones with an hour, an hour elsewhere in the year, and half an hour of daylight saving, and one with none.
ZONES = ("Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
#: Around nights when clocks are changed, and around none.
STARTS = [dt.datetime(2026, *day, tzinfo=UTC) for day in ((3, 6), (3, 27), (4, 3), (10, 2), (10, 23), (10, 30), (6, 12), (12, 22))]
MINUTE = dt.timedelta(minutes=1)
OFFICE = (((540, 1020),),) * 5 + ((), ())


@st.composite
def weeks(draw: st.DrawFn) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Hours of any week: office hours, nights, pauses at noon, whole days."""
    days = []
    for _day in range(7):
        edges = sorted(draw(st.lists(st.integers(0, 48).map(lambda half: half * 30), unique=True, max_size=4)))
        days.append(tuple(zip(edges[::2], edges[1::2], strict=False)))
    return tuple(days)


@st.composite
def stories(draw: st.DrawFn) -> tuple[Hours, list[tuple[dt.datetime, Event]], dt.timedelta, dt.datetime]:
    """Hours, what happened, what was promised, and the moment of asking."""
    start = draw(st.sampled_from(STARTS)) + MINUTE * draw(st.integers(0, 4_000))
    holidays = draw(st.sets(st.integers(0, 6), max_size=2))
    hours = Hours(
        draw(st.sampled_from(ZONES)), draw(st.one_of(st.just(OFFICE), weeks())),
        {(start + dt.timedelta(days=day)).date(): f"Day {day}" for day in holidays},
    )  # fmt: skip
    more = st.sampled_from([Event.WAITING, Event.RESUMED, Event.DONE, Event.REOPENED])
    gaps = draw(st.lists(st.tuples(st.integers(0, 2_000), more), max_size=6))
    events, at = [(start, Event.BEGUN)], start
    for minutes, event in gaps:
        at += minutes * MINUTE
        events.append((at, event))
    return hours, events, MINUTE * draw(st.integers(1, 2_000)), start + MINUTE * draw(st.integers(0, 9_000))


def counts(hours: Hours, at: dt.datetime) -> bool:
    """The definition, and nothing else."""
    wall = at.astimezone(ZoneInfo(hours.zone))
    minute = wall.hour * 60 + wall.minute
    return wall.date() not in hours.holidays and any(a <= minute < b for a, b in hours.week[wall.weekday()])


def by_minutes(
    hours: Hours, events: list[tuple[dt.datetime, Event]], promised: dt.timedelta, now: dt.datetime
) -> tuple[dt.timedelta, bool, bool]:
    """(left, is paused, is done), one minute after the other."""
    left, is_waiting, is_done = promised, False, False
    at, coming = events[0][0], list(events)
    while True:
        while coming and coming[0][0] <= at:
            event = coming.pop(0)[1]
            is_waiting = event is Event.WAITING or (is_waiting and event not in (Event.RESUMED, Event.REOPENED))
            is_done = event is Event.DONE or (is_done and event is not Event.REOPENED)
        if at >= now:
            return left, is_waiting and not is_done, is_done
        if not is_waiting and not is_done and counts(hours, at):
            left -= MINUTE
        at += MINUTE


@settings(max_examples=120, deadline=None)
@given(stories())
def test_a_promise_stands_as_counting_every_minute_says(story: tuple) -> None:  # type: ignore[type-arg]
    hours, events, promised, now = story
    now = max(now, events[0][0])
    found = stand(events, promised, hours, now)
    left, is_paused, is_done = by_minutes(hours, events, promised, now)
    assert found.left == left
    if is_done:
        assert found.state is (State.KEPT if left >= dt.timedelta() else State.LATE)
    elif left <= dt.timedelta():
        assert found.state is State.BROKEN
    else:
        assert found.state is (State.PAUSED if is_paused else State.RUNNING)


@settings(max_examples=80, deadline=None)
@given(stories())
def test_it_is_due_at_the_minute_at_which_nothing_is_left(story: tuple) -> None:  # type: ignore[type-arg]
    """Asked at that moment it is broken, asked a minute earlier it is not."""
    hours, events, promised, _now = story
    events = [one for one in events if one[1] not in (Event.DONE, Event.REOPENED)]
    last = events[-1][0]
    due = stand(events, promised, hours, last).due_at
    if due is None or due <= last:
        return
    assert stand(events, promised, hours, due).state is State.BROKEN
    assert stand(events, promised, hours, due - MINUTE).state is State.RUNNING


def at(text: str, zone: str = "Europe/Dublin") -> dt.datetime:
    """A moment by the clock on the wall."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_hours_that_are_shown_twice_count_twice_and_skipped_ones_not_at_all() -> None:
    night = Hours("Europe/Dublin", (((60, 180),),) * 7)  # one to three at night
    for day, worked in (("2026-03-28", 2), ("2026-03-29", 1), ("2026-10-24", 2), ("2026-10-25", 3)):
        start = at(f"{day}T00:00")
        assert night.worked(start, start + dt.timedelta(hours=12)) == dt.timedelta(hours=worked), day


def test_it_says_why_it_is_due_then() -> None:
    """Promised on the Thursday before Easter, a day of waiting, two holidays and a weekend in between."""
    hours = Hours("Europe/Dublin", OFFICE, {dt.date(2026, 4, 3): "Good Friday", dt.date(2026, 4, 6): "Easter Monday"})
    events = [
        (at("2026-04-02T16:00"), Event.BEGUN), (at("2026-04-07T10:00"), Event.WAITING), (at("2026-04-08T10:00"), Event.RESUMED),
    ]  # fmt: skip
    found = stand(events, dt.timedelta(hours=4), hours, at("2026-04-08T10:00"))
    assert found.due_at == at("2026-04-08T12:00")
    assert found.because.holidays == ("Good Friday", "Easter Monday")
    assert found.because.waited == dt.timedelta(days=1)


def test_what_is_never_worked_is_never_due() -> None:
    never = Hours("UTC", ((),) * 7)
    found = stand([(at("2026-04-02T16:00"), Event.BEGUN)], MINUTE, never, at("2026-04-09T16:00"))
    assert (found.due_at, found.state) == (None, State.RUNNING)
    assert stand([(at("2026-04-02T16:00"), Event.BEGUN)], MINUTE, ALWAYS, at("2026-04-09T16:00")).state is State.BROKEN


@pytest.mark.parametrize("week", [((),) * 6, (((60, 30),),) + ((),) * 6, (((0, 60), (30, 90)),) + ((),) * 6, (((0, 1500),),) * 7])
def test_impossible_hours_are_refused(week: tuple) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="week|span"):
        Hours("UTC", week)
