"""The browser fixtures see the pages, and notice what a person would complain about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_page_opens_at_both_widths(live: Any, desktop: Any, phone: Any) -> None:
    for page, width in ((desktop, 1440), (phone, 390)):
        answer = page.goto(f"{live.url}/livez")
        assert answer.status == 200
        assert page.evaluate("screen.width") == width


def test_a_real_page_loads_its_styles_under_its_own_policy(live: Any, desktop: Any, phone: Any) -> None:
    for page in (desktop, phone):
        answer = page.goto(f"{live.url}/sign-in/")
        assert "script-src 'self' 'nonce-" in answer.headers["content-security-policy"]
        assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_script_error_is_a_complaint(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.set_content("<script>throw new Error('broken island')</script>")
    assert any("broken island" in complaint for complaint in page.complaints)
    page.complaints.clear()


def test_a_broken_security_policy_is_a_complaint(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.set_content(
        "<meta http-equiv='Content-Security-Policy' content=\"script-src 'none'\"><script>document.title = 'x'</script>"
    )
    assert page.complaints
    page.complaints.clear()
