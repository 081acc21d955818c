"""Forms that follow conditions, and the page that lays them out: by keyboard, by mouse, with the focus never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rapport.engines.words.models import PageLayout
from rapport.kernel.access.models import Account
from rapport.kernel.records.registry import registry
from tests.cast import Cast

pytestmark = pytest.mark.browser


def test_a_field_comes_and_goes_while_somebody_fills_in_the_form(
    live: Any, committed_cast: Cast, desktop: Page, sign_in: Callable[..., None]
) -> None:
    """What was typed is there again when the field comes back; hidden, it is not saved; shown, it is needed."""
    committed_cast.ctx("ana").create("custom_field", label="State", kind="choice", choices="Won\nLost", on_type="customer")
    committed_cast.ctx("ana").create(
        "custom_field", label="Why", kind="text", on_type="customer", show_when="c_state is Lost", is_required=True, position=200
    )
    sign_in(desktop, live, Account.objects.get(pk=committed_cast.ana.account_id))
    desktop.goto(f"{live.url}/customer/new")
    why, state = desktop.get_by_label("Why"), desktop.get_by_label("State")
    expect(why).to_be_hidden()
    desktop.get_by_label("Name", exact=True).fill("Aran")
    state.select_option("Lost")
    expect(why).to_be_visible()
    expect(why).to_have_attribute("aria-required", "true")
    expect(desktop.locator("[data-conditions]")).to_contain_text("Why")
    why.fill("Price")
    state.select_option("Won")
    expect(why).to_be_hidden()
    state.select_option("Lost")
    expect(why).to_be_visible()
    expect(why).to_have_value("Price")
    state.select_option("Won")
    expect(why).to_be_hidden()
    desktop.keyboard.press("Control+Enter")
    expect(desktop.get_by_role("heading", name="Aran")).to_be_visible()
    assert registry.get("customer").model.objects.get(name="Aran").custom == {"c_state": "Won"}


def test_fields_are_laid_out_by_keyboard_and_mouse(
    live: Any, committed_cast: Cast, desktop: Page, sign_in: Callable[..., None]
) -> None:
    """Buttons move a field, keep the focus and say where it stands; dragging does the same; saving keeps the order."""
    sign_in(desktop, live, Account.objects.get(pk=committed_cast.ana.account_id))
    desktop.goto(f"{live.url}/settings/layouts/customer")
    up = desktop.get_by_role("button", name="Move Lifecycle stage up").first
    up.focus()
    desktop.keyboard.press("Enter")
    expect(up).to_be_focused()
    expect(desktop.locator("[data-said]")).to_have_text("Lifecycle stage moved: 2 of 10 in About")
    desktop.get_by_role("button", name="Do not show Website").first.focus()
    desktop.keyboard.press("Enter")
    tray = desktop.locator(".is-tray [data-rows=form]")
    expect(tray.locator("[data-row=website]")).to_be_visible()
    grip = desktop.locator("[data-rows=form] [data-row=industry] [data-grip]")
    goal = desktop.locator("[data-rows=form] [data-row=kind]")
    grip.hover()
    desktop.mouse.down()
    box = goal.bounding_box()
    assert box is not None
    desktop.mouse.move(box["x"] + 40, box["y"] + 12, steps=4)
    desktop.mouse.move(box["x"] + 40, box["y"] + 4, steps=4)
    desktop.mouse.up()
    desktop.get_by_role("button", name="Save layout").click()
    expect(desktop.get_by_text("Saved. It holds from the next page")).to_be_visible()
    row = PageLayout.objects.get()
    keys = row.shown.splitlines()
    assert row.left_out == "website" and keys.index("stage") < keys.index("kind") and keys.index("industry") < keys.index("roles")
