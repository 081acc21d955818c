"""My day in a real browser: by keys, by touch and by mouse, without a page load; the bell; the preview of a rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from rapport.kernel.access.models import Account
from rapport.kernel.changes.readers import run_readers
from rapport.modules.activities.models import Task
from tests.cast import Cast
from tests.factory import make
from tests.platform.browsers import assert_no_complaints
from tests.platform.settled import come_to_rest

pytestmark = pytest.mark.browser
NO_LOAD = "() => { window.stayed = true; }"


@pytest.fixture
def day(committed_cast: Cast, live: Any, sign_in: Callable[..., None]) -> Callable[..., Any]:
    """Ben's day with four tasks and a follow-up, opened on a page that notices when it is loaded anew."""
    ctx = committed_cast.ctx("ben")
    hotel = make(ctx, "customer", name="Hotel Aldersley", kind="company")
    today = ctx.format.today
    for n, subject in enumerate(["Oldest", "Second", "Third", "Fourth"]):
        make(ctx, "task", subject=subject, kind="call", customer=hotel.pk, due_on=today - dt.timedelta(days=3 - n))
    make(ctx, "task", subject="Ask again", kind="call", customer=hotel.pk, due_on=today, is_follow_up=True)

    def go(page: Any, path: str = "/", who: str = "ben") -> Any:
        sign_in(page, live, Account.objects.get(pk=getattr(committed_cast, who).account_id))
        page.goto(live.url + path)
        come_to_rest(page)
        page.evaluate(NO_LOAD)
        return page

    return go


def _task(subject: str) -> Task:
    return Task.objects.get(subject=subject)


def test_the_day_by_keys(desktop: Any, day: Callable[..., Any]) -> None:
    """J walks, D does, P postpones by words, L logs with outcome and next step, Undo takes back; the focus goes on."""
    page = day(desktop)
    keys = page.keyboard
    keys.press("j")
    assert page.evaluate("document.activeElement.textContent") == "Oldest"
    keys.press("d")
    page.get_by_text("Oldest: done.").wait_for()
    page.locator("a:focus", has_text="Second").wait_for()
    assert _task("Oldest").state == "done" and page.locator("[data-task]:not([hidden])").count() == 4

    keys.press("s")
    page.locator("#postpone[open]").wait_for()
    page.locator("#postpone-words").fill("someday soon")
    keys.press("Enter")
    page.get_by_text("is not a date").wait_for()
    page.locator("#postpone-words").fill("in 2 weeks")
    keys.press("Enter")
    page.get_by_text("Second: postpone.").wait_for()
    assert _task("Second").due_on == dt.date.today() + dt.timedelta(days=14)
    page.locator("a:focus", has_text="Third").wait_for()

    keys.press("l")
    page.locator("#dialog[open] input[name=outcome]").wait_for()
    page.locator("#dialog input[name=outcome]").fill("She wants a quote")
    page.locator("#dialog input[name=next_step]").fill("Send the quote")
    keys.press("Control+Enter")
    page.get_by_text("Third: done.").wait_for()
    page.locator("[data-task]", has_text="Third").wait_for(state="detached")
    assert _task("Third").outcome == "She wants a quote" and _task("Send the quote").is_follow_up
    assert page.evaluate("window.stayed") is True, "nothing of this loaded the page anew"
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_text("Taken back.").wait_for()
    assert_no_complaints(page)


def _swipe(page: Any, subject: str, by: int) -> None:
    """A finger along a line."""
    box = page.locator("[data-task]", has_text=subject).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + by * step / 8, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_the_day_by_touch(phone: Any, day: Callable[..., Any]) -> None:
    """A swipe to the right does it, to the left asks until when; a short one changes nothing."""
    page = day(phone)
    _swipe(page, "Oldest", 40)
    _swipe(page, "Oldest", 150)
    page.get_by_text("Oldest: done.").wait_for()
    assert _task("Oldest").state == "done" and _task("Second").state == "open"
    _swipe(page, "Second", -150)
    page.locator("#postpone[open]").wait_for()
    page.get_by_role("button", name="Tomorrow").click()
    page.get_by_text("Second: postpone.").wait_for()
    assert _task("Second").due_on == dt.date.today() + dt.timedelta(days=1)
    assert page.evaluate("window.stayed") is True
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_bell_follows_without_a_reload_and_a_rule_shows_what_it_would_make(
    desktop: Any, day: Callable[..., Any], committed_cast: Cast
) -> None:
    """Coming back to the page asks the bell; the form of a rule counts as it is typed."""
    page = day(desktop, "/settings/follow-ups/new?preset=no_contact", "ana")
    make(committed_cast.ctx("ben"), "task", subject="Ring Grace", owner=committed_cast.ana.pk)
    run_readers()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator("#bell summary[aria-label='1 notice']").wait_for()
    page.locator("#bell summary").click()
    assert "Ben Moore handed “Ring Grace” to you" in page.locator(".bell-menu").inner_text()
    page.keyboard.press("Escape")
    page.locator("#f-amount").fill("0")
    page.locator("#f-matching").fill("")
    page.locator("#f-matching").blur()
    page.locator("#rule-preview").get_by_text("it would have made 1 task").wait_for()
    assert page.locator("#rule-preview").get_by_text("Get in touch with Hotel Aldersley").is_visible()
    assert page.evaluate("window.stayed") is True
    page.get_by_role("button", name="Save rule").click()
    page.get_by_text("The rule “No contact for 90 days” is on.").wait_for()
    assert_no_complaints(page)
