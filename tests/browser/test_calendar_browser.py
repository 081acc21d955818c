"""The calendar under a person's hands: dragged, stretched, made by a click, moved by keys alone, on a desk and on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from rapport.kernel.access.current import use_workspace
from rapport.kernel.records.registry import registry
from tests.cast import Cast

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

DUBLIN = ZoneInfo("Europe/Dublin")
WEEK = "/calendar?view=week&date=2026-11-18"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=DUBLIN).astimezone(dt.UTC)


@pytest.fixture
def visit(visit: Callable[[Page, str], None]) -> Callable[[Page, str], None]:
    """Open an address as Ana, and wait until the calendar stands."""

    def go(page: Page, address: str) -> None:
        visit(page, address)
        page.locator("#cal[data-shown]").wait_for()

    return go


@pytest.fixture
def tasting(cast: Cast, live: Any) -> Any:
    """A meeting of Ana's on Wednesday from nine to ten."""
    with use_workspace(cast.home):
        return cast.ctx("ana").create("activity", kind="meeting", subject="Tasting", happened_at=at("2026-11-18 09:00"), minutes=60)


def stored(cast: Cast, made: Any) -> Any:
    with use_workspace(cast.home):
        made.refresh_from_db()
    return made


def drag(page: Page, what: Locator, to: Locator, *, dx: float = 0.5, dy: float = 0.5) -> None:
    """With the mouse, in steps, as a hand does."""
    box, there = what.bounding_box(), to.bounding_box()
    assert box and there
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(8, box["height"] / 2))
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 10, box["y"] + 20, steps=3)
    page.mouse.move(there["x"] + there["width"] * dx, there["y"] + there["height"] * dy, steps=8)
    page.mouse.up()


def test_mouse_drags_stretches_and_takes_back(desktop: Page, cast: Cast, tasting: Any, visit: Callable[..., None]) -> None:
    visit(desktop, WEEK)
    entry = desktop.locator(f"#ce-activity-{tasting.pk}")
    hour = (entry.bounding_box() or {})["height"] + 2
    thursday = desktop.locator("[data-column][data-day='2026-11-19']")
    top = (thursday.bounding_box() or {})["y"]
    drag(desktop, entry, thursday, dy=((entry.bounding_box() or {})["y"] - top + 2 * hour + 8) / (thursday.bounding_box() or {})["height"])
    desktop.locator(".toast", has_text="Thu").wait_for()
    moved = stored(cast, tasting)
    assert moved.happened_at == at("2026-11-19 11:00") and moved.minutes == 60
    grip = entry.locator("[data-grip]")
    box = grip.bounding_box() or {}
    desktop.mouse.move(box["x"] + 20, box["y"] + 3)
    desktop.mouse.down()
    desktop.mouse.move(box["x"] + 20, box["y"] + 3 + hour / 2, steps=6)
    desktop.mouse.up()
    desktop.locator(f"#ce-activity-{tasting.pk}[data-minutes='90']").wait_for()
    assert stored(cast, tasting).minutes == 90
    desktop.locator(".toast").last.get_by_role("button", name="Undo").click()
    desktop.locator(".toast", has_text="Taken back").wait_for()
    assert stored(cast, tasting).minutes == 60


def test_row_of_whole_days_and_month_take_entries_too(desktop: Page, cast: Cast, visit: Callable[..., None], live: Any) -> None:
    with use_workspace(cast.home):
        task = cast.ctx("ana").create("task", subject="Samples", due_on="2026-11-18")
    visit(desktop, WEEK)
    column = desktop.locator("[data-column][data-day='2026-11-20']")
    desktop.locator(".cg-scroll").evaluate("(box) => (box.scrollTop = 0)")
    drag(desktop, desktop.locator(f"#ce-task-{task.pk}"), column, dy=3 / 24)
    desktop.locator(f".ce#ce-task-{task.pk}").wait_for()
    assert (stored(cast, task).due_on, task.due_time) == (dt.date(2026, 11, 20), dt.time(3))
    desktop.get_by_role("link", name="Month").click()
    desktop.locator("#cal.is-month[data-shown]").wait_for()
    assert "view=month" in desktop.url
    drag(desktop, desktop.locator(f"#ce-task-{task.pk}"), desktop.locator("[data-cell][data-day='2026-11-25']"))
    desktop.locator(f"[data-day='2026-11-25'] #ce-task-{task.pk}").wait_for()
    assert (stored(cast, task).due_on, task.due_time) == (dt.date(2026, 11, 25), dt.time(3))


