"""After articles were read and no ticket came: one question, yes or no; a no opens a ticket; and the articles hear of it."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client

from rapport.engines.publishing.models import Tally
from rapport.kernel.actions.running import run_action
from rapport.kernel.context import system_context
from rapport.kernel.errors import Invalid
from rapport.kernel.records.model import Record
from rapport.modules.satisfaction.models import ArticleRead, SurveyAsk
from rapport.modules.satisfaction.occasions import go_round
from rapport.modules.service.models import Ticket
from rapport.surfaces.web.rating.mailing import ask_workspace
from tests.cast import Cast
from tests.portal.desk import guest, person, portal
from tests.publishing.desk import article
from tests.satisfaction.test_asking import a_survey

pytestmark = pytest.mark.django_db


def _reader(cast: Cast, *titles: str, name: str = "Maya Jensen", email: str = "maya@example.org") -> tuple[Record, Client]:
    """Somebody signed in to the portal who reads articles."""
    ctx = cast.ctx("ana")
    who = person(ctx, name, email)
    client = guest(ctx, who)
    for title in titles:
        slug = title.lower().replace(" ", "-")
        assert client.get(f"/portal/fernhill/articles/en/{slug}").status_code == 200
    return who, client


def _a_day_later(cast: Cast) -> int:
    """What the jobs do a day after; returns how many were asked."""
    earlier = dt.datetime.now(dt.UTC) - dt.timedelta(hours=25)
    ArticleRead.objects.filter(workspace_id=cast.home.pk, occasion="").update(read_at=earlier)
    Ticket.objects.update(opened_at=earlier + dt.timedelta(minutes=5))
    go_round(system_context(cast.home, "survey"))
    return ask_workspace(cast.home)


def _help_survey(cast: Cast, **given: object) -> None:
    a_survey(cast, **{"name": "Articles", "kind": "help", "asks": "help", "wait_hours": 24, **given})


def _links() -> dict[str, str]:
    return dict(re.findall(r"^(Yes|No): http://localhost(\S+)$", mail.outbox[-1].body, re.MULTILINE))


def test_a_no_opens_a_ticket_with_what_was_read_and_votes_once(cast: Cast) -> None:
    portal(cast.home)
    leak, pump = article(cast.ctx("ana"), "Mend a leak"), article(cast.ctx("ana"), "Bleed the pump", publish="portal")
    queue = cast.system.create("queue", name="Second line", position=500)
    _help_survey(cast, queue=queue.pk)
    maya, _client = _reader(cast, "Mend a leak", "Bleed the pump")
    go_round(system_context(cast.home, "survey"))
    assert ask_workspace(cast.home) == 0, "it is too early"
    assert _a_day_later(cast) == 1 and _a_day_later(cast) == 0
    assert "Did they solve it?" in mail.outbox[-1].body
    visitor, link = Client(), _links()["No"]
    assert visitor.get(link).status_code == 200 and not Ticket.objects.exists(), "looking writes nothing"
    address = link.partition("?")[0]
    assert visitor.post(address, {"score": "0"}).status_code == 303
    ticket = Ticket.objects.get()
    assert (ticket.person_id, ticket.queue_id, ticket.state) == (maya.pk, queue.pk, "new") and ticket.heard_at is not None
    assert "Mend a leak" in ticket.body and "Bleed the pump" in ticket.body
    assert visitor.post(address, {"score": "0", "comment": "The pump is another one."}).status_code == 303
    assert Ticket.objects.count() == 1 and ticket.entries.get().body == "The pump is another one."  # type: ignore[attr-defined]
    tallies = {one.record_id: (one.helped, one.did_not) for one in Tally.objects.filter(workspace_id=cast.home.pk)}
    assert tallies == {leak.pk: (0, 1), pump.pk: (0, 1)}
    assert not ArticleRead.objects.filter(workspace_id=cast.home.pk).exists(), "who read what is forgotten"
    assert "Mend a leak" in cast.client("ana").get("/settings/help-gaps").content.decode()


def test_a_yes_helps_the_articles_and_opens_nothing(cast: Cast) -> None:
    portal(cast.home)
    leak = article(cast.ctx("ana"), "Mend a leak")
    _help_survey(cast)
    _reader(cast, "Mend a leak")
    assert _a_day_later(cast) == 1
    assert Client().post(_links()["Yes"].partition("?")[0], {"score": "1"}).status_code == 303
    tally = Tally.objects.get(workspace_id=cast.home.pk, record_id=leak.pk)
    assert (tally.helped, tally.did_not, tally.solved) == (1, 0, 1) and not Ticket.objects.exists()


def test_nobody_is_asked_who_wrote_does_not_wish_it_or_was_asked_lately_and_nothing_is_kept_while_it_is_off(cast: Cast) -> None:
    portal(cast.home)
    ctx = cast.ctx("ana")
    article(ctx, "Mend a leak")
    _reader(cast, "Mend a leak")
    assert not ArticleRead.objects.filter(workspace_id=cast.home.pk).exists(), "off by default: not even noted"
    _help_survey(cast)
    _wrote, client = _reader(cast, "Mend a leak", name="Otto Vogt", email="otto@example.org")
    assert client.post("/portal/fernhill/tickets/do/write", {"subject": "Still leaks", "body": "x"}).status_code == 303
    quiet, _client = _reader(cast, "Mend a leak", name="Quiet Quinn", email="quinn@example.org")
    run = {"customer": quiet.pk, "purpose": "surveys", "channel": "any", "answer": "withdrawn"}
    cast.system.create("consent", **run, happened_at=dt.datetime.now(dt.UTC))
    erased, _client = _reader(cast, "Mend a leak", name="Erna Weg", email="erna@example.org")
    run_action(ctx, erased, "erase", {"confirm_name": "Erna Weg", "reason": "asked"})
    assert not ArticleRead.objects.filter(workspace_id=cast.home.pk, person_id=erased.pk).exists()
    assert _a_day_later(cast) == 0
    assert list(SurveyAsk.objects.filter(workspace_id=cast.home.pk).values_list("why", flat=True)) == ["refused"]
    with pytest.raises(Invalid, match="yes or no"):
        a_survey(cast, kind="csat", asks="help")
