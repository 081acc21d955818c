"""The permission table and the sharing dialog in a real browser, on a desk and on a phone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rapport.kernel.access.models import Account, Role
from rapport.kernel.access.sharing_models import Grant
from rapport.kernel.context import system_context
from tests.cast import Cast
from tests.factory import make

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _shot(page: Page, name: str) -> None:
    """A picture for whoever looks, when RAPPORT_SHOTS names a folder."""
    if folder := os.environ.get("RAPPORT_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def _in(page: Page, live: object, cast: Cast, sign_in: Callable[..., None]) -> None:
    sign_in(page, live, Account.objects.get(pk=cast.ana.account_id))


def test_a_role_is_changed_in_the_table(desktop: Page, live: object, committed_cast: Cast, sign_in: Callable[..., None]) -> None:
    """The changed choice stands out, the bar counts it, and saving makes it hold."""
    page, sales = desktop, Role.objects.get(key="sales")
    _in(page, live, committed_cast, sign_in)
    page.goto(f"{live.url}/settings/roles")
    page.wait_for_url(f"**/settings/roles/{sales.pk}")
    assert not page.locator("[data-savebar]").is_visible()
    page.select_option("select[name='r:deal:view']", "all")
    page.select_option("select[name='r:deal:delete']", "none")
    assert page.locator("[data-savebar]").is_visible() and "2 changes" in page.locator("[data-savebar]").inner_text()
    _shot(page, "roles")
    page.click("text=Save changes")
    page.wait_for_selector("text=It holds from the next click")
    sales.refresh_from_db()
    assert sales.rights["deal"]["view"] == "all" and "delete" not in sales.rights["deal"]
    assert sales.rights["customer"]["view"] == "team"
    page.locator("tr:has-text('Deals') summary").first.click()
    _shot(page, "roles-more")
    page.click("text=See as Sales")
    page.wait_for_selector("text=Nothing can be changed")
    _shot(page, "preview")
    page.click("text=End preview")
    page.wait_for_url("**/settings/roles/*")


def test_a_record_is_shared_from_its_menu(desktop: Page, live: object, committed_cast: Cast, sign_in: Callable[..., None]) -> None:
    """Who can see it is told with reasons; a person is chosen, shared with and taken off again."""
    cast, page = committed_cast, desktop
    record = make(system_context(cast.home, "test"), "customer", name="Harbour Hotel", owner=cast.ben.pk)
    _in(page, live, cast, sign_in)
    page.goto(f"{live.url}/customer/{record.pk}")
    page.locator("summary[aria-label='More actions']").first.click()
    page.click("text=Who can see it")
    page.wait_for_selector("dialog >> text=They own it.")
    _shot(page, "access")
    page.fill("dialog #f-user", "Cem")
    page.click("[role=option]:has-text('Cem Aydin')")
    page.select_option("dialog #f-level", "edit")
    page.click("dialog >> button:has-text('Share')")
    page.wait_for_selector("dialog >> text=It was shared with them.")
    _shot(page, "access-shared")
    assert Grant.objects.filter(record_id=record.pk, level=2).count() == 1
    page.click("dialog >> button[aria-label='Stop sharing with Cem Aydin']")
    page.wait_for_selector("dialog >> text=It was shared with them.", state="detached")
    assert not Grant.objects.filter(record_id=record.pk).exists()


def test_the_table_is_usable_on_a_phone_and_in_the_dark(
    open_page: Callable[..., Page], live: object, committed_cast: Cast, sign_in: Callable[..., None]
) -> None:
    """Each type becomes a card, nothing is wider than the screen."""
    for dark, width in ((False, 390), (True, 1440)):
        page = open_page(width, dark=dark)
        _in(page, live, committed_cast, sign_in)
        page.goto(f"{live.url}/settings/roles/{Role.objects.get(key='sales').pk}")
        page.select_option("select[name='r:customer:edit']", "all")
        _shot(page, f"roles-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.goto(f"{live.url}/user/{committed_cast.ben.pk}/sees")
        _shot(page, f"sees-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
