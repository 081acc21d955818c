"""Working through duplicates by keys alone: open a group, pick a value, merge, see what came of it, take it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.engines.duplicates.scanning import scan_type
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account
from rapport.kernel.records.registry import registry
from tests.browser.test_keyboard_only import tab_to
from tests.cast import Cast
from tests.duplicates.test_groups import ROWS

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_group_is_merged_and_taken_back_by_keys_alone(
    desktop: Page, committed_cast: Cast, live: Any, sign_in: Callable[..., None]
) -> None:
    """The focus is in sight at every step, and the record says what was chosen."""
    cast, page, model = committed_cast, desktop, registry.get("customer").model
    made = cast.ctx("ana").create_many("customer", [{**row, "kind": "person"} for row in ROWS])
    assert not made.errors
    scan_type(cast.home, "customer")
    one, other, third = (made.ids[n] for n in range(3))
    sign_in(page, live, Account.objects.get(pk=cast.ana.account_id))
    page.goto(f"{live.url}/duplicates/customer/review")
    tab_to(page, "a.dup-two")
    page.keyboard.press("Enter")
    page.wait_for_url("**/duplicates/customer/group/*")
    page.get_by_role("heading", name="Are these one and the same?").wait_for()
    tab_to(page, "input[name=pick-name]")
    page.keyboard.press("ArrowRight")
    page.locator(f"input[name=pick-name][value='{other}']:checked").wait_for()
    tab_to(page, "input[name=pick-birthday], input[name=pick-phones], button.pri")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/duplicates/customer/review")
    page.get_by_text("2 records are merged in").first.wait_for()
    page.get_by_text("No duplicates").wait_for()
    with use_workspace(cast.home):
        kept = model.objects.get(pk=one)
        assert kept.name == "Jensen, Maja" and model.objects.filter(pk__in=[other, third], deleted_at=None).count() == 0
    tab_to(page, ".toast button:not([aria-label])")
    page.keyboard.press("Enter")
    page.get_by_text("All are there again").first.wait_for()
    with use_workspace(cast.home):
        kept.refresh_from_db()
        assert kept.name == "Maya Jensen" and model.objects.filter(pk__in=[other, third], deleted_at=None).count() == 2
