"""The bell rings for my open tasks whose reminder has come, and for nobody else's."""

from __future__ import annotations

import datetime as dt

from tests.cast import Cast

PAST = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
FUTURE = dt.datetime(2099, 1, 5, 9, tzinfo=dt.UTC)


def test_a_reminder_rings_when_its_time_has_come(cast: Cast) -> None:
    """Mine and past: yes. In the future, done, or a colleague's: no."""
    system = cast.system
    system.create("task", subject="Ring Grace", owner=cast.ben.pk, remind_at=PAST)
    system.create("task", subject="Much later", owner=cast.ben.pk, remind_at=FUTURE)
    system.create("task", subject="Finished one", owner=cast.ben.pk, remind_at=PAST, state="done")
    system.create("task", subject="Of Cem", owner=cast.cem.pk, remind_at=PAST)
    shown = cast.client("ben").get("/bell", headers={"HX-Request": "true"}).content.decode()
    assert "Ring Grace" in shown and "1 reminder" in shown
    assert not any(other in shown for other in ("Much later", "Finished one", "Of Cem"))


def test_without_reminders_the_bell_says_what_it_is_for(cast: Cast) -> None:
    """As a part and as a page of its own."""
    client = cast.client("ana")
    assert "remind me" in client.get("/bell", headers={"HX-Request": "true"}).content.decode()
    assert "Nothing to remind you of" in client.get("/bell").content.decode()
