"""The access matrix of the portal: who of seven people sees which of nine things, on pages, in lists and by deeds."""

from __future__ import annotations

import pytest
from django.test import Client

from rapport.kernel.actions.running import run_action
from rapport.modules.customers.models import Preference
from rapport.modules.service.models import Queue, TicketEntry
from tests.cast import Cast, program
from tests.portal.desk import guest, person, portal

AT = "/portal/fernhill/"
CANARY = "Zanzibar7391"
#: What each person sees; everything else is not there for them.
SEES = {
    "maya": {"own ticket", "ticket for the firm", "own wish"},
    "mona": {"ticket for the firm", "ticket of the firm"},
    "former": set(),
    "paula": {"ticket on behalf", "lead of paula"},
    "rita": {"lead of rita"},
    "brought": {"ticket of a brought person"},
    "closed": set(),
    "stranger": set(),
}


def _people(cast: Cast) -> tuple[dict[str, Client], dict[str, object]]:
    """A contact, a second contact who sees the company, one who left, two partners, a partner's customer, one whose access was
    closed, and somebody without a session."""
    ctx = cast.ctx("ana")
    firm = ctx.create("customer", kind="company", name="Firm")
    roast, rival = (ctx.create("customer", kind="company", name=name, roles=["partner"]) for name in ("Roast", "Rival"))
    ids: dict[str, object] = {"firm": firm.pk, "roast": roast.pk, "rival": rival.pk}
    clients = {}
    at = {"maya": firm, "mona": firm, "former": firm, "paula": roast, "rita": rival, "brought": None, "closed": firm}
    given = {"mona": {"sees_company": True}, "former": {"sees_company": True}, "closed": {"sees_company": True},
             "paula": {"is_partner": True, "sees_company": True}, "rita": {"is_partner": True, "sees_company": True}}  # fmt: skip
    for name, company in at.items():
        who = person(ctx, name.title(), f"{name}@example.org", **({"partner": roast.pk} if name == "brought" else {}))
        ids[name] = who.pk
        if company is not None:
            more = {"until_on": "2020-01-01"} if name == "former" else {}
            ctx.create("affiliation", person=who.pk, company=company.pk, job_title="x", **more)
        clients[name] = guest(ctx, who, **given.get(name, {}))
        if name == "closed":
            run_action(ctx, who, "close_portal", {})
    return {**clients, "stranger": program()}, ids


def _things(cast: Cast, ids: dict[str, object]) -> dict[str, tuple[str, object]]:
    """Section and id of each thing; in every ticket an internal note with a canary."""
    ctx = cast.ctx("ana")
    queue = Queue.objects.filter(deleted_at=None).order_by("position", "pk").first()
    assert queue is not None

    def ticket(customer: object, who: object) -> tuple[str, object]:
        made = ctx.create("ticket", subject="S", queue=queue.pk, customer=customer, person=who)
        run_action(ctx, made, "note", {"body": CANARY, "minutes": 7391})
        return "tickets", made.pk

    return {
        "own ticket": ticket(ids["maya"], ids["maya"]),
        "ticket for the firm": ticket(ids["firm"], ids["maya"]),
        "ticket of the firm": ticket(ids["firm"], None),
        "ticket on behalf": ticket(ids["brought"], ids["paula"]),
        "ticket of a brought person": ticket(None, ids["brought"]),
        "lead of paula": ("partner", ctx.create("lead", name="Lead", partner=ids["roast"], note=CANARY).pk),
        "lead of rita": ("partner", ctx.create("lead", name="Lead", partner=ids["rival"], note=CANARY).pk),
        "lead of the house": ("partner", ctx.create("lead", name="Lead", note=CANARY).pk),
        "own wish": ("preferences", ctx.create("preference", customer=ids["maya"], what="Milk", wish="No").pk),
    }


@pytest.mark.parametrize("how", ["page", "list", "deed"])
def test_who_sees_what(cast: Cast, how: str) -> None:
    portal(cast.home)
    clients, ids = _people(cast)
    things = _things(cast, ids)
    # The person a ticket is about sees it, whoever asked.
    sees = {**SEES, "brought": SEES["brought"] | {"ticket on behalf"}}
    wrong = []
    for who, client in clients.items():
        for what, (section, pk) in things.items():
            if section == "preferences" and how == "page":
                continue  # wishes have no page of their own
            found = _reaches(client, how, section, pk)
            if found is not (what in sees[who]):
                wrong.append(f"{who}: {what} by {how} is {'there' if found else 'not there'}")
    assert not wrong, "\n".join(wrong)


def _reaches(client: Client, how: str, section: str, pk: object) -> bool:
    if how == "page":
        answer = client.get(f"{AT}{section}/{pk}")
        assert CANARY not in answer.content.decode()
        return answer.status_code == 200
    if how == "list":
        answer = client.get(f"{AT}{section}/")
        assert CANARY not in answer.content.decode()
        return answer.status_code == 200 and str(pk) in answer.content.decode()
    if section == "partner":  # a lead is looked at, not written
        return client.get(f"{AT}{section}/{pk}").status_code == 200
    before = (TicketEntry.objects.filter(kind="answer").count(), Preference.objects.filter(deleted_at=None).count())
    client.post(f"{AT}{section}/{pk}/do/{'answer' if section == 'tickets' else 'remove'}", {"body": f"Hello {pk} {id(client)}"})
    return (TicketEntry.objects.filter(kind="answer").count(), Preference.objects.filter(deleted_at=None).count()) != before
