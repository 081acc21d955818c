"""What of the activities stands in calendars: appointments with their length, and tasks on the day they are due."""

from __future__ import annotations

from rapport.engines.calendar.registry import InCalendar, in_calendar

APPOINTMENTS = in_calendar(
    InCalendar(
        type="activity",
        at="happened_at",
        minutes="minutes",
        usual_minutes=30,
        kinds=("meeting", "call", "visit"),
        about="customer",
        text="body",
        place="place",
        icons={"meeting": "users", "call": "phone", "visit": "map-pin"},
        new={"kind": "meeting"},
        people=("activity_person", "activity", "person"),
    )
)
DUE = in_calendar(
    InCalendar(
        type="task",
        at="due_on",
        clock="due_time",
        done=("state", "done"),
        ticking=("done", "reopen"),
        about="customer",
        text="note",
        icons={
            "": "square-check-big",
            "call": "phone",
            "email": "mail",
            "meeting": "users",
            "visit": "map-pin",
            "send": "send",
        },
    )
)
