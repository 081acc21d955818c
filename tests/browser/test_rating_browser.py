"""A rating by a link in a mail, on a telephone; and what the agent sees of it then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from rapport.kernel.access.current import use_workspace
from rapport.modules.activities.models import Task
from rapport.modules.satisfaction.models import SurveyAnswer
from rapport.surfaces.web.rating.mailing import ask_workspace
from tests.cast import Cast
from tests.satisfaction.test_asking import a_person, a_survey, links, solved

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_low_rating_by_mail_reaches_the_agent(
    committed_cast: Cast, live: Any, phone: Page, desktop: Page, sign_in: Callable[..., None]
) -> None:
    from playwright.sync_api import expect

    with use_workspace(committed_cast.home):
        a_survey(committed_cast)
        person = a_person(committed_cast)
        ticket = solved(committed_cast, person)
        assert ask_workspace(committed_cast.home) == 1
    link = links(mail.outbox[-1])["2"]

    # One tap in the mail, one press on the page; then room for a reason.
    phone.goto(live.url + link)
    expect(phone.get_by_role("radio", name="2")).to_be_checked()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    with use_workspace(committed_cast.home):
        assert SurveyAnswer.objects.get().score is None, "looking counts nothing"
    phone.get_by_role("button", name="Send this answer").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    phone.get_by_label("What is the reason for it?").fill("Nobody called back")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    expect(phone.get_by_label("What is the reason for it?")).to_have_value("Nobody called back")
    assert phone.context.cookies() == []
    with use_workspace(committed_cast.home):
        assert SurveyAnswer.objects.get().comment == "Nobody called back" and Task.objects.count() == 1

    # The agent: on the ticket before calling, in the customer's story, among their ratings, and as a task.
    sign_in(desktop, live, committed_cast.ana.account)
    desktop.goto(f"{live.url}/ticket/{ticket.pk}")
    expect(desktop.locator(".who-l")).to_contain_text("CSAT 2 of 5")
    desktop.goto(f"{live.url}/customer/{person.pk}")
    expect(desktop.locator(".courses")).to_contain_text("CSAT 2 of 5")
    expect(desktop.locator("#story, .story, main").first).to_contain_text("Nobody called back")
    desktop.goto(f"{live.url}/task/?filter=")
    expect(desktop.locator("table.list")).to_contain_text("Call Maya Jensen: rated 2 of 5")
    desktop.goto(f"{live.url}/satisfaction")
    expect(desktop.locator(".sat-t")).to_contain_text("Ben Moore")
    desktop.locator(".sat-t tr", has_text="Ben Moore").get_by_role("link", name="1").first.click()
    expect(desktop.locator("table.list")).to_contain_text("2/5 · After a ticket")
