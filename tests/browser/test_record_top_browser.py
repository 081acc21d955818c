"""A record page under a person's hands: names after "@", files by drop and paste, finding in the timeline, the picture of
relationships, adding inside a panel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.kernel.access.current import use_workspace
from rapport.kernel.kinds.mentions import mentioned
from rapport.kernel.records.registry import registry
from tests.browser.test_axe import violations
from tests.cast import Cast, first_stage_id

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FILES = """(names) => {
  const files = new DataTransfer();
  for (const name of names) files.items.add(new File(["what is in " + name], name, {type: "text/plain"}));
  return files;
}"""


@pytest.fixture
def hotel(cast: Cast, live: Any) -> Any:
    """A company of Ana's with a person and a deal."""
    with use_workspace(cast.home):
        ctx = cast.ctx("ana")
        made = ctx.create("customer", name="Hotel Aldersley", kind="company", phones="+353 1 555 0140")
        grace = ctx.create("customer", name="Grace Tierney", kind="person")
        ctx.create("affiliation", person=grace.pk, company=made.pk, job_title="General manager")
        ctx.create("deal", name="Lobby bar", customer=made.pk, stage=first_stage_id(), amount="8900")
        return made


def test_name_is_offered_and_becomes_a_chip(desktop: Page, cast: Cast, hotel: Any, visit: Callable[..., None]) -> None:
    """With the keyboard alone: "@be", the list, Enter, Ctrl+Enter."""
    visit(desktop, f"/customer/{hotel.pk}")
    box = desktop.locator("#f-note-body")
    box.focus()
    desktop.keyboard.type("Offer is ready, @Be")
    desktop.locator(".combo-list [role=option]", has_text="Ben Moore").wait_for()
    assert box.get_attribute("aria-activedescendant")
    desktop.keyboard.press("Enter")
    assert box.input_value() == "Offer is ready, @Ben Moore "
    desktop.keyboard.type("please call")
    desktop.keyboard.press("Control+Enter")
    desktop.locator(".tl .mention", has_text="@Ben Moore").wait_for()
    with use_workspace(cast.home):
        note = registry.get("activity").model.objects.get()
        assert mentioned(note.body) == [cast.ben.pk] and note.subject == "Offer is ready, @Ben Moore please call"


def test_files_by_drop_and_paste_become_notes(desktop: Page, cast: Cast, hotel: Any, visit: Callable[..., None]) -> None:
    visit(desktop, f"/customer/{hotel.pk}")
    files = desktop.evaluate_handle(FILES, ["offer.txt", "plan.txt"])
    desktop.locator(".left").dispatch_event("drop", {"dataTransfer": files})
    desktop.locator(".toast", has_text="2 files attached").wait_for()
    desktop.locator(".tl").get_by_text("plan.txt").first.wait_for()
    desktop.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File(["x"], "pasted.txt", {type: "text/plain"}));
          document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true}));
        }"""
    )
    desktop.locator(".toast", has_text="pasted.txt").wait_for()
    with use_workspace(cast.home):
        assert {one.subject for one in registry.get("activity").model.objects.all()} == {"offer.txt", "plan.txt", "pasted.txt"}
    desktop.locator(".toast", has_text="2 files").get_by_role("button", name="Undo").click()
    desktop.locator(".toast", has_text="2 changes taken back").wait_for()


def test_timeline_is_searched_and_goes_on_by_itself(desktop: Page, cast: Cast, hotel: Any, visit: Callable[..., None]) -> None:
    with use_workspace(cast.home):
        ctx = cast.ctx("ana")
        rows = [{"kind": "call", "subject": f"Call {n:03}", "customer": hotel.pk, "happened_at": ctx.format.now - dt.timedelta(days=n + 1)} for n in range(80)]
        assert not ctx.create_many("activity", rows).errors
    visit(desktop, f"/customer/{hotel.pk}")
    desktop.locator(".tl-more").scroll_into_view_if_needed()
    desktop.locator(".tl").get_by_text("Call 040").wait_for()
    desktop.locator("#story-q").focus()
    desktop.keyboard.type("call 07")
    desktop.locator("#story .ev", has_text="Call 079").wait_for()
    desktop.locator("#story .ev", has_text="Call 040").wait_for(state="detached")
    assert desktop.locator("#story-q").input_value() == "call 07"


def test_health_opens_and_relationships_are_drawn(desktop: Page, hotel: Any, visit: Callable[..., None]) -> None:
    visit(desktop, f"/customer/{hotel.pk}")
    desktop.locator(".health summary").focus()
    desktop.get_by_text("No contact yet").wait_for()
    desktop.keyboard.press("Enter")
    desktop.get_by_text("Everybody begins at").wait_for()
    desktop.keyboard.press("Escape")
    desktop.get_by_role("link", name="Picture of relationships").click()
    desktop.locator("#dialog svg.net").wait_for()
    assert not violations(desktop)
    desktop.locator("#dialog svg.net a", has_text="GT").focus()
    desktop.keyboard.press("Enter")
    desktop.locator("h1", has_text="Grace Tierney").wait_for()


def test_adding_inside_a_panel(desktop: Page, cast: Cast, hotel: Any, visit: Callable[..., None]) -> None:
    """The short form opens in the panel, says what is wrong, saves, and gives the focus back."""
    visit(desktop, f"/customer/{hotel.pk}")
    opener = desktop.locator("#add-deal-customer")
    opener.focus()
    desktop.keyboard.press("Enter")
    form = desktop.locator("#inl-deal-customer form")
    form.locator("#f-name").wait_for()
    assert not violations(desktop)
    form.locator("#f-amount").fill("no money")
    form.locator("#f-name").fill("Terrace bar")
    form.locator("#f-name").press("Control+Enter")
    form.locator("#e-amount").wait_for()
    assert form.locator("#f-name").input_value() == "Terrace bar"
    form.locator("#f-amount").fill("1200")
    form.get_by_role("button", name="Add deal").click()
    desktop.locator("#right").get_by_text("Terrace bar").wait_for()
    desktop.locator("#add-deal-customer:focus").wait_for()
    desktop.keyboard.press("Enter")
    form.locator("#f-name").press("Escape")
    desktop.locator("#add-deal-customer:focus").wait_for()


def test_phone_shows_the_same(phone: Page, hotel: Any, visit: Callable[..., None]) -> None:
    visit(phone, f"/customer/{hotel.pk}")
    phone.get_by_text("Before you call").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.locator(".health summary").tap()
    phone.get_by_text("Everybody begins at").wait_for()
    visit(phone, f"/customer/{hotel.pk}/network")
    phone.locator(".net-list").get_by_text("Grace Tierney").wait_for()
    assert not violations(phone)
