"""The record page under a person's hands: editing in place, writing down, dialogs, drafts, moving a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.kernel.access.current import use_workspace
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def hotel(cast: Cast, live: Any) -> Any:
    """A company of Ana's."""
    with use_workspace(cast.home):
        return cast.ctx("ana").create("customer", name="Hotel Aldersley", kind="company", industry="Hotel")


def test_value_is_edited_in_place(desktop: Page, hotel: Any, visit: Callable[..., None]) -> None:
    visit(desktop, f"/customer/{hotel.pk}")
    desktop.locator("#p-industry dd").click()
    box = desktop.locator("#f-industry")
    box.fill("4-star hotel")
    box.press("Enter")
    desktop.get_by_text("4-star hotel").first.wait_for()
    desktop.wait_for_function("document.activeElement.closest('#p-industry') !== null")
    desktop.locator("#p-industry dd").click()
    box.fill("Rubbish")
    box.press("Escape")
    desktop.locator("#p-industry form, form#p-industry").wait_for(state="detached")
    assert "4-star hotel" in desktop.locator("#p-industry").inner_text()


def test_keyboard_alone_edits(desktop: Page, hotel: Any, visit: Callable[..., None]) -> None:
    visit(desktop, f"/customer/{hotel.pk}")
    desktop.locator("#p-industry .prop-e").focus()
    desktop.keyboard.press("Enter")
    desktop.locator("#f-industry").wait_for()
    desktop.keyboard.type("Inn")
    desktop.keyboard.press("Enter")
    desktop.locator("#p-industry.is-saved").wait_for()


def test_both_values_are_shown_when_somebody_was_faster(
    desktop: Page, cast: Cast, hotel: Any, visit: Callable[..., None]
) -> None:
    visit(desktop, f"/customer/{hotel.pk}")
    desktop.locator("#p-industry dd").click()
    desktop.locator("#f-industry").fill("Mine")
    with use_workspace(cast.home):
        cast.ctx("ana").write(hotel, industry="Theirs")
    desktop.locator("#f-industry").press("Enter")
    desktop.get_by_text("Changed meanwhile to").wait_for()
    desktop.get_by_role("button", name="Save mine").click()
    desktop.locator("#p-industry.is-saved").wait_for()
    assert "Mine" in desktop.locator("#p-industry").inner_text()


def test_note_appears_in_the_story(desktop: Page, hotel: Any, visit: Callable[..., None]) -> None:
    visit(desktop, f"/customer/{hotel.pk}")
    box = desktop.locator("#f-note-body")
    box.fill("Likes dark roast")
    box.press("Control+Enter")
    desktop.locator(".tl").get_by_text("Likes dark roast").wait_for()
    assert box.input_value() == ""


def test_draft_of_a_note_survives_a_reload(desktop: Page, hotel: Any, visit: Callable[..., None]) -> None:
    visit(desktop, f"/customer/{hotel.pk}")
    desktop.get_by_role("tab", name="Call").click()
    desktop.locator("#f-call-body").fill("Half a thought")
    desktop.reload()
    desktop.locator("#f-call-body").wait_for()
    assert desktop.locator("#f-call-body").input_value() == "Half a thought"
    assert desktop.locator("#tab-call").get_attribute("aria-selected") == "true"


def test_next_step_is_set_from_its_place(desktop: Page, hotel: Any, visit: Callable[..., None]) -> None:
    visit(desktop, f"/customer/{hotel.pk}")
    desktop.get_by_role("button", name="Set a next step").click()
    desktop.locator("#f-task-subject").fill("Call Grace")
    desktop.locator("#f-task-due_on").fill("2030-01-15")
    desktop.get_by_role("button", name="Add task").click()
    desktop.locator("#next").get_by_text("Call Grace").wait_for()


def test_deal_is_added_in_a_dialog(desktop: Page, hotel: Any, visit: Callable[..., None]) -> None:
    visit(desktop, f"/customer/{hotel.pk}")
    desktop.get_by_role("link", name="Add deal").click()
    dialog = desktop.locator("#dialog")
    dialog.locator("#f-name").fill("Lobby espresso bar")
    dialog.locator("#f-amount").fill("not money")
    dialog.locator("#f-name").press("Control+Enter")
    dialog.locator("#e-amount").wait_for()
    assert dialog.locator("#f-name").input_value() == "Lobby espresso bar"
    dialog.locator("#f-amount").fill("8900")
    if dialog.locator("#f-stage").input_value() == "":
        dialog.locator("#f-stage").select_option(index=1)
    dialog.get_by_role("button", name="Add deal").click()
    desktop.locator("#right").get_by_text("Lobby espresso bar").wait_for()
    assert not dialog.is_visible()


def test_form_survives_a_reload(desktop: Page, visit: Callable[..., None]) -> None:
    visit(desktop, "/customer/new")
    desktop.locator("#f-name").fill("Half a company")
    desktop.locator("#f-industry").fill("Baker")
    desktop.reload()
    assert desktop.locator("#f-name").input_value() == "Half a company"
    desktop.get_by_role("button", name="Add customer").click()
    desktop.locator("h1", has_text="Half a company").wait_for()
    visit(desktop, "/customer/new")
    assert desktop.locator("#f-name").input_value() == ""


def test_stage_is_moved_and_lost_asks_why(desktop: Page, cast: Cast, hotel: Any, visit: Callable[..., None]) -> None:
    with use_workspace(cast.home):
        deal = cast.ctx("ana").create("deal", name="Bar", stage=first_stage_id(), customer=hotel.pk)
        second = registry.get("stage").model.objects.order_by("position")[1].name
    visit(desktop, f"/deal/{deal.pk}")
    desktop.locator(".life").get_by_role("button", name=second).click()
    desktop.locator(".life li.now", has_text=second).wait_for()
    desktop.locator("[aria-label='More actions']").first.click()
    desktop.get_by_role("link", name="Lost").first.click()
    desktop.locator("#dialog #f-reason").fill("Price")
    desktop.locator("#dialog").get_by_role("button", name="Lost").click()
    desktop.locator(".life li.now.lost").wait_for()


def test_phone_shows_the_same_record(phone: Page, hotel: Any, visit: Callable[..., None]) -> None:
    visit(phone, f"/customer/{hotel.pk}")
    phone.locator("h1").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.locator("#p-industry dd").scroll_into_view_if_needed()
    phone.locator("#p-industry dd").tap()
    phone.locator("#f-industry").fill("Inn")
    phone.locator("#p-industry").get_by_role("button", name="Save").tap()
    phone.locator("#p-industry.is-saved").wait_for()
