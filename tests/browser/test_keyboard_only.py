"""A day without a mouse: sign in, find a customer in the list, log a call with what is next, move a deal."""

from __future__ import annotations

from typing import Any

import pytest

from rapport.kernel.access.models import Account
from rapport.kernel.records.registry import registry
from tests.cast import PASSWORD, Cast, first_stage_id
from tests.factory import make
from tests.platform.settled import come_to_rest

pytestmark = pytest.mark.browser

#: Whether the focused element, its box, or the composer around it is drawn with a ring.
FOCUS = """() => [document.activeElement, document.activeElement.closest('.input'),
  document.activeElement.closest('.composer')].some((one) => one && (getComputedStyle(one).outlineStyle !== 'none'
    || /\\d/.test(getComputedStyle(one).boxShadow.replace(/rgba?\\([^)]*\\)/g, '').replace(/0px/g, ''))))"""


def tab_to(page: Any, wanted: str, most: int = 80) -> None:
    """Press Tab until an element that fits the selector has the focus; it must show that it has."""
    for _press in range(most):
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            assert page.evaluate(FOCUS), f"{wanted} does not show its focus"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {wanted}")


def test_a_day_without_a_mouse(desktop: Any, committed_cast: Cast, live: Any) -> None:
    """Every step by keys alone, with the focus in sight."""
    ctx = committed_cast.ctx("ana")
    hotel = make(ctx, "customer", name="Hotel Aldersley", kind="company")
    deal = make(ctx, "deal", name="Lobby bar", customer=hotel.pk, stage=first_stage_id())
    page, keys = desktop, desktop.keyboard
    page.goto(f"{live.url}/sign-in/")
    tab_to(page, "input[type=email]")
    keys.type(Account.objects.get(pk=committed_cast.ana.account_id).email)
    tab_to(page, "input[type=password]")
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url(f"{live.url}/")

    tab_to(page, ".nav a[href='/customer/']")
    keys.press("Enter")
    page.wait_for_url("**/customer/")
    come_to_rest(page)
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url(f"**/customer/{hotel.pk}")
    come_to_rest(page)

    tab_to(page, "[role=tab]")
    keys.press("ArrowRight")
    tab_to(page, "#pane-call .cp-main textarea, #pane-call .cp-main input:not([type=hidden])")
    keys.type("Talked about beans")
    tab_to(page, "#pane-call .cp-then input:not([type=hidden])")
    keys.type("Send the offer")
    keys.press("Control+Enter")
    page.get_by_text("Talked about beans").first.wait_for()
    page.locator("#next").get_by_text("Send the offer").wait_for()

    keys.press("Escape")
    page.goto(f"{live.url}/deal/board")
    come_to_rest(page)
    tab_to(page, f"#card-{deal.pk}")
    with page.expect_response("**/deal/board/move"):
        keys.press("]")
    stages = list(registry.get("stage").model.objects.order_by("position"))
    deal.refresh_from_db()
    assert deal.stage_id == stages[1].pk
    assert registry.get("task").model.objects.filter(subject="Send the offer", customer=hotel.pk).exists()
