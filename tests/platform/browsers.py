"""A real Chromium for tests marked `browser`. Fixtures:

desktop, phone     a page 1440 or 390 pixels wide; after the test it must have had nothing to complain about
open_page          a function that makes further ones: open_page(width=1024, dark=True)
sign_in            a function that signs an account in without the sign-in page: sign_in(page, live, account)

A page complains when the console shows an error, a script fails, the content security policy was broken, or the server
answers 500 or more. A test that wants such a thing takes it out: `page.complaints.clear()`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.platform.programs import find_chromium
from tests.platform.settled import WATCH_REQUESTS, look_when_settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Response

DESKTOP, PHONE = (1440, 900), (390, 844)
# Reported as events, for a report-only policy or a blocked style shows up in no other way on some pages.
WATCH_POLICY = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`);
});
"""
#: Errors of the console that are none: answers of 4xx, and what htmx prints when a page is left before an answer came.
NO_FAULTS = ("Failed to load resource", "htmx:sendAbort", "htmx:afterRequest")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser process for all tests of this worker."""
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread, and Django would then refuse every query of the test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    path = find_chromium()
    assert path, "Chromium is missing: apt-get install chromium"
    look_when_settled()
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start as root; the pages are ours.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Make pages, each in a fresh profile; when the test is over, none may have complained."""
    opened: list[Page] = []

    def make(width: int = DESKTOP[0], height: int | None = None, *, dark: bool = False, **context: Any) -> Page:
        is_small = width < 768
        profile = chromium.new_context(
            viewport={"width": width, "height": height or (PHONE if is_small else DESKTOP)[1]},
            color_scheme="dark" if dark else "light",
            has_touch=is_small,
            is_mobile=is_small,
            reduced_motion="reduce",
            # A worker between page and server would answer for the server; the tests of it switch it on.
            **{"service_workers": "block", **context},
        )
        profile.add_init_script(WATCH_POLICY)
        profile.add_init_script(WATCH_REQUESTS)
        page = profile.new_page()
        page.set_default_timeout(30_000)
        page.complaints = []  # type: ignore[attr-defined]
        page.on("console", lambda message: _note_console(page, message))
        page.on("pageerror", lambda error: page.complaints.append(f"script error: {error}"))  # type: ignore[attr-defined]
        page.on("response", lambda response: _note_response(page, response))
        opened.append(page)
        return page

    yield make
    complaints = [complaint for page in opened for complaint in page.complaints]  # type: ignore[attr-defined]
    for page in opened:
        page.context.close()
    assert not complaints, "the browser complained: " + "; ".join(complaints)


@pytest.fixture
def desktop(open_page: Callable[..., Page]) -> Page:
    """A page 1440 pixels wide."""
    return open_page()


@pytest.fixture
def phone(open_page: Callable[..., Page]) -> Page:
    """A page 390 pixels wide, with touch."""
    return open_page(PHONE[0])


@pytest.fixture
def sign_in(db: None) -> Callable[..., None]:
    """Sign an account in by its session cookie: sign_in(page, live, account)."""
    from django.conf import settings
    from django.test import Client

    def give_cookie(page: Page, live: Any, account: Any, **session: Any) -> None:
        client = Client()
        client.force_login(account)
        if session:
            stored = client.session
            stored.update(session)
            stored.save()
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live.url}])

    return give_cookie


def assert_no_complaints(page: Page) -> None:
    """Fail now, not at the end of the test, when the page has complained."""
    assert not page.complaints, "; ".join(page.complaints)  # type: ignore[attr-defined]


def _note_console(page: Page, message: ConsoleMessage) -> None:
    # A 4xx answer is shown as a console error too, and many tests provoke one on purpose.
    if message.type == "error" and not message.text.startswith(NO_FAULTS):
        page.complaints.append(f"console: {message.text}")  # type: ignore[attr-defined]


def _note_response(page: Page, response: Response) -> None:
    if response.status >= 500:
        page.complaints.append(f"{response.status} from {response.url}")  # type: ignore[attr-defined]
