"""Views under a person's hands: saving and sharing, several sorts, groups, columns, the builder; desk and phone, keys only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rapport.kernel.access.models import Account
from tests.cast import Cast, first_stage_id
from tests.factory import make
from tests.platform.browsers import assert_no_complaints
from tests.platform.settled import come_to_rest

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(committed_cast: Cast, live: Any, sign_in: Callable[..., None]) -> Callable[..., Any]:
    """Sign Ana in on a page with deals of two people and open an address."""
    ctx = committed_cast.ctx("ana")
    stage = first_stage_id()
    rows = [
        {"name": f"Deal {n:02}", "stage": stage, "amount": str(100 * (n % 3)), "owner": (committed_cast.ana, committed_cast.ben)[n % 2].pk}
        for n in range(12)
    ]
    assert not ctx.create_many("deal", rows).errors
    make(ctx, "customer", name="Hotel A", industry="Hotel")

    def go(page: Any, path: str) -> Any:
        sign_in(page, live, Account.objects.get(pk=committed_cast.ana.account_id))
        page.goto(live.url + path)
        come_to_rest(page)
        return page

    return go


def test_a_changed_list_is_saved_shared_pinned_and_deleted_with_undo(desktop: Any, opened: Callable[..., Any]) -> None:
    """Change, Save view, a tab with the name; pin it; delete it; Undo brings it back."""
    page = opened(desktop, "/deal/?filter=owner+is+me")
    assert page.locator("[data-row]").count() == 6
    page.locator(".toolbar").get_by_role("link", name="Save view").click()
    page.locator("#v-name").fill("Just mine")
    page.get_by_text("Everyone", exact=True).click()
    page.locator("#dialog").get_by_role("button", name="Save view").click()
    page.locator(".tab[aria-current=page]", has_text="Just mine").wait_for()
    page.get_by_label("View “Just mine”: options").click()
    page.get_by_role("button", name="Pin to the navigation").click()
    page.locator(".nav-pins", has_text="Just mine").wait_for()
    page.get_by_label("View “Just mine”: options").click()
    page.get_by_role("button", name="Delete view").click()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    page.locator(".tab", has_text="Just mine").wait_for()
    assert_no_complaints(page)


def test_shift_adds_a_sort_and_columns_move_by_keys(desktop: Any, opened: Callable[..., Any]) -> None:
    """Click sorts, Shift+click adds; Alt with an arrow moves a column; both are in the address."""
    page = opened(desktop, "/deal/")
    page.get_by_role("link", name="Amount").first.click()
    page.wait_for_url("**sort=amount**")
    page.locator("th").get_by_role("link", name="Name").click(modifiers=["Shift"])
    page.wait_for_url("**sort=amount%2Cname**")
    assert [page.locator("td.first a").nth(n).inner_text() for n in (0, 1, 4)] == ["Deal 00", "Deal 03", "Deal 01"]
    page.get_by_text("Columns", exact=True).first.click()
    box = page.locator("[data-column-item] input").nth(2)
    name = page.locator("[data-column-item]").nth(2).inner_text().strip()
    box.focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    assert page.evaluate("document.activeElement.name") == "column"
    page.get_by_role("button", name="Show columns").click()
    page.wait_for_url("**columns=**")
    assert page.locator("thead th").nth(2).inner_text().strip().startswith(name)
    assert_no_complaints(page)


def test_groups_fold_by_click_and_by_keys(desktop: Any, opened: Callable[..., Any]) -> None:
    """The rows of a group come when it unfolds; arrows walk the heads; the focus stays."""
    page = opened(desktop, "/deal/?group=owner")
    page.locator(".group-head").nth(1).wait_for()
    page.wait_for_function("() => document.querySelectorAll('[data-row]').length === 12")
    page.locator(".group-head").first.locator("b").first.click()
    assert page.locator("[data-row]:visible").count() == 6
    page.locator("[data-fold]").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("[data-row]:visible").count() == 12
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    assert page.locator("[data-row]:visible").count() == 6
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    assert_no_complaints(page)


def test_builder_speaks_of_time_and_of_what_is_missing(desktop: Any, opened: Callable[..., Any]) -> None:
    """Has no deals, and a number of days that shows only where it is needed; each part of a chip opens there."""
    page = opened(desktop, "/customer/")
    page.locator("a.chip.add").click()
    page.locator("#fb-field").select_option("has:deals")
    page.locator("#fb-op").select_option("has_no")
    page.get_by_role("button", name="Apply filter").last.click()
    page.wait_for_url("**filter=no+deals**")
    page.locator("a.chip.add").click()
    page.locator("#fb-field").select_option("created_at")
    page.locator("#fb-when").wait_for()
    assert not page.get_by_label("Number of days").is_visible()
    page.locator("#fb-when").select_option("last_days")
    page.get_by_label("Number of days").fill("30")
    page.get_by_role("button", name="Apply filter").last.click()
    page.wait_for_url("**created_at+between+today-30d+and+today**")
    assert page.locator("[data-row]").count() == 1
    page.locator(".chip a.v").last.click()
    page.locator("#fb-when").wait_for()
    assert page.locator("#fb-when").input_value() == "last_days"
    assert_no_complaints(page)


def test_views_and_groups_fit_a_phone(phone: Any, opened: Callable[..., Any]) -> None:
    """Nothing runs over the edge at 390 pixels, groups unfold by a tap."""
    page = opened(phone, "/deal/?group=owner&sort=-amount,name")
    page.wait_for_function("() => document.querySelectorAll('[data-row]').length === 12")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("[data-fold]").first.tap()
    assert page.locator("[data-row]:visible").count() == 6
    assert_no_complaints(page)
