"""The card of a call: it comes by itself, opens the caller, and goes when it is closed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rapport.engines.telephony.hearing import Heard, hear
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account
from tests.cast import Cast

pytestmark = pytest.mark.browser


def test_a_ringing_telephone_shows_a_card_that_opens_the_caller(
    desktop: Page, cast: Cast, live: Any, sign_in: Callable[..., None]
) -> None:
    """Without loading the page again; a screen reader is told, and the card can be closed by keyboard."""
    page = desktop
    with use_workspace(cast.home):
        cast.system.create("phone_line", number="201", user=cast.ana.pk)
        maya = cast.system.create("customer", kind="person", name="Maya Lindqvist", phones="+353 1 555 0142", owner=cast.ana.pk)
    sign_in(page, live, Account.objects.get(pk=cast.ana.account_id))
    page.goto(f"{live.url}/settings/telephone")
    page.get_by_role("button", name="Show calls here").click()
    expect(page.locator("#ringing")).to_be_attached()
    with use_workspace(cast.home):
        hear(cast.ctx("ana"), Heard("one", "ringing", "in", "+35315550142", "201", timezone.now()))
    card = page.locator("#ringing .call-card")
    card.wait_for()
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/call-1440.png")
        page.set_viewport_size({"width": 390, "height": 844})
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=f"{folder}/call-390-dark.png")
        page.set_viewport_size({"width": 1440, "height": 900})
    card.get_by_role("link", name="Open").click()
    page.wait_for_url(f"**/customer/{maya.pk}")
    page.locator("#ringing .call-card").wait_for()
    page.locator("#ringing").get_by_role("button", name="Close message").press("Enter")
    expect(page.locator("#ringing .call-card")).to_have_count(0)
    page.reload()
    with page.expect_response("**/calls/ringing") as asked:
        pass
    assert asked.value.status == 204
