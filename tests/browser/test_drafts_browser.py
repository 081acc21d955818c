"""Unsaved text is never lost: reload, end of the session, dropped network, somebody else's change, another person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.factory import make
from tests.platform.settled import come_to_rest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(committed_cast: Cast, live: Any, desktop: Page, sign_in: Callable[..., None]) -> Iterator[Callable[[str], None]]:
    """Ana at a desk: desk(path) opens a page."""
    sign_in(desktop, live, committed_cast.ana.account)

    def go(path: str) -> None:
        desktop.goto(live.url + path)
        come_to_rest(desktop)

    yield go


def test_text_survives_the_end_of_the_session(desk: Any, desktop: Page, live: Any, committed_cast: Cast, sign_in: Any) -> None:
    desk("/customer/new")
    desktop.locator("#f-name").fill("Half a company")
    desktop.context.clear_cookies()
    desktop.get_by_role("button", name="Add customer").click()
    desktop.locator("input[type=password]").wait_for()
    sign_in(desktop, live, committed_cast.ana.account)
    desk("/customer/new")
    assert desktop.locator("#f-name").input_value() == "Half a company"
    desktop.get_by_text("Your unsaved text is back.").wait_for()
    desktop.get_by_role("button", name="Drop it").click()
    come_to_rest(desktop)
    assert desktop.locator("#f-name").input_value() == ""


def test_text_survives_a_dropped_network(desk: Any, desktop: Page, committed_cast: Cast) -> None:
    with use_workspace(committed_cast.home):
        hotel = make(committed_cast.ctx("ana"), "customer", kind="company", name="Hotel Aldersley", owner=committed_cast.ana.pk)
    desk(f"/customer/{hotel.pk}")
    box = desktop.locator("#f-note-body")
    box.fill("Said on the phone: two more rooms")
    desktop.context.set_offline(True)
    box.press("Control+Enter")
    desktop.get_by_text("No connection. Your text is still here. Try again.").wait_for()
    assert box.input_value() == "Said on the phone: two more rooms"
    desktop.context.set_offline(False)
    desktop.complaints.clear()
    desktop.reload()
    assert box.input_value() == "Said on the phone: two more rooms"
    box.press("Control+Enter")
    desktop.locator(".tl").get_by_text("two more rooms").wait_for()
    desktop.reload()
    assert box.input_value() == "", "a draft that was saved is gone"


def test_a_draft_begun_on_an_older_version_meets_the_newer_one_field_by_field(desk: Any, desktop: Page, committed_cast: Cast) -> None:
    with use_workspace(committed_cast.home):
        hotel = make(committed_cast.ctx("ana"), "customer", kind="company", name="Hotel", industry="Hotels", owner=committed_cast.ana.pk)
    desk(f"/customer/{hotel.pk}/edit")
    desktop.locator("#f-industry").fill("Inns")
    with use_workspace(committed_cast.home):
        ctx = committed_cast.ctx("ana")
        ctx.write(gate.get(ctx, registry.get("customer"), hotel.pk), industry="Resorts", name="Grand Hotel")
    desktop.reload()
    assert desktop.locator("#f-industry").input_value() == "Inns"
    desktop.get_by_role("button", name="Save").first.click()
    both = desktop.locator("fieldset.both").first
    both.wait_for()
    assert "Resorts" in both.inner_text() and "Inns" in both.inner_text()
    desktop.complaints.clear()


def test_one_persons_draft_is_not_the_next_ones(desk: Any, desktop: Page, live: Any, committed_cast: Cast, sign_in: Any) -> None:
    desk("/customer/new")
    desktop.locator("#f-name").fill("Secret plan")
    sign_in(desktop, live, committed_cast.ben.account)
    desk("/customer/new")
    assert desktop.locator("#f-name").input_value() == ""
    sign_in(desktop, live, committed_cast.ana.account)
    desk("/customer/new")
    assert desktop.locator("#f-name").input_value() == "Secret plan"
    desktop.evaluate("document.querySelector(\"form[action='/sign-out/']\").requestSubmit()")
    desktop.locator("input[type=password]").wait_for()
    assert desktop.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('rapport-draft:')).length") == 0
