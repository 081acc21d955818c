"""A customer's whole visit with a browser: in by the link in the mail, a ticket with a suggestion, an answer, details, a
consent, out again; each page passes axe in both themes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rapport.kernel.access.models import Account
from rapport.kernel.actions.running import run_action
from rapport.kernel.jobs.models import Job
from rapport.modules.customers.models import Consent, Customer
from rapport.modules.service.models import Ticket, TicketEntry
from tests.browser.test_axe import _in_both_themes
from tests.cast import Cast
from tests.portal.desk import invite, mail_all, person, portal
from tests.publishing.desk import article

pytestmark = pytest.mark.browser
#: Where pictures of the pages go, for who wants to look: RAPPORT_LOOK=/tmp/folder.
LOOK = os.environ.get("RAPPORT_LOOK", "")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_customers_whole_visit(width: int, committed_cast: Cast, live: Any, open_page: Callable[..., Any]) -> None:
    """From the entrance to signing out, by clicks and keys, on a desk and on a phone; nothing wider than the screen."""
    from playwright.sync_api import expect

    ctx = committed_cast.ctx("ana")
    portal(committed_cast.home, welcome="Everything about your lamps")
    article(ctx, "Why lamps flicker", publish="portal", body="# Why\n\nA loose bulb.", summary="It is mostly the bulb.")
    maya = person(ctx, phones=["+353 1 555 0142"])
    run_action(ctx, maya, "invite_to_portal", {})
    Job.objects.filter(task="web.portal_invitation").delete()
    page, wrong = open_page(width), []

    def looked_at(name: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is wider than the screen"
        wrong.extend(_in_both_themes(page, name))
        if LOOK:
            for theme in ("dark", "light"):
                page.emulate_media(color_scheme=theme)
                page.screenshot(path=Path(LOOK) / f"{name}-{width}-{theme}.png", full_page=True)

    page.goto(f"{live.url}/portal/fernhill/")
    looked_at("enter")
    page.get_by_label("Your e-mail address").fill("maya@example.org")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Look into your mailbox")
    looked_at("sent")
    [link] = mail_all()
    page.goto(live.url + link)
    looked_at("link")
    page.get_by_role("button", name="Enter").click()
    expect(page.locator("h1")).to_have_text("Hello Maya")
    looked_at("start")
    page.get_by_role("main").get_by_role("link", name="My tickets").click()
    page.get_by_role("link", name="New ticket").click()
    page.get_by_label("What is it about?").press_sequentially("My lamp flickers")
    expect(page.locator("#fitting a")).to_have_text("Why lamps flickerIt is mostly the bulb.")
    page.get_by_label("Tell us more").fill("Since Monday, every evening.")
    looked_at("new")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Your ticket is there")).to_be_visible()
    ticket = Ticket.objects.get()
    run_action(ctx, ticket, "reply", {"body": "Is the bulb loose?"})
    page.reload()
    expect(page.locator(".is-ours")).to_contain_text("Is the bulb loose?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#e-body")).to_have_text("Write your answer first.")
    page.get_by_label("Your answer").fill("It was. Thank you!")
    looked_at("ticket")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your answer is there.")).to_be_visible()
    page.get_by_role("button", name="It is done, close the ticket").click()
    expect(page.locator(".po-facts")).to_contain_text("Closed")
    nav = page.get_by_role("navigation")
    nav.get_by_role("link", name="My tickets").click()
    looked_at("tickets")
    nav.get_by_role("link", name="My details").click()
    page.get_by_label("City").fill("Galway")
    looked_at("details")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your details are saved.")).to_be_visible()
    nav.get_by_role("link", name="My preferences").click()
    page.get_by_label("What it is about").fill("Delivery")
    page.get_by_label("Your wish").fill("Before noon")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".po-line")).to_contain_text("Before noon")
    looked_at("preferences")
    nav.get_by_role("link", name="What I agree to").click()
    page.get_by_role("button", name="Agree: Newsletter").click()
    expect(page.get_by_role("button", name="Withdraw: Newsletter")).to_be_visible()
    looked_at("consents")
    nav.get_by_role("link", name="Articles").click()
    looked_at("articles")
    page.get_by_role("link", name="Why lamps flicker").click()
    looked_at("article")
    nav.get_by_role("link", name="My access").click()
    looked_at("account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.locator("h1")).to_have_text("Everything about your lamps")
    page.goto(f"{live.url}/portal/fernhill/tickets/")
    assert page.url.endswith("/portal/fernhill/enter")
    assert TicketEntry.objects.get(kind="answer").body == "It was. Thank you!"
    assert Customer.objects.get(pk=maya.pk).addresses[0]["city"] == "Galway"
    assert Consent.objects.get().answer == "given"
    assert not wrong, "\n".join(wrong)


def test_the_teams_pages_of_the_portal(
    committed_cast: Cast, live: Any, open_page: Callable[..., Any], sign_in: Callable[..., None]
) -> None:
    """Settings, a person's page with their access, and the dialog that invites pass axe."""
    ctx = committed_cast.ctx("ana")
    portal(committed_cast.home)
    maya = person(ctx)
    run_action(ctx, maya, "invite_to_portal", {})
    page = open_page(1440)
    sign_in(page, live, Account.objects.get(pk=committed_cast.ana.account_id))
    wrong = []
    for name, address in (
        ("settings", "/settings/portal"),
        ("person", f"/customer/{maya.pk}"),
        ("invite", f"/customer/{maya.pk}/do/invite_to_portal"),
    ):
        page.goto(live.url + address)
        wrong += _in_both_themes(page, address)
        if LOOK:
            page.screenshot(path=Path(LOOK) / f"team-{name}.png", full_page=True)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_partner_registers_a_deal(width: int, committed_cast: Cast, live: Any, open_page: Callable[..., Any]) -> None:
    """By clicks, on a desk and on a phone; each page passes axe in both themes."""
    from playwright.sync_api import expect

    ctx = committed_cast.ctx("ana")
    portal(committed_cast.home)
    firm = ctx.create("customer", kind="company", name="Roastwerk", roles=["partner"])
    ctx.create("customer", kind="company", name="Café Zürich", partner=firm.pk)
    rosa = person(ctx, "Rosa Roth", "rosa@example.org")
    ctx.create("affiliation", person=rosa.pk, company=firm.pk, job_title="Sales")
    page, wrong = open_page(width), []
    page.goto(live.url + invite(ctx, rosa, is_partner=True))
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("navigation").get_by_role("link", name="Partner", exact=True).click()

    def looked_at(name: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is wider than the screen"
        wrong.extend(_in_both_themes(page, name))
        if LOOK:
            page.screenshot(path=Path(LOOK) / f"{name}-{width}.png", full_page=True)

    page.get_by_role("link", name="Register a deal").click()
    page.get_by_label("Company").fill("Deli Dara")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#e-name")).to_have_text("This is needed.")
    looked_at("register")
    page.get_by_label("Whom to talk to").fill("Dara Whelan")
    page.get_by_label("Phone").fill("+353 1 555 0142")
    page.get_by_label("What they want").fill("Two machines")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("The deal is registered.")).to_be_visible()
    looked_at("lead")
    page.get_by_role("main").get_by_role("link", name="Partner", exact=True).click()
    expect(page.get_by_role("link", name="Deli Dara")).to_be_visible()
    looked_at("partner")
    assert not wrong, "\n".join(wrong)
