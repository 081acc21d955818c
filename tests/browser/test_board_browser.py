"""The board under a person's hands: mouse, keys, menu, refusals, phones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def board(cast: Cast, live: Any, sign_in: Callable[..., None]) -> Callable[[Page], dict[str, Any]]:
    """A board with one deal in the first stage, opened as Ana: the deal and the stages by outcome and order."""

    def go(page: Page) -> dict[str, Any]:
        with use_workspace(cast.home):
            deal = cast.ctx("ana").create("deal", name="Lobby bar", stage=first_stage_id(), amount="8900")
            stages = list(registry.get("stage").model.objects.order_by("position"))
        sign_in(page, live, Account.objects.get(pk=cast.ana.account_id))
        page.goto(live.url + "/deal/board")
        page.locator(f"#card-{deal.pk}").wait_for()
        return {
            "deal": deal,
            "stages": stages,
            "lost": next(s for s in stages if s.outcome == "lost"),
            "won": next(s for s in stages if s.outcome == "won"),
        }

    return go


def _stage_of(cast: Cast, deal: Any) -> Any:
    with use_workspace(cast.home):
        deal.refresh_from_db()
        return deal.stage_id


def _drag(page: Page, card: str, column: str) -> None:
    start, end = page.locator(card).bounding_box(), page.locator(f"{column} [data-cards]").bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 40, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 30, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 20, steps=12)
    page.mouse.up()


def test_card_is_dragged(desktop: Page, cast: Cast, board: Callable[..., Any]) -> None:
    made = board(desktop)
    second = made["stages"][1]
    _drag(desktop, f"#card-{made['deal'].pk}", f"#col-{second.pk}")
    desktop.locator("#toasts").get_by_text(f"Moved to {second.name}").wait_for()
    assert _stage_of(cast, made["deal"]) == second.pk
    assert desktop.locator(f"#col-{second.pk} [data-count]").inner_text() == "1"


def test_keys_move_and_undo_takes_back(desktop: Page, cast: Cast, board: Callable[..., Any]) -> None:
    made = board(desktop)
    desktop.locator(f"#card-{made['deal'].pk}").focus()
    desktop.keyboard.press("]")
    desktop.locator("#toasts").get_by_text("Moved to").wait_for()
    assert _stage_of(cast, made["deal"]) == made["stages"][1].pk
    desktop.locator("#toasts").get_by_role("button", name="Undo").click()
    desktop.locator(f"#col-{made['stages'][0].pk} #card-{made['deal'].pk}").wait_for()
    assert _stage_of(cast, made["deal"]) == made["stages"][0].pk


def test_menu_moves_to_any_stage(desktop: Page, cast: Cast, board: Callable[..., Any]) -> None:
    made = board(desktop)
    desktop.locator(f"#card-{made['deal'].pk}").focus()
    desktop.keyboard.press("m")
    desktop.get_by_role("menuitem", name=made["stages"][2].name).click()
    desktop.locator("#toasts").get_by_text("Moved to").wait_for()
    assert _stage_of(cast, made["deal"]) == made["stages"][2].pk


def test_lost_goes_back_and_asks_why(desktop: Page, cast: Cast, board: Callable[..., Any]) -> None:
    made = board(desktop)
    _drag(desktop, f"#card-{made['deal'].pk}", f"#col-{made['lost'].pk}")
    dialog = desktop.locator("#dialog")
    dialog.locator("#f-reason").fill("Price")
    dialog.locator("#f-reason").press("Control+Enter")
    desktop.locator(f"#col-{made['lost'].pk} [data-count]", has_text="1").wait_for()
    assert _stage_of(cast, made["deal"]) == made["lost"].pk


def test_won_is_told_with_undo(desktop: Page, cast: Cast, board: Callable[..., Any]) -> None:
    made = board(desktop)
    _drag(desktop, f"#card-{made['deal'].pk}", f"#col-{made['won'].pk}")
    desktop.locator("#toasts").get_by_text("Won: Lobby bar").wait_for()
    assert desktop.locator("#toasts").get_by_role("button", name="Undo").is_visible()


def test_what_a_stage_needs_is_asked_on_the_way(desktop: Page, cast: Cast, board: Callable[..., Any]) -> None:
    """The card goes back, a dialog asks for the day of closing, and with it the card moves."""
    made = board(desktop)
    with use_workspace(cast.home):
        cast.ctx("ana").write(made["stages"][1], needed="close_on")
    desktop.locator(f"#card-{made['deal'].pk}").focus()
    desktop.keyboard.press("]")
    field = desktop.locator("#dialog #f-set_close_on__text, #dialog #f-set_close_on").first
    field.wait_for()
    assert desktop.locator(f"#col-{made['stages'][0].pk} #card-{made['deal'].pk}").count() == 1
    field.fill("2027-03-01")
    desktop.get_by_role("button", name="Save and move").click()
    desktop.locator(f"#col-{made['stages'][1].pk} #card-{made['deal'].pk}").wait_for()
    assert _stage_of(cast, made["deal"]) == made["stages"][1].pk


def test_lanes_and_five_thousand_deals_stay_quick(desktop: Page, cast: Cast, board: Callable[..., Any]) -> None:
    """5,000 open deals in one pipeline: twelve cards a column, more on scroll, a drag without delay; lanes move by keys."""
    made = board(desktop)
    with use_workspace(cast.home):
        stages = [s.pk for s in registry.get("stage").model.objects.order_by("position") if s.outcome == "open"]
        rows = [{"name": f"Deal {n:04}", "stage": stages[n % len(stages)], "amount": "10", "owner": (cast.ana, cast.ben)[n % 2].pk}
                for n in range(5_000)]  # fmt: skip
        assert not cast.ctx("ana").create_many("deal", rows).errors
    desktop.reload()
    second = made["stages"][1]
    took = desktop.evaluate("performance.getEntriesByType('navigation')[0].responseEnd")
    head = desktop.locator(f"#col-{second.pk} [data-count]")
    assert head.inner_text() == "1,250" and desktop.locator(f"#col-{second.pk} .dc").count() == 12
    desktop.evaluate(
        """() => { window.frames_ = []; let last = performance.now();
        const step = (now) => { window.frames_.push(now - last); last = now; window.raf_ = requestAnimationFrame(step); };
        requestAnimationFrame(step); }"""
    )
    card = desktop.locator(f"#col-{made['stages'][0].pk} .dc").first.get_attribute("id")
    _drag(desktop, f"#{card}", f"#col-{second.pk}")
    desktop.locator("#toasts").get_by_text("Moved to").wait_for()
    frames = sorted(desktop.evaluate("() => { cancelAnimationFrame(window.raf_); return window.frames_; }"))
    print(f"board of 5,000: page {took:.0f} ms, frame of a drag median {frames[len(frames) // 2]:.0f} ms, worst {frames[-1]:.0f} ms")
    desktop.wait_for_function(f"() => document.querySelector('#col-{second.pk} [data-count]').textContent === '1,251'")
    desktop.locator(f"#col-{second.pk} [data-cards]").evaluate("element => element.scrollTo(0, element.scrollHeight)")
    desktop.wait_for_function(f"() => document.querySelectorAll('#col-{second.pk} .dc').length > 60")
    desktop.get_by_role("button", name="Lanes by owner").click()
    first = desktop.locator("[data-lane] .dc").first
    first.wait_for()
    ident = first.get_attribute("id")
    lane = desktop.locator(f"[data-lane]:has(#{ident})").get_attribute("data-lane")
    first.focus()
    desktop.keyboard.press("]")
    desktop.locator("#toasts").get_by_text("Moved to").last.wait_for()
    desktop.wait_for_function(f"() => document.activeElement?.closest('[data-lane]')?.dataset.lane === '{lane}'")


def test_phone_shows_one_column_with_tabs(phone: Page, cast: Cast, board: Callable[..., Any]) -> None:
    made = board(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    third = made["stages"][2]
    phone.locator(f"[data-stage-tab='{third.pk}']").tap()
    phone.wait_for_function(f"() => Math.abs(document.getElementById('col-{third.pk}').getBoundingClientRect().left) < 4")
    phone.locator(f"[data-stage-tab='{made['stages'][0].pk}']").tap()
    phone.locator(f"#card-{made['deal'].pk} [data-card-menu]").tap()
    phone.get_by_role("menuitem", name=made["stages"][1].name).tap()
    phone.locator("#toasts").get_by_text("Moved to").wait_for()
    assert _stage_of(cast, made["deal"]) == made["stages"][1].pk
