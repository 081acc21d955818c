"""The list in a real browser: scrolling, ticking, filtering, keyboard, themes; without one complaint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rapport.kernel.access.models import Account
from tests.cast import Cast
from tests.factory import make
from tests.platform.browsers import assert_no_complaints
from tests.platform.settled import come_to_rest

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(committed_cast: Cast, live: Any, sign_in: Callable[..., None]) -> Callable[..., Any]:
    """Sign Ana in on a page with 120 customers and open an address."""
    ctx = committed_cast.ctx("ana")
    rows = [{"name": f"Customer {i:03}", "kind": "company", "emails": [f"c{i}@example.com"]} for i in range(120)]
    assert not ctx.create_many("customer", rows).errors
    make(ctx, "customer", name="Zebra Hotel", industry="Hotel")

    def go(page: Any, path: str = "/customer/") -> Any:
        sign_in(page, live, Account.objects.get(pk=committed_cast.ana.account_id))
        page.goto(live.url + path)
        come_to_rest(page)
        return page

    return go


def test_rows_come_while_scrolling_and_the_foot_counts_all(desktop: Any, opened: Callable[..., Any]) -> None:
    """Fifty rows first, all of them at the end, without a click."""
    page = opened(desktop)
    assert page.locator("[data-row]").count() == 50
    assert "121 customers" in page.locator("tfoot").inner_text()
    for _step in range(4):
        page.locator("#list-scroll").evaluate("element => element.scrollTo(0, element.scrollHeight)")
        page.wait_for_timeout(250)
    assert page.locator("[data-row]").count() == 121
    assert_no_complaints(page)


def test_ticking_deleting_and_undo(desktop: Any, opened: Callable[..., Any]) -> None:
    """A range with Shift, the bar with its count, one Undo for all."""
    page = opened(desktop)
    page.locator("[data-row] .tick").nth(1).click()
    page.locator("[data-row] .tick").nth(3).click(modifiers=["Shift"])
    assert page.locator("[data-tick-count]").inner_text() == "3 selected"
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("3 deleted.").wait_for()
    assert page.get_by_text("Customer 001").count() == 0
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("3 changes taken back.").wait_for()
    assert page.get_by_text("Customer 001").count() == 1


def test_filter_is_built_by_choosing_and_lives_in_the_address(desktop: Any, opened: Callable[..., Any]) -> None:
    """Field, condition, value; the chip takes it away again."""
    page = opened(desktop)
    page.locator("a.chip.add").click()
    page.locator("#fb-field").select_option("industry")
    page.locator("#f-value").fill("Hotel")
    page.get_by_role("button", name="Apply filter").last.click()
    page.wait_for_url("**/customer/?filter=industry+is+Hotel")
    assert page.locator("[data-row]").count() == 1
    page.get_by_role("link", name="Remove filter Industry Hotel").click()
    page.wait_for_url("**/customer/")


def test_keyboard_walks_and_searches(desktop: Any, opened: Callable[..., Any]) -> None:
    """J and K move, X ticks, Ctrl+K finds, Escape gives the focus back."""
    page = opened(desktop)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("[data-row] .tick").nth(1).is_checked()
    page.keyboard.press("Control+k")
    page.keyboard.type("zebra")
    page.locator("#palette-hits [role=option]", has_text="Zebra Hotel").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer/*-*")


def test_search_words_in_fields_are_no_shortcuts(desktop: Any, opened: Callable[..., Any]) -> None:
    """Single keys belong to the field that has the focus."""
    page = opened(desktop)
    page.locator(".newrow input").fill("")
    page.locator(".newrow input").type("jknx")
    assert page.locator(".newrow input").input_value() == "jknx"
    assert page.locator("dialog[open]").count() == 0


def test_quick_add_warns_of_a_twin_and_saves(desktop: Any, opened: Callable[..., Any]) -> None:
    """N, the form of a customer, a misspelt name, the warning; a new one is saved with Ctrl+Enter."""
    page = opened(desktop)
    page.keyboard.press("n")
    page.get_by_text("As a form").click()
    page.locator("#dialog .menu").get_by_text("Customer", exact=True).click()
    page.locator("#f-name").fill("Zebra Hotl")
    page.get_by_text("You may already have this customer.").wait_for()
    page.locator("#f-name").fill("Quagga Inn")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/customer/*-*")
    assert page.get_by_text("Customer saved.").is_visible()


def test_phone_shows_two_lines_and_no_table_head(phone: Any, opened: Callable[..., Any]) -> None:
    """On 390 pixels nothing is wider than the screen."""
    page = opened(phone)
    assert not page.locator("thead").is_visible() and page.locator(".bnav").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    row = page.locator("[data-row]").first.bounding_box()
    assert 44 <= row["height"] <= 72


def test_theme_changes_at_once_and_stays(desktop: Any, opened: Callable[..., Any]) -> None:
    """The cookie brings the choice back with the next page."""
    page = opened(desktop)
    page.locator("summary.account").click()
    page.locator("[data-theme-choice=dark]").first.click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


@pytest.mark.parametrize("path", ["/", "/customer/", "/settings/", "/settings/account", "/search?q=zebra", "/task/"])
@pytest.mark.parametrize("dark", [False, True])
def test_pages_have_no_complaints(
    open_page: Callable[..., Any], opened: Callable[..., Any], path: str, dark: bool
) -> None:
    """No console error, no broken policy, no server error, in both themes."""
    page = opened(open_page(dark=dark), path)
    assert page.locator("h1").count() >= 1 or page.locator("main").count() == 1
    assert_no_complaints(page)
