"""What is another customer's is not there: not by its id, not in a list, not in a word, not by a form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rapport.engines.portal.registry import _sections
from rapport.kernel.actions.running import run_action
from rapport.kernel.records.model import Record
from rapport.modules.customers.models import Consent, Preference
from rapport.modules.service.models import Queue, Ticket, TicketEntry
from tests import factory
from tests.access.masks import database_hash, everything_of, masked
from tests.access.people import undone
from tests.cast import Cast, first_stage_id
from tests.portal.desk import guest, person, portal, text_of

AT = "/portal/fernhill/"
CANARY = "Zanzibar7391"


@pytest.fixture(autouse=True)
def site(cast: Cast) -> object:
    return portal(cast.home)


def a_ticket(cast: Cast, whose: Record, **given: object) -> Ticket:
    queue = Queue.objects.filter(deleted_at=None).order_by("position", "pk").first()
    assert queue is not None
    values = {
        "subject": "Their words",
        "body": "Their story",
        "queue": queue.pk,
        "person": whose.pk,
        "customer": whose.pk,
        **given,
    }
    made = cast.ctx("ana").create("ticket", **values)
    assert isinstance(made, Ticket)
    return made


def addresses(pk: object) -> Iterator[tuple[str, str]]:
    """Every page and deed of every section about one record."""
    for section in _sections.values():
        yield "GET", f"{AT}{section.key}/{pk}"
        for deed in section.deeds.values():
            yield "POST", f"{AT}{section.key}/{pk}/do/{deed.key}"


def test_ids_of_others_are_ids_of_nothing(cast: Cast, record_property: pytest.RecordProperty) -> None:
    """Records of every sort, of another customer, of the guest's company (which the account does not see), deleted, of another
    workspace, on every page and deed: the bytes of an id that nobody has. Nothing is written."""
    ctx = cast.ctx("ana")
    firm = ctx.create("customer", kind="company", name="Firm")
    maya, other = person(ctx), person(ctx, "Other", "other@example.org")
    ctx.create("affiliation", person=maya.pk, company=firm.pk, job_title="Cook")
    client = guest(ctx, maya)
    ticket, companys = a_ticket(cast, other), a_ticket(cast, firm, person=None)
    entry = cast.system.create("ticket_entry", ticket=ticket.pk, kind="reply", body="x")
    gone = a_ticket(cast, maya)
    ctx.delete(gone)
    wish = ctx.create("preference", customer=other.pk, what="Coffee", wish="Black")
    consent = ctx.create("consent", customer=other.pk, purpose="newsletter", answer="given", source="x")
    ids = [one.pk for one in (ticket, companys, entry, gone, wish, consent, other, firm, maya)]
    typed = {"body": "x", "subject": "x", "what": "x", "wish": "x", "purpose": "newsletter"}
    before, cells = database_hash(), 0
    unknown = {
        (method, path.partition(AT)[2].replace(str(nobody), "")): masked(client.generic(method, path) if method == "GET" else client.post(path, typed))
        for nobody in [uuid4()] for method, path in addresses(nobody)
    }  # fmt: skip
    for pk in ids:
        for method, path in addresses(pk):
            answer = client.get(path) if method == "GET" else client.post(path, typed)
            key = (method, path.partition(AT)[2].replace(str(pk), ""))
            assert answer.status_code == 404 and masked(answer) == unknown[key], (method, path)
            cells += 1
    after = database_hash()
    assert {key for key in after if after[key] != before[key]} == set()
    record_property("measured", f"{cells} requests for the records of others answered as for none")


def test_a_form_cannot_name_another_customer(cast: Cast) -> None:
    """Fields that no form has are not read; a customer that is not offered is nobody."""
    ctx = cast.ctx("ana")
    other = person(ctx, "Other", "other@example.org")
    client = guest(ctx)
    typed = {"subject": "Mine", "body": "x", "kind": "problem"}
    for whose in (str(other.pk), str(uuid4()), "nonsense"):
        assert client.post(f"{AT}tickets/do/write", {**typed, "customer": whose}).status_code == 404
    assert not Ticket.objects.exists()
    more = {"person": str(other.pk), "person_id": str(other.pk), "owner": str(cast.ben.pk), "queue": str(uuid4()), "state": "solved",
            "priority": "urgent", "id": str(uuid4()), "workspace_id": str(cast.away.pk)}  # fmt: skip
    assert client.post(f"{AT}tickets/do/write", {**typed, **more}).status_code == 303
    made = Ticket.objects.get()
    assert made.person.name == "Maya Jensen" and (made.state, made.priority) == ("new", "normal")  # type: ignore[union-attr]
    client.post(f"{AT}consents/do/withdraw", {"purpose": "newsletter", "customer": str(other.pk)})
    client.post(f"{AT}preferences/do/add", {"what": "a", "wish": "b", "customer": str(other.pk), "is_sensitive": "1"})
    assert not Consent.objects.exists() and {one.customer_id for one in Preference.objects.all()} == {made.person_id}


def test_the_company_is_seen_by_those_alone_who_may(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    firm, former = (ctx.create("customer", kind="company", name=name) for name in ("Firm", "Former"))
    maya = person(ctx)
    ctx.create("affiliation", person=maya.pk, company=firm.pk, job_title="Cook")
    ctx.create("affiliation", person=maya.pk, company=former.pk, job_title="Cook", until_on="2020-01-01")
    colleague = person(ctx, "Colleague Klein", "c@example.org")
    own, theirs, old = (
        a_ticket(cast, firm, subject="Of the firm", person=colleague.pk),
        a_ticket(cast, maya),
        a_ticket(cast, former),
    )
    for sees, shown in ((False, False), (True, True)):
        client = guest(ctx, maya, sees_company=sees)
        page = text_of(client, f"{AT}tickets/")
        assert ("Of the firm" in page) is shown and str(theirs.pk) in page and str(old.pk) not in page
        assert (client.get(f"{AT}tickets/{own.pk}").status_code == 200) is shown
        assert client.get(f"{AT}tickets/{old.pk}").status_code == 404
    assert "Klein" not in text_of(client, f"{AT}tickets/{own.pk}")
    client.post(f"{AT}tickets/do/write", {"subject": "For us", "body": "x", "customer": str(firm.pk)})
    assert Ticket.objects.get(subject="For us").customer_id == firm.pk


def test_a_merged_ticket_shows_nothing_of_anothers(cast: Cast) -> None:
    """Merged into another customer's: closed for good. Another's merged into mine: their words are not there."""
    ctx = cast.ctx("ana")
    maya, other = person(ctx), person(ctx, "Other", "other@example.org")
    mine, also, theirs = (
        a_ticket(cast, maya),
        a_ticket(cast, maya, subject="Also mine"),
        a_ticket(cast, other, body=f"{CANARY} body"),
    )
    run_action(ctx, theirs, "reply", {"body": f"{CANARY} reply"})
    third = a_ticket(cast, other, subject=f"{CANARY} third", body=f"{CANARY} body")
    client = guest(ctx, maya)
    for ticket, into in ((theirs, mine), (also, third)):
        ticket.refresh_from_db()
        run_action(ctx, ticket, "join", {"into": str(into.pk)})
    assert CANARY not in text_of(client, f"{AT}tickets/{mine.pk}")
    page = text_of(client, f"{AT}tickets/{also.pk}")
    assert CANARY not in page and "closed for good" in page and "do/answer" not in page
    answer = client.post(f"{AT}tickets/{also.pk}/do/answer", {"body": "Hello"})
    assert answer.status_code == 422 and CANARY not in answer.content.decode()
    assert not TicketEntry.objects.filter(body="Hello").exists()


def _pages(client: Client, record: Ticket) -> list[tuple[str, str, str]]:
    words = ("zanzibar", "zanz", "7391", "words")
    found = [
        AT, f"{AT}account", f"{AT}articles/", f"{AT}tickets/", f"{AT}tickets/new", f"{AT}tickets/{record.pk}", f"{AT}details/",
        f"{AT}preferences/", f"{AT}consents/", f"{AT}tickets/?before=2030-01-01T00:00:00", f"{AT}enter",
        *(f"{AT}articles/?q={one}" for one in words), *(f"{AT}articles/fitting?q={one}" for one in words),
    ]  # fmt: skip
    for section in _sections:
        found += [f"{AT}{section}/", f"{AT}{section}/new"]
    answers = [(one, client.get(one)) for one in found]
    answers += [("write", client.post(f"{AT}tickets/do/write", {"subject": "My own new words", "body": "y"}))]
    answers += [("twins", client.post(f"{AT}account", {"what": "email", "email": "zanzibar@example.org"}))]
    return [(one, masked(answer), everything_of(answer)) for one, answer in answers]


def _world(cast: Cast, *, with_secrets: bool) -> list[tuple[str, str, str]]:
    factory._numbers = count(1)
    ctx = cast.ctx("ana")
    maya, firm = person(ctx, tags=[CANARY], note=CANARY), ctx.create("customer", kind="company", name="Firm", turnover="7391000")
    ctx.create("affiliation", person=maya.pk, company=firm.pk, job_title=CANARY)
    ticket = a_ticket(cast, maya, subject="My words", tags=[CANARY], category=CANARY, product="Lamp")
    run_action(ctx, ticket, "reply", {"body": "A public word", "minutes": 739})
    if with_secrets:
        other = person(ctx, CANARY, f"{CANARY.lower()}@example.org", phones=["+353 1 555 7391"])
        theirs = a_ticket(cast, other, subject=CANARY, body=CANARY)
        a_ticket(cast, firm, subject=CANARY, body=CANARY, person=None)
        run_action(ctx, theirs, "reply", {"body": CANARY})
        ticket.refresh_from_db()
        run_action(ctx, ticket, "note", {"body": CANARY, "minutes": 7391})
        ctx.create("preference", customer=other.pk, what=CANARY, wish=CANARY)
        ctx.create("preference", customer=maya.pk, what="Health", wish=CANARY, is_sensitive=True)
        ctx.create("consent", customer=other.pk, purpose="newsletter", answer="given", source=CANARY)
        ctx.create("activity", subject=CANARY, kind="note", customer=maya.pk, body=CANARY)
        ctx.create("task", subject=CANARY, customer=maya.pk, due_on="2026-12-20")
        ctx.create("deal", name=CANARY, customer=maya.pk, stage=first_stage_id(), amount="7391")
        ctx.create("lead", name=CANARY, company="Firm")
        ctx.create("article", title=f"{CANARY} words", body=CANARY, audience="portal")
        ctx.create("relationship", one=maya.pk, other=other.pk, tie="knows", note=CANARY)
    return _pages(guest(ctx, maya), ticket)


def test_a_guest_cannot_tell_the_worlds_apart(cast: Cast, record_property: pytest.RecordProperty) -> None:
    """Every page of Maya's is the same, byte for byte, with and without everything that is another's or ours alone; canaries
    in the fields of her own records that are ours (tags, notes, category, minutes, her job title) stand on none."""
    worlds = []
    for with_secrets in (False, True):
        with undone(cast):
            worlds.append(_world(cast, with_secrets=with_secrets))
    for (address, without, _all), (_address, with_, whole) in zip(*worlds, strict=True):
        # Numbers of tickets count those of the whole company, as everywhere.
        assert _unnumbered(without) == _unnumbered(with_), address
        asked = "zanz" in address or "7391" in address
        assert asked or CANARY.casefold() not in whole.casefold(), f"{address}: holds the canary"
        assert "739" not in whole.replace(CANARY, "") or asked or "739" in address or _only_in_ids(whole), address
    record_property("measured", f"{len(worlds[0])} answers of a guest alike in both worlds")


def _unnumbered(text: str) -> str:
    return re.sub(r"No\. \d+", "No. N", text)


def _only_in_ids(text: str) -> bool:
    plain = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|value=\"[^\"]*\"|nonce[^;]*;|[\w-]{20,}|\d\d:\d\d:\d\d[^<]*", "", text)
    return "739 min" not in plain and "7391" not in plain


def test_lists_cost_the_same_however_many_there_are(cast: Cast) -> None:
    """The pages of a guest with 3 and with 60 tickets take the same number of queries, and show 40 at most."""
    ctx = cast.ctx("ana")
    maya = person(ctx)
    client = guest(ctx, maya)

    def cost(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as told:
            assert client.get(address).status_code == 200
        return len(told)

    for _n in range(3):
        ticket = a_ticket(cast, maya)
    run_action(ctx, ticket, "reply", {"body": "x"})
    few = [cost(one) for one in (AT, f"{AT}tickets/", f"{AT}tickets/{ticket.pk}")]
    for _n in range(57):
        a_ticket(cast, maya)
    ticket.refresh_from_db()
    for _n in range(10):
        cast.system.create("ticket_entry", ticket=ticket.pk, kind="answer", body="y", person=maya.pk)
    assert [cost(one) for one in (AT, f"{AT}tickets/", f"{AT}tickets/{ticket.pk}")] == few
    page = text_of(client, f"{AT}tickets/")
    assert page.count('class="po-line"') == 40 and "?before=" in page


def test_looking_writes_nothing(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    maya = person(ctx)
    ticket = a_ticket(cast, maya)
    client = guest(ctx, maya)
    before = database_hash()
    for address in (
        AT,
        f"{AT}tickets/",
        f"{AT}tickets/{ticket.pk}",
        f"{AT}details/",
        f"{AT}consents/",
        f"{AT}account",
        f"{AT}enter",
    ):
        client.get(address)
    assert database_hash() == before
