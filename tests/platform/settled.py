"""Browser tests look at a page only when it is at rest: no answer is awaited and no part is being swapped in.

Without this a test reads what stands there for some milliseconds between a click and its answer, which on a slow
machine is what it mostly finds. A page that never comes to rest (a test that holds an answer back) is looked at anyway
after five seconds.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

#: Counts the answers the page waits for. An answer read by `fetch` is worked on a moment after it came.
WATCH_REQUESTS = """
window.__awaited = 0;
{
  const send = XMLHttpRequest.prototype.send, get = window.fetch;
  XMLHttpRequest.prototype.send = function (...given) {
    window.__awaited++;
    this.addEventListener('loadend', () => { window.__awaited--; });
    return send.apply(this, given);
  };
  window.fetch = function (...given) {
    window.__awaited++;
    const over = () => setTimeout(() => { window.__awaited--; }, 30);
    const answer = get.apply(this, given);
    answer.then(over, over);
    return answer;
  };
}
"""
_AT_REST = """() => document.readyState !== 'loading' && !window.__awaited
  && !document.querySelector('.htmx-swapping, .htmx-settling, .htmx-added')"""
_LONGEST_WAIT = 5_000  # milliseconds
#: What a test does to a page or reads from it after something else has moved it.
_CALLS = ("wait_for", "count", "inner_text", "text_content", "input_value", "get_attribute", "is_visible", "is_checked",
          "all_inner_texts", "all_text_contents", "click", "tap", "press", "fill", "select_option")  # fmt: skip


def settle(page: Page) -> None:
    """Wait until the page is at rest."""
    from playwright.sync_api import Error

    try:
        page.wait_for_function(_AT_REST, timeout=_LONGEST_WAIT)
    except Error:
        # It is on its way elsewhere, was closed, or waits for what the test holds back: the call that follows says so.
        return


def come_to_rest(page: Page) -> None:
    """Wait until the page, just opened, has loaded what it asks for by itself and shows it: for looking at all of it."""
    # The calendar's script comes by itself, after the page.
    page.wait_for_load_state("networkidle" if "/calendar" in page.url else "load")
    settle(page)
    # What asks as soon as it is seen does so between two pictures.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")
    settle(page)


def look_when_settled() -> None:
    """Let every locator wait for the page to be at rest first; for the whole process, called once."""
    from playwright.sync_api import Locator

    for name in _CALLS:
        setattr(Locator, name, _patient(getattr(Locator, name)))


def _patient(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapped(self: Locator, *args: Any, **named: Any) -> Any:
        settle(self.page)
        return call(self, *args, **named)

    return wrapped
