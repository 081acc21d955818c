"""A visitor's whole visit with a mouse and keys: suggested, read, voted; and a form filled in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.core import signing

from rapport.engines.publishing.models import Tally
from rapport.engines.webforms.models import PublicForm, Submission
from tests.cast import Cast
from tests.publishing.desk import article, help_centre

pytestmark = pytest.mark.browser


def test_a_visitor_finds_an_article_votes_and_asks(committed_cast: Cast, live: Any, open_page: Callable[..., Any]) -> None:
    """Typing suggests, arrows and Enter open, a vote is thanked for, and what was not solved leads to the form."""
    from playwright.sync_api import expect

    ctx = committed_cast.ctx("ana")
    one = article(ctx, "Oil the chain", body="# Why\n\nIt squeaks.", summary="Every month.")
    form = ctx.create("web_form", name="Ask us", asks="name*\nemails*\nnote", is_open=True, is_confirmed_by_mail=False)
    key = PublicForm.objects.get(workspace_id=committed_cast.home.pk, record_id=form.pk).key
    help_centre(committed_cast.home, contact=f"{live.url}/form/{key}")
    page = open_page(390)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{live.url}/help/fernhill/en/")
    page.locator("#q").press_sequentially("oil ch")
    expect(page.locator("#hits a")).to_have_text("Oil the chainEvery month.")
    page.locator("#q").press("ArrowDown")
    expect(page.locator("#hits a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("article h2")).to_have_text("Why")
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.locator("#helpful-h")).to_have_text("Thank you. Did this solve it?")
    page.get_by_role("button", name="No, I still need help").click()
    expect(page.locator("h1")).to_have_text("Ask us")
    page.get_by_label("Name").fill("Maya Jensen")
    page.get_by_label("E-mail").fill("maya@example.org")
    page.get_by_role("button", name="Send").click()
    # A browser is as quick as a program: the page comes back filled in; pressed later, it goes through.
    expect(page.get_by_text("Check what you typed")).to_be_visible()
    with patch("time.time", return_value=time.time() - 60):
        older = signing.dumps(key, salt="rapport.web_form")
    page.evaluate("(token) => { document.querySelector('[name=token]').value = token }", older)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("h1")).to_have_text("Thank you")
    assert Tally.objects.get(workspace_id=committed_cast.home.pk, record_id=one.pk).did_not == 1
    assert Submission.objects.filter(workspace_id=committed_cast.home.pk).count() == 1
    assert not wrong
