"""An own type's board under somebody's keys, and a field that becomes another kind while its page is watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account
from rapport.kernel.jobs.runner import run_due
from tests.cast import Cast

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_keys_move_a_card_and_a_field_changes_its_kind(
    desktop: Page, cast: Cast, live: Any, sign_in: Callable[..., None]
) -> None:
    """The same board as that of deals; the page of the kind follows its job to the end without a reload by hand."""
    with use_workspace(cast.home):
        cast.ctx("ana").create("custom_type", name="Tree", plural="Trees", department="customers")
        cast.ctx("ana").create("custom_field", on_type="x_tree", label="State", kind="choice", choices="Planted\nGrown")
        seats = cast.ctx("ana").create("custom_field", on_type="x_tree", label="Height", kind="text")
        tree = cast.ctx("ana").create("x_tree", name="Oak", c_state="Planted", c_height="12")
    sign_in(desktop, live, Account.objects.get(pk=cast.ana.account_id))
    desktop.goto(live.url + "/x_tree/board")
    desktop.locator(f"#card-{tree.pk}").focus()
    desktop.keyboard.press("]")
    desktop.locator("#toasts").get_by_text("Moved to Grown").wait_for()
    with use_workspace(cast.home):
        tree.refresh_from_db()
        assert tree.custom["c_state"] == "Grown"
    desktop.goto(f"{live.url}/settings/fields/x_tree/{seats.pk}/kind")
    desktop.select_option("#f-to", "number")
    desktop.get_by_role("button", name="Look what fits").click()
    desktop.get_by_text("1 value fits.").wait_for()
    desktop.get_by_role("button", name="Change the kind").click()
    desktop.locator("#kind-running").wait_for()
    run_due()
    desktop.get_by_text("Changed from Text to Number.").wait_for()
    with use_workspace(cast.home):
        tree.refresh_from_db()
        assert tree.custom["k2_c_height"] == 12
