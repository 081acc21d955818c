"""The list as a spreadsheet in a real browser: keys, editing, blocks from the clipboard, taking back, conflict, widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rapport.kernel.access.models import Account
from rapport.kernel.records.registry import registry
from tests.browser.test_axe import violations
from tests.cast import Cast
from tests.platform.settled import come_to_rest

pytestmark = pytest.mark.browser

COLUMNS = "/customer/?columns=name,industry,employees,website,owner,tags&sort=name"


@pytest.fixture
def opened(committed_cast: Cast, live: Any, sign_in: Callable[..., None]) -> Callable[..., Any]:
    """Sign Ana in on the list of 120 customers in columns that a spreadsheet might hold."""
    rows = [{"name": f"Customer {i:03}", "kind": "company", "industry": f"Trade {i}"} for i in range(120)]
    assert not committed_cast.ctx("ana").create_many("customer", rows).errors

    def go(page: Any, path: str = COLUMNS) -> Any:
        sign_in(page, live, Account.objects.get(pk=committed_cast.ana.account_id))
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(live.url + path)
        come_to_rest(page)
        return page

    return go


def customer(number: int) -> Any:
    """The stored record of a row."""
    return registry.get("customer").model.objects.get(name=f"Customer {number:03}")


def cell(page: Any, row: int, col: int) -> Any:
    """The cell at a position; 1 is the name."""
    return page.locator("#rows tr[data-id]").nth(row).locator("td").nth(col)


def stands_at(page: Any, row: int, col: int) -> None:
    """Wait until the focus is on the cell at a position; keys typed ahead may still be on their way."""
    page.wait_for_function(
        "([row, col]) => { const c = document.activeElement?.closest('td'); return c && c.cellIndex === col && "
        "[...document.querySelectorAll('#rows tr[data-id]')].indexOf(c.parentElement) === row }",
        arg=[row, col],
    )


def all_saved(page: Any) -> None:
    """Wait until no control is open and no cell waits for its answer."""
    page.wait_for_function("() => !document.querySelector('.cell-form, td.is-opening, td.is-saving')")


def put_on_clipboard(page: Any, text: str) -> None:
    """What Ctrl+C in a spreadsheet leaves."""
    page.evaluate("text => navigator.clipboard.writeText(text)", text)


def test_keys_alone_walk_edit_and_take_back(desktop: Any, opened: Callable[..., Any]) -> None:
    """One tab stop; arrows, Home, End, pages; typing, Enter, Tab, Escape, F2; Ctrl+Z and Ctrl+Y; never without a focus."""
    page = opened(desktop)
    assert page.locator("#rows [tabindex='0']").count() == 1
    cell(page, 0, 1).focus()
    for key, spot in [("ArrowDown", (1, 1)), ("ArrowRight", (1, 2)), ("End", (1, 6)), ("Home", (1, 1)), ("Control+Home", (0, 1)),
                      ("PageDown", None), ("Control+Home", (0, 1)), ("ArrowRight", (0, 2))]:  # fmt: skip
        page.keyboard.press(key)
        if spot:
            stands_at(page, *spot)
    page.keyboard.type("Bakery")
    page.keyboard.press("Enter")
    stands_at(page, 1, 2)
    page.keyboard.press("F2")
    page.locator(".cell-form input:focus").wait_for()
    page.keyboard.type("Brewery")
    page.keyboard.press("Tab")
    stands_at(page, 1, 3)
    page.keyboard.type("nonsense")
    page.keyboard.press("Escape")
    stands_at(page, 1, 3)
    assert page.locator(".cell-form").count() == 0
    page.locator("#rows td.is-saved, #rows td", has_text="Brewery").first.wait_for()
    all_saved(page)
    assert (customer(0).industry, customer(1).industry) == ("Bakery", "Brewery")
    for key, expected in [
        ("Control+z", "Trade 1"),
        ("Control+z", "Trade 0"),
        ("Control+y", "Bakery"),
        ("Control+Shift+z", "Brewery"),
    ]:
        page.keyboard.press(key)
        page.locator("#rows td", has_text=expected).first.wait_for()
    all_saved(page)
    assert (customer(0).industry, customer(1).industry) == ("Bakery", "Brewery")
    page.keyboard.press("Home")
    page.keyboard.press("x")
    assert page.locator("[data-tick-count]").inner_text() == "1 selected"
    page.keyboard.press("Space")
    page.locator("#peek h2", has_text="Customer 001").wait_for()
    page.keyboard.press("ArrowDown")
    page.locator("#peek h2", has_text="Customer 002").wait_for()
    page.keyboard.press("Escape")
    stands_at(page, 2, 1)
    assert page.locator("#peek").is_hidden()


def test_a_refused_value_stays_red_with_what_was_typed(desktop: Any, opened: Callable[..., Any]) -> None:
    """The sentence shows while the focus is on the cell; editing again starts from the typed text."""
    page = opened(desktop)
    cell(page, 0, 3).click()
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    bad = page.locator("#rows td.is-bad")
    bad.wait_for()
    assert bad.inner_text() == "many" and customer(0).employees is None
    page.keyboard.press("ArrowUp")
    assert page.locator("#cell-wrong").is_visible()
    page.keyboard.press("Enter")
    page.locator(".cell-form input:focus").wait_for()
    assert page.locator(".cell-form input:not([type=hidden])").input_value() == "many"
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.locator("#rows td.is-saved").wait_for()
    assert bad.count() == 0
    come_to_rest(page)
    assert customer(0).employees == 12


def test_blocks_go_to_and_from_a_spreadsheet(desktop: Any, opened: Callable[..., Any]) -> None:
    """Copy gives tabs and lines; a block of 3 by 4 is pasted and taken back; a bad cell is marked, the rest is kept."""
    page = opened(desktop)
    put_on_clipboard(
        page, 'Hotel\t1,200\thttps://a.example\tAna Silva\nInn\tten\thttps://b.example\tAna Silva\n"Bed, and"\t7\t\tAna Silva\n'
    )
    cell(page, 0, 2).click()
    page.keyboard.press("Control+v")
    page.locator("#rows td.is-bad").wait_for()
    assert page.locator("#rows td.is-bad").inner_text() == "ten"
    come_to_rest(page)
    assert [customer(i).industry for i in range(3)] == ["Hotel", "Inn", "Bed, and"]
    assert (customer(0).employees, customer(1).employees, customer(2).employees) == (1200, None, 7)
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Control+c")
    page.wait_for_function(
        "() => navigator.clipboard.readText().then(text => text === 'Hotel\\t1200\\nInn\\t' || text === 'Hotel\\t1,200\\nInn\\t')"
    )
    page.get_by_role("button", name="Undo").last.click()
    page.get_by_text("Taken back.").wait_for()
    assert [customer(i).industry for i in range(3)] == ["Trade 0", "Trade 1", "Trade 2"] and customer(0).employees is None


def test_a_value_fills_a_range_and_fills_down(desktop: Any, opened: Callable[..., Any]) -> None:
    """One value over a range, Ctrl+D, Delete; above 20 cells a look first."""
    page = opened(desktop)
    put_on_clipboard(page, "Shop")
    cell(page, 0, 2).click()
    cell(page, 3, 2).click(modifiers=["Shift"])
    page.keyboard.press("Control+v")
    page.get_by_text("4 cells changed.").wait_for()
    cell(page, 3, 2).click()
    cell(page, 8, 2).click(modifiers=["Shift"])
    page.keyboard.press("Control+d")
    page.get_by_text("5 cells changed.").wait_for()
    assert customer(8).industry == "Shop" and customer(9).industry == "Trade 9"
    page.keyboard.press("Delete")
    page.get_by_text("6 cells changed.").wait_for()
    assert customer(8).industry == "" and customer(2).industry == "Shop"
    cell(page, 10, 2).click()
    cell(page, 40, 2).click(modifiers=["Shift"])
    page.keyboard.press("Control+v")
    page.get_by_role("heading", name="Paste 31 cells?").wait_for()
    page.get_by_role("button", name="Paste").click()
    page.get_by_text("31 cells changed.").wait_for()
    stands_at(page, 40, 2)
    assert customer(40).industry == "Shop"


def test_both_values_are_shown_when_somebody_else_was_faster(
    desktop: Any, opened: Callable[..., Any], committed_cast: Cast
) -> None:
    """Mine or theirs, chosen with the keyboard; nothing is lost before the choice."""
    page = opened(desktop)
    cell(page, 0, 2).click()
    page.keyboard.press("Enter")
    page.locator(".cell-form input:focus").wait_for()
    committed_cast.ctx("ben").as_system("test").write(customer(0), industry="Theirs")
    page.keyboard.type("Mine")
    page.keyboard.press("Enter")
    page.locator(".cell-both", has_text="Theirs").wait_for()
    assert customer(0).industry == "Theirs"
    page.keyboard.press("Enter")
    page.locator(".cell-both").wait_for(state="detached")
    all_saved(page)
    assert customer(0).industry == "Mine"
    committed_cast.system.write(customer(0), industry="Later")
    page.keyboard.press("Control+z")
    page.get_by_text("Industry was changed meanwhile").first.wait_for()
    assert customer(0).industry == "Later"


def test_widths_stay_and_a_paste_below_adds_rows(desktop: Any, opened: Callable[..., Any]) -> None:
    """Alt+Shift+arrow on a head; the width is there after a reload. A block in the new row adds records."""
    page = opened(desktop)
    cell(page, 0, 2).click()
    page.keyboard.press("ArrowUp")
    head = page.locator("th[data-key=industry]")
    before = head.bounding_box()["width"]
    page.keyboard.press("Alt+Shift+ArrowRight")
    assert head.bounding_box()["width"] == pytest.approx(before + 16, abs=1)
    page.reload()
    come_to_rest(page)
    assert head.bounding_box()["width"] == pytest.approx(before + 16, abs=1)
    put_on_clipboard(page, "Quagga Inn\tHotel\nQuokka Bar\tBar\n")
    page.locator(".newrow input").focus()
    page.keyboard.press("Control+v")
    page.get_by_text("2 rows added.").wait_for()
    page.locator("#rows tr[data-id]", has_text="Quokka Bar").wait_for()
    page.get_by_role("button", name="Undo").last.click()
    page.locator("#rows tr[data-id]", has_text="Quokka Bar").wait_for(state="detached")
    assert registry.get("customer").model.objects.filter(name="Quagga Inn", deleted_at=None).count() == 0


def test_all_that_match_are_changed_and_come_back(desktop: Any, opened: Callable[..., Any]) -> None:
    """Tick all shown, then all that match; set a field in two steps; one Undo for every row. No state offends axe."""
    page = opened(desktop)
    cell(page, 0, 2).click()
    page.keyboard.press("Enter")
    page.locator(".cell-form input:focus").wait_for()
    wrong = violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    page.locator("#peek h2").wait_for()
    wrong += violations(page)
    page.keyboard.press("Escape")
    page.locator("[data-tick-all]").click()
    page.get_by_role("button", name="Select all 120 that match").click()
    assert page.locator("[data-tick-count]").inner_text() == "120 selected"
    page.get_by_role("button", name="Set field").click()
    page.locator("#f-field").select_option("industry")
    page.locator("#f-in_industry").fill("Everything")
    wrong += violations(page)
    page.get_by_role("button", name="Set a field").click()
    page.get_by_text("120 rows changed.").wait_for()
    assert customer(119).industry == "Everything"
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("120 changes taken back.").wait_for()
    assert customer(119).industry == "Trade 119" and customer(0).industry == "Trade 0"
    assert not wrong, "\n".join(wrong)


def test_a_phone_ticks_rows_by_touch(phone: Any, opened: Callable[..., Any]) -> None:
    """Select shows the boxes; a touch ticks instead of opening; the bar works; nothing is wider than the screen."""
    page = opened(phone)
    assert page.locator("#grid").get_attribute("role") is None
    page.get_by_role("button", name="Select").tap()
    page.locator("#rows tr[data-id]").nth(0).tap()
    page.locator("#rows tr[data-id]").nth(2).tap()
    assert page.locator("[data-tick-count]").inner_text() == "2 selected"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390 and not violations(page)
    page.get_by_role("button", name="Delete").tap()
    page.get_by_text("2 deleted.").wait_for()
    page.get_by_role("button", name="Undo").tap()
    page.get_by_text("2 changes taken back.").wait_for()
