"""Figures: right by hand, silent on too few, within what the viewer sees, and each leads to the ratings behind it."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.actions.running import run_action
from rapport.modules.satisfaction.figures import report
from rapport.modules.satisfaction.models import Survey
from rapport.modules.service.models import Queue
from tests.cast import Cast
from tests.satisfaction.test_asking import a_person, a_survey, a_ticket

pytestmark = pytest.mark.django_db


def rated(cast: Cast, survey: Survey, scores: list[int | None], **given: object) -> None:
    """One rating for each score; None was asked and did not answer."""
    rows = [
        {"survey": survey.pk, "asked_at": cast.system.format.now, **({} if one is None else {"score": one}), **given}
        for one in scores
    ]
    cast.system.create_many("survey_answer", rows)


def lines(cast: Cast, who: str, survey: Survey | None = None) -> dict[str, dict[str, object]]:
    """What somebody sees, by group and name."""
    ctx = cast.ctx(who)
    today = ctx.format.today
    found = report(ctx, today - dt.timedelta(days=29), today, survey.pk if survey else None)
    return {"All": {"All": found.whole}, **{label: {one.name: one for one in group} for label, group in found.groups}}


def test_the_three_figures_are_those_one_works_out_by_hand(cast: Cast) -> None:
    rated(cast, a_survey(cast), [5, 4, 4, 3, 1, 2, None, None], owner=cast.ben.pk)
    rated(cast, a_survey(cast, kind="nps", asks="hand"), [10, 9, 9, 8, 7, 6, 0, 3, 10, 10], owner=cast.ben.pk)
    rated(cast, a_survey(cast, kind="ces", asks="hand"), [7, 6, 5, 5, 1], owner=cast.cem.pk)
    whole = lines(cast, "ana")["All"]["All"]
    # CSAT: 3 of 6; NPS: 5 promoters less 3 detractors of 10; CES: 24 / 5.
    assert (whole.asked, whole.answered, whole.rate) == (23, 21, "91%")  # type: ignore[attr-defined]
    assert (whole.csat, whole.nps, whole.ces) == ("50%", "+20", "4.8")  # type: ignore[attr-defined]
    owners = lines(cast, "ana")["Owner"]
    assert (owners["Ben Moore"].csat, owners["Ben Moore"].ces, owners["Cem Aydin"].ces) == ("50%", "", "4.8")  # type: ignore[attr-defined]
    assert set(lines(cast, "ana")["Team"]) == {"North", "South"}


def test_no_figure_stands_on_fewer_than_five_answers(cast: Cast) -> None:
    survey = a_survey(cast)
    rated(cast, survey, [5, 5, 5, 5])
    assert lines(cast, "ana")["All"]["All"].csat == ""  # type: ignore[attr-defined]
    assert "Fewer than 5 answers" in cast.client("ana").get("/satisfaction").content.decode()
    rated(cast, survey, [1])
    assert lines(cast, "ana")["All"]["All"].csat == "80%"  # type: ignore[attr-defined]


def test_everybody_sees_the_figures_of_the_ratings_they_may_see(cast: Cast) -> None:
    survey = a_survey(cast)
    rated(cast, survey, [5] * 6, owner=cast.ben.pk)
    rated(cast, survey, [1] * 7, owner=cast.cem.pk)
    assert (lines(cast, "ben")["All"]["All"].asked, lines(cast, "ben")["All"]["All"].csat) == (6, "100%")  # type: ignore[attr-defined]
    assert list(lines(cast, "ben")["Owner"]) == ["Ben Moore"] and lines(cast, "cem")["All"]["All"].asked == 7  # type: ignore[attr-defined]
    assert "Ben Moore" not in cast.client("cem").get("/satisfaction").content.decode()


def test_each_number_leads_to_the_list_it_counts(cast: Cast) -> None:
    survey = a_survey(cast)
    queue = Queue.objects.get(name="Support")
    person = a_person(cast)
    for score in (5, 4, 2, 1, 5, 3):
        cast.ctx("ana").create("survey_answer", survey=survey.pk, ticket=a_ticket(cast, person).pk, score=score)
    rated(cast, survey, [None, None])
    client = cast.client("ana")
    page = client.get("/satisfaction?period=30").content.decode()
    row = re.search(r'<th scope="row">Support</th>(.*?)</tr>', page)[1]  # type: ignore[index]
    numbers = re.findall(r'<a href="([^"]+)">(\d+)</a>', row)
    assert len(numbers) == 2, "asked, answered"
    for url, number in numbers:
        answer = client.get(unescape(url)).content.decode()
        assert answer.count('data-row-id="') + len(re.findall(r'<tr[^>]* data-id="', answer)) == int(number) == 6, url
    assert queue.name in page and "50%" in row


def test_the_owner_and_team_stay_those_who_were_asked_about(cast: Cast) -> None:
    survey, person = a_survey(cast), a_person(cast)
    ticket = a_ticket(cast, person)
    cast.ctx("ana").create("survey_answer", survey=survey.pk, ticket=ticket.pk, score=5)
    cast.ctx("ana").write(ticket, owner=cast.cem.pk)
    assert list(lines(cast, "ana")["Owner"]) == ["Ben Moore"]


def test_a_period_that_is_none_is_said_and_the_page_costs_the_same_however_much_there_is(cast: Cast) -> None:
    client, survey = cast.client("ana"), a_survey(cast)
    page = client.get("/satisfaction?period=own&first=2026-05-01&last=2026-04-01").content.decode()
    assert "Choose a first day before the last" in page
    assert client.get("/satisfaction?period=nonsense&survey=nonsense").status_code == 200
    rated(cast, survey, [5] * 6, owner=cast.ben.pk)
    client.get("/satisfaction")
    counts = []
    for more in (1, 30):
        rated(cast, survey, [4] * more, owner=cast.cem.pk)
        with CaptureQueriesContext(connection) as queries:
            client.get("/satisfaction")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 30


def test_trend_and_last_score_stand_on_the_customers_page(cast: Cast) -> None:
    survey, person = a_survey(cast), a_person(cast)
    now = cast.system.format.now
    for day, score in ((40, 2), (20, 4), (1, 5)):
        at = now - dt.timedelta(days=day)
        cast.ctx("ana").create("survey_answer", survey=survey.pk, person=person.pk, score=score, asked_at=at, answered_at=at)
    page = cast.client("ana").get(f"/customer/{person.pk}").content.decode()
    assert "CSAT 5 of 5" in page and 'aria-label="CSAT from the oldest to the newest: 2, 4, 5"' in page
    assert "Rated 2 of 5 lately" in page, "a low score within 90 days is a reason in the health"
    strangers = cast.client("cem").get(f"/customer/{person.pk}")
    assert strangers.status_code == 404 or "CSAT" not in strangers.content.decode()


def test_what_a_person_says_stands_at_their_company_too(cast: Cast) -> None:
    survey, person = a_survey(cast, kind="nps", asks="hand"), a_person(cast)
    ctx = cast.ctx("ana")
    hotel = ctx.create("customer", name="Hotel Aldersley", kind="company", owner=cast.ben.pk)
    ctx.create("affiliation", person=person.pk, company=hotel.pk, is_primary=True)
    run_action(ctx, person, "note_rating", {"survey": str(survey.pk), "score": "9"})
    for one in (person, hotel):
        assert "NPS 9 of 10" in cast.client("ana").get(f"/customer/{one.pk}").content.decode()
