"""Pages read in the user's language, and hold when a language is written from right to left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, User
from tests.cast import Cast, first_stage_id
from tests.factory import make
from tests.platform.settled import come_to_rest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ("/", "/customer/", "/deal/board", "/calendar", "/settings/", "/quick-add", "/customer/new", "/notices")


@pytest.fixture
def record(committed_cast: Cast) -> str:
    """A company with a deal and a task; its address."""
    with use_workspace(committed_cast.home):
        ctx = committed_cast.ctx("ana")
        hotel = make(ctx, "customer", name="Hotel Aldersley", kind="company", owner=committed_cast.ana.pk)
        make(ctx, "deal", name="Espresso bars", stage=first_stage_id(), customer=hotel.pk)
        make(ctx, "task", subject="Ring Grace", customer=hotel.pk, due_on=ctx.format.today)
    return f"/customer/{hotel.pk}"


@pytest.mark.parametrize("width", [1440, 390])
def test_turned_round_nothing_runs_out_of_the_window(
    width: int, record: str, committed_cast: Cast, live: Any, open_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    page = open_page(width)
    page.add_init_script(
        "new MutationObserver(() => document.documentElement && (document.documentElement.dir = 'rtl'))"
        ".observe(document, {childList: true})"
    )
    sign_in(page, live, Account.objects.get(pk=committed_cast.ana.account_id))
    for path in (*PAGES, record):
        page.goto(live.url + path)
        come_to_rest(page)
        assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        if width == 1440:
            box = page.locator("nav.nav").bounding_box()
            assert box is not None and box["x"] > 1000, f"{path}: the navigation stands where lines begin"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("Heute", "Kunden", "Aufschreiben")),
        ("fr", ("Aujourd’hui", "Clients", "Noter")),
        ("es", ("Hoy", "Clientes", "Anotar")),
    ],
)
def test_pages_speak_the_persons_language_and_keep_their_shape(
    language: str, words: tuple[str, ...], record: str, committed_cast: Cast, live: Any, open_page: Callable[..., Page],
    sign_in: Callable[..., None],
) -> None:  # fmt: skip
    with use_workspace(committed_cast.home):
        ctx = committed_cast.ctx("ana")
        ctx.as_system("preferences").write(User.objects.get(pk=committed_cast.ana.pk), language=language)
    for width in (1440, 390):
        page = open_page(width)
        sign_in(page, live, Account.objects.get(pk=committed_cast.ana.account_id))
        seen = ""
        for path in ("/", "/customer/", "/deal/board", "/calendar", "/quick-add", record):
            page.goto(live.url + path)
            come_to_rest(page)
            seen += page.locator("body").inner_text()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} at {width}"
            assert page.locator("html").get_attribute("lang") == language
        for word in words:
            assert word in seen, f"{word} at {width}"
