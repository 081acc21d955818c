"""An agent's whole ticket: found in the queue by keyboard, answered with a saved reply, noted, solved; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.kernel.access.current import use_workspace
from rapport.kernel.records.registry import registry
from tests.cast import Cast

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_agents_whole_ticket(committed_cast: Cast, live: Any, desktop: Page, sign_in: Callable[..., None]) -> None:
    from playwright.sync_api import expect

    with use_workspace(committed_cast.home):
        ctx = committed_cast.ctx("ana")
        queue = registry.get("queue").model.objects.get()
        customer = ctx.create("customer", name="Hotel Aldersley", kind="company")
        first, second = (
            ctx.create("ticket", subject=name, body=f"{name}, please help", owner=committed_cast.ana.pk, customer=customer.pk,
                       queue=queue.pk, priority=priority)
            for name, priority in (("Grinder is dead", "urgent"), ("Milk steamer drips", "low"))
        )  # fmt: skip
        ctx.create("saved_reply", name="On our way", body="Dear {{customer.name}}, we are on our way.", then="stay")
    sign_in(desktop, live, committed_cast.ana.account)
    desktop.goto(f"{live.url}/ticket/{first.pk}")

    # The queue by keyboard: the next ticket and back, each with its page.
    expect(desktop.locator(".qi.is-here")).to_contain_text("Grinder is dead")
    desktop.keyboard.press("j")
    expect(desktop.locator(".qi a", has_text="Milk steamer drips")).to_be_focused()
    desktop.keyboard.press("ArrowUp")
    expect(desktop.locator(".qi a", has_text="Grinder is dead")).to_be_focused()

    # What is being typed survives a reload; a saved reply comes to it, filled in, with what it sets.
    box = desktop.locator("#pane-reply textarea")
    box.fill("Half a thought")
    expect(desktop.locator("#pane-reply [data-draft-note]")).to_be_visible()
    desktop.reload()
    expect(box).to_have_value("Half a thought")
    desktop.locator("#pane-reply summary[aria-label='Saved replies']").click()
    desktop.get_by_role("button", name="On our way").click()
    expect(box).to_have_value("Half a thought\n\nDear Hotel Aldersley, we are on our way.")
    expect(desktop.locator("[data-main-label]")).to_have_text("Reply, go on working")
    box.press("Control+Enter")
    expect(desktop.locator("#t-talk .msg.me")).to_contain_text("we are on our way")
    expect(box).to_have_value("")
    expect(desktop.locator("#t-head summary", has_text="In work")).to_be_visible()
    expect(desktop.locator("#t-clock")).to_contain_text("Solution due")

    # A note stays inside; then it is solved, and the clock says how the promise was kept.
    desktop.get_by_role("tab", name="Internal note").click()
    desktop.locator("#pane-note textarea").fill("Relay kit is in the van")
    desktop.locator("#pane-note textarea").press("Control+Enter")
    expect(desktop.locator("#t-talk .msg.int")).to_contain_text("Relay kit is in the van")
    desktop.locator("#t-head a.btn", has_text="Solve").click()
    desktop.locator("#dialog-body textarea").fill("New relay")
    desktop.locator("#dialog-body button[type=submit].pri").click()
    expect(desktop.locator("#t-head summary", has_text="Solved")).to_be_visible()
    expect(desktop.locator("#t-clock")).to_contain_text("Kept")
    with use_workspace(committed_cast.home):
        stored = registry.get("ticket").model.objects.get(pk=first.pk)
        assert (stored.state, stored.answer, second.state) == ("solved", "New relay", "new")
