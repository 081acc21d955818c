"""Ratings in the portal: of one's own solved tickets, for whoever asked, and of nobody else's."""

from __future__ import annotations

from rapport.modules.activities.models import Task
from rapport.modules.satisfaction.models import SurveyAnswer
from tests.cast import Cast
from tests.factory import make
from tests.portal.desk import guest, person, portal


def test_a_guest_rates_their_own_ticket_and_a_low_score_is_a_task(cast: Cast) -> None:
    """One press; the rating stands with the ticket and the person, came by the portal, and can be changed."""
    ctx = cast.system
    site, maya = portal(cast.home), person(ctx)
    other = person(ctx, "Jo Kunde", "jo@kunde.example")
    make(ctx, "survey", name="After a ticket", asks="ticket", is_active=True)
    ticket = make(ctx, "ticket", subject="Chain squeaks", person=maya.pk, customer=maya.pk, owner=cast.ben.pk, state="solved")
    foreign = make(ctx, "ticket", subject="Not hers", person=other.pk, customer=other.pk, state="solved")
    client = guest(cast.ctx("ana"), maya)
    page = client.get(f"/portal/{site.slug}/ratings/").content.decode()
    assert "Chain squeaks" in page and "Not hers" not in page
    at = f"/portal/{site.slug}/ratings/do/rate"
    assert client.post(at, {"ticket": str(foreign.pk), "score": "1"}).status_code == 404
    assert client.post(at, {"ticket": str(ticket.pk), "score": "9", "comment": "kept"}).status_code == 422
    assert client.post(at, {"ticket": str(ticket.pk), "score": "2", "comment": "Too slow"}).status_code == 303
    made = SurveyAnswer.objects.get()
    assert (made.score, made.comment, made.channel, made.ticket_id, made.person_id) == (
        2,
        "Too slow",
        "portal",
        ticket.pk,
        maya.pk,
    )
    assert Task.objects.get().owner_id == cast.ben.pk
    assert client.post(at, {"ticket": str(ticket.pk), "score": "4", "comment": "Better"}).status_code == 303
    made.refresh_from_db()
    assert made.score == 4 and SurveyAnswer.objects.count() == 1


def test_without_a_survey_there_is_nothing_to_rate(cast: Cast) -> None:
    site, maya = portal(cast.home), person(cast.system)
    make(cast.system, "ticket", subject="Chain squeaks", person=maya.pk, state="solved")
    assert guest(cast.ctx("ana"), maya).get(f"/portal/{site.slug}/ratings/").status_code == 404
