"""Partners: their customers, their leads, registering a deal, tickets on behalf; and nothing of another partner's."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from rapport.engines.notices.models import Notice
from rapport.kernel.actions.running import run_action
from rapport.kernel.records.model import Record
from rapport.modules.customers.models import Customer
from rapport.modules.sales.models import Lead
from rapport.modules.service.models import Ticket
from tests.access.masks import masked
from tests.cast import Cast
from tests.portal.desk import guest, person, portal, text_of

AT = "/portal/fernhill/"
DEAL = {"company": "Café Zürich", "name": "Dara Whelan", "emails": "dara@example.net", "interest": "Two machines", "note": "Soon"}


@pytest.fixture(autouse=True)
def site(cast: Cast) -> object:
    return portal(cast.home)


def partner(cast: Cast, name: str, email: str, **given: object) -> tuple[Record, Client]:
    """A partner company with a person in the portal."""
    ctx = cast.ctx("ana")
    firm = ctx.create("customer", kind="company", name=name, roles=["partner"], owner=cast.ben.pk)
    who = person(ctx, f"{name} person", email)
    ctx.create("affiliation", person=who.pk, company=firm.pk, job_title="Sales")
    return firm, guest(ctx, who, **{"is_partner": True, **given})


def test_a_partner_registers_a_deal_and_follows_it(cast: Cast) -> None:
    firm, client = partner(cast, "Roastwerk", "rosa@example.org")
    answer = client.post(f"{AT}partner/do/register", DEAL)
    lead = Lead.objects.get()
    assert answer.headers["Location"] == f"{AT}partner/{lead.pk}?done=register"
    assert (lead.source, lead.partner_id, lead.owner_id, lead.state, lead.company) == (
        "partner",
        firm.pk,
        cast.ben.pk,
        "new",
        "Café Zürich",
    )
    client.post(f"{AT}partner/do/register", DEAL)
    assert Lead.objects.count() == 1, "pressed twice is one lead"
    page = text_of(client, f"{AT}partner/{lead.pk}")
    assert "Dara Whelan" in page and "dara@example.net" in page and "Two machines" in page and "Soon" not in page
    run_action(cast.ctx("ana"), lead, "convert", {})
    assert Customer.objects.get(name="Café Zürich").partner_id == firm.pk
    page = text_of(client, f"{AT}partner/")
    assert "Became a customer" in page and page.count("Café Zürich") == 2


def test_what_is_wrong_comes_back_with_what_was_typed(cast: Cast) -> None:
    _firm, client = partner(cast, "Roastwerk", "rosa@example.org")
    answer = client.post(f"{AT}partner/do/register", {**DEAL, "name": "", "emails": "", "phones": ""})
    page = answer.content.decode()
    assert answer.status_code == 422 and "This is needed." in page and "Café Zürich" in page and not Lead.objects.exists()
    answer = client.post(f"{AT}partner/do/register", {**DEAL, "emails": ""})
    assert answer.status_code == 422 and "an e-mail address or a phone number" in answer.content.decode()


def test_the_second_partner_learns_nothing_and_we_do(cast: Cast) -> None:
    """The same company within 90 days: the second partner's answers are the same as when they are the first; both owners are told,
    and it stands in the lead's note, which no partner sees. After 90 days it is free."""
    answers = []
    _first, one = partner(cast, "Roastwerk", "rosa@example.org")
    _second, other = partner(cast, "Beanworks", "bea@example.org")
    _third, third = partner(cast, "Cupworks", "cup@example.org")
    free = {**DEAL, "company": "Free Limited"}
    one.post(f"{AT}partner/do/register", DEAL)
    for client, given in ((other, {**DEAL, "company": "CAFE ZURICH"}), (third, free)):
        answer = client.post(f"{AT}partner/do/register", given)
        page = masked(client.get(answer.headers["Location"])) + masked(client.get(f"{AT}partner/"))
        for mine in ("CAFE ZURICH", "Free Limited", "Beanworks", "Cupworks"):
            page = page.replace(mine, "X")
        answers.append((answer.status_code, page))
    assert answers[0] == answers[1]
    doubled = Lead.objects.get(company="CAFE ZURICH")
    assert "Another partner registered" in doubled.note and Lead.objects.get(company="Free Limited").note == "Soon"
    told = Notice.objects.get(workspace_id=cast.home.pk, event="deal_twice")
    assert told.user_id == cast.ben.pk and len(told.records) == 2
    Notice.objects.filter(workspace_id=cast.home.pk).update(user_id=cast.ana.pk)
    assert "Another partner registered the same company" in cast.client("ana").get("/notices").content.decode()
    Lead.objects.filter(workspace_id=cast.home.pk).update(created_at=timezone.now() - dt.timedelta(days=91))
    third.post(f"{AT}partner/do/register", DEAL)
    assert Lead.objects.filter(company="Café Zürich").latest("created_at").note == "Soon"


