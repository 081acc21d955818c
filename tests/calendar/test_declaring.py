"""What a module says about calendars is checked at the start."""

from __future__ import annotations

import pytest

from rapport.engines.calendar.checks import check_calendar, wrong_with
from rapport.engines.calendar.registry import InCalendar, in_calendar


def test_what_the_modules_say_is_right() -> None:
    assert check_calendar() == []


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (InCalendar(type="nonsense", at="when"), "no record type"),
        (InCalendar(type="task", at="nonsense"), "at names 'nonsense'"),
        (InCalendar(type="task", at="subject"), "a day or a point in time"),
        (InCalendar(type="task", at="due_on", minutes="length"), "minutes names"),
        (InCalendar(type="task", at="due_on", done=("status", "x")), "done names"),
        (InCalendar(type="task", at="due_on", new={"sort": "x"}), "new sets"),
        (InCalendar(type="task", at="due_on", people=("activity_person", "activity", "nobody")), "people names"),
    ],
)
def test_what_is_wrong_is_said(declared: InCalendar, said: str) -> None:
    assert any(said in sentence for sentence in wrong_with(declared))


def test_a_type_stands_there_once() -> None:
    with pytest.raises(RuntimeError, match="already"):
        in_calendar(InCalendar(type="task", at="due_on"))