def test_a_click_on_nothing_makes_one_there(desktop: Page, cast: Cast, visit: Callable[..., None]) -> None:
    visit(desktop, WEEK)
    column = desktop.locator("[data-column][data-day='2026-11-17']")
    box = column.bounding_box() or {}
    scroll = desktop.locator(".cg-scroll").bounding_box() or {}
    desktop.mouse.click(box["x"] + 40, scroll["y"] + 100)
    dialog = desktop.locator("#dialog")
    dialog.locator("#f-happened_at").wait_for()
    assert dialog.locator("#f-happened_at").input_value().startswith("2026-11-17T0")
    dialog.locator("#f-subject").fill("Grinder demo")
    dialog.locator("#f-subject").press("Control+Enter")
    desktop.locator("[data-day='2026-11-17'] .ce", has_text="Grinder demo").wait_for()
    with use_workspace(cast.home):
        assert registry.get("activity").model.objects.get(subject="Grinder demo").kind == "meeting"


def test_keys_alone_move_and_stretch(desktop: Page, cast: Cast, tasting: Any, visit: Callable[..., None]) -> None:
    """Space lifts, arrows move, Shift stretches, Enter drops, Escape leaves; the focus is never lost."""
    visit(desktop, WEEK)
    link = desktop.locator(f"#ce-activity-{tasting.pk} .ce-a")
    link.focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "ArrowRight", "Shift+ArrowDown", "Enter"):
        desktop.keyboard.press(key)
    desktop.locator(".toast", has_text="09:30").wait_for()
    moved = stored(cast, tasting)
    assert moved.happened_at == at("2026-11-19 09:30") and moved.minutes == 75
    desktop.locator(f"#ce-activity-{tasting.pk} a:focus").wait_for()
    for key in ("Space", "ArrowLeft", "Escape"):
        desktop.keyboard.press(key)
    desktop.locator("#live", has_text="Left where it was").wait_for(state="attached")
    desktop.locator(f"#ce-activity-{tasting.pk} a:focus").wait_for()
    desktop.keyboard.press("m")
    desktop.locator("#dialog #f-clock").fill("14:00")
    desktop.keyboard.press("Control+Enter")
    desktop.locator(".toast", has_text="14:00").wait_for()
    assert stored(cast, tasting).happened_at == at("2026-11-19 14:00")
    desktop.locator(f"#ce-activity-{tasting.pk} a:focus").wait_for()


def test_phone_has_days_and_dots_and_a_finger_drags(phone: Page, cast: Cast, tasting: Any, visit: Callable[..., None]) -> None:
    visit(phone, WEEK)
    phone.locator(".cal-list").get_by_text("Tasting").wait_for()
    visit(phone, "/calendar?view=month&date=2026-11-18")
    assert phone.locator("[data-day='2026-11-18'] .cm-dots .cdot").first.is_visible()
    phone.locator("[data-day='2026-11-18'] .cm-n").tap()
    phone.locator("#cal.is-day[data-shown]").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    entry = phone.locator(f"#ce-activity-{tasting.pk}")
    entry.scroll_into_view_if_needed()
    box = entry.bounding_box() or {}
    touch = phone.context.new_cdp_session(phone)

    def finger(kind: str, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": box["x"] + 60, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", box["y"] + 10)
    phone.locator(f"#ce-activity-{tasting.pk}.is-held").wait_for()
    for step in range(1, 8):
        finger("touchMove", box["y"] + 10 + step * 8)
    finger("touchEnd", 0)
    phone.locator(".toast", has_text="10:00").wait_for()
    assert stored(cast, tasting).happened_at == at("2026-11-18 10:00")


def test_file_dropped_onto_the_calendar_is_looked_at(desktop: Page, visit: Callable[..., None]) -> None:
    visit(desktop, WEEK)
    desktop.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File(["BEGIN:VCALENDAR\\r\\nVERSION:2.0\\r\\nPRODID:x\\r\\nBEGIN:VEVENT\\r\\nUID:a\\r\\nSUMMARY:Dropped\\r\\nDTSTART:20261118T100000Z\\r\\nEND:VEVENT\\r\\nEND:VCALENDAR\\r\\n"], "a.ics", {type: "text/calendar"}));
          document.querySelector("#cal").dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: files}));
        }"""
    )
    desktop.get_by_role("button", name="Bring in 1 entry").click()
    desktop.locator("#cal .cc", has_text="Dropped").wait_for()