def test_partners_see_their_own_alone(cast: Cast) -> None:
    """Leads given to them by us, customers they brought; another partner's are ids of nothing; notes and amounts stand nowhere."""
    ctx = cast.ctx("ana")
    firm, client = partner(cast, "Roastwerk", "rosa@example.org")
    rival, other = partner(cast, "Beanworks", "bea@example.org")
    given = ctx.create(
        "lead", name="Given lead", partner=firm.pk, worth="7391", note="zanzibar", tags=["zanzibar"], interest="Mills"
    )
    theirs = ctx.create("lead", name="Rival lead", partner=rival.pk)
    ctx.create("lead", name="House lead")
    ctx.create("customer", kind="company", name="Brought", partner=firm.pk, note="zanzibar")
    ctx.create("customer", kind="company", name="Rivals", partner=rival.pk)
    pages = text_of(client, f"{AT}partner/") + text_of(client, f"{AT}partner/{given.pk}")
    assert "Given lead" in pages and "Mills" in pages and "Brought" in pages
    assert not [one for one in ("Rival", "House", "zanzibar", "7,391", "7391.") if one in pages]
    unknown = client.get(f"{AT}partner/{cast.ben.pk}")
    assert masked(client.get(f"{AT}partner/{theirs.pk}")) == masked(unknown) and unknown.status_code == 404
    assert other.get(f"{AT}partner/{theirs.pk}").status_code == 200


def test_tickets_on_behalf_of_a_customer(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    firm, client = partner(cast, "Roastwerk", "rosa@example.org")
    brought = ctx.create("customer", kind="company", name="Brought", partner=firm.pk)
    foreign = ctx.create("customer", kind="company", name="Foreign")
    assert "Brought" in text_of(client, f"{AT}tickets/new") and "Foreign" not in text_of(client, f"{AT}tickets/new")
    typed = {"subject": "Their mill", "body": "Stuck"}
    assert client.post(f"{AT}tickets/do/write", {**typed, "customer": str(foreign.pk)}).status_code == 404
    client.post(f"{AT}tickets/do/write", {**typed, "customer": str(brought.pk)})
    ticket = Ticket.objects.get()
    assert ticket.customer_id == brought.pk and ticket.person.name == "Roastwerk person"  # type: ignore[union-attr]
    assert "Brought" in text_of(client, f"{AT}tickets/")


def test_who_is_no_partner_has_no_such_pages(cast: Cast) -> None:
    """Not flagged, or flagged at a company that is none, or that is one no more: the section is not there."""
    ctx = cast.ctx("ana")
    firm, client = partner(cast, "Roastwerk", "rosa@example.org")
    _other, plain = partner(cast, "Beanworks", "bea@example.org", is_partner=False)
    gone = masked(plain.get(f"{AT}nothing/"))
    assert masked(plain.get(f"{AT}partner/")) == gone and "Partner" not in text_of(plain, AT)
    assert plain.post(f"{AT}partner/do/register", DEAL).status_code == 404
    assert "Register a deal" in text_of(client, f"{AT}partner/")
    ctx.write(firm, roles=["customer"])
    assert masked(client.get(f"{AT}partner/")) == gone
    assert client.post(f"{AT}partner/do/register", DEAL).status_code == 404 and not Lead.objects.exists()
