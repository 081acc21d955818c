"""Who is asked, when and how often; and what becomes of an answer."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from rapport.kernel.access.models import User
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.readers import run_readers
from rapport.kernel.context import system_context
from rapport.kernel.errors import Invalid
from rapport.kernel.records.model import Record
from rapport.modules.activities.models import Task
from rapport.modules.customers.models import Consent
from rapport.modules.satisfaction.answering import answer
from rapport.modules.satisfaction.asks import expire
from rapport.modules.satisfaction.models import Survey, SurveyAnswer, SurveyAsk
from rapport.modules.satisfaction.occasions import go_round
from rapport.modules.service.models import Queue
from rapport.surfaces.web.rating.mailing import ask_workspace
from tests.cast import Cast, first_stage_id

pytestmark = pytest.mark.django_db


def a_survey(cast: Cast, **given: object) -> Survey:
    values = {"name": "After a ticket", "kind": "csat", "asks": "ticket", "wait_hours": 0, "is_active": True, **given}
    return cast.ctx("ana").create("survey", **values)  # type: ignore[return-value]


def a_person(cast: Cast, **given: object) -> Record:
    values = {"name": "Maya Jensen", "kind": "person", "emails": ["maya@example.org"], "owner": cast.ben.pk, **given}
    return cast.ctx("ana").create("customer", **values)


def a_ticket(cast: Cast, person: Record | None, **given: object) -> Record:
    values = {"subject": "Grinder is dead", "queue": Queue.objects.get(name="Support").pk, "owner": cast.ben.pk, **given}
    if person is not None:
        values["person"] = person.pk
    return cast.ctx("ana").create("ticket", **values)


def solve(cast: Cast, ticket: Record) -> None:
    run_action(cast.ctx("ana"), ticket, "solve", {})


def solved(cast: Cast, person: Record | None, **given: object) -> Record:
    """A ticket that was solved, and the log read."""
    ticket = a_ticket(cast, person, **given)
    solve(cast, ticket)
    read_log()
    return ticket


def read_log() -> None:
    while run_readers():
        pass


def links(message: Any) -> dict[str, str]:
    """The links of a mail by score, and the way out."""
    found = dict(re.findall(r"^(\d+)[^\n]*?: http://localhost(\S+)$", message.body, re.MULTILINE))
    found["stop"] = re.search(r"http://localhost(/rate/\S+/stop)", message.body)[1]  # type: ignore[index]
    return found


def asked(cast: Cast, **given: object) -> dict[str, str]:
    """Ask one person after a ticket; the links of the mail."""
    a_survey(cast, **given)
    solved(cast, a_person(cast))
    assert ask_workspace(cast.home) == 1
    return links(mail.outbox[-1])


def why(cast: Cast) -> list[tuple[str, str]]:
    rows = SurveyAsk.objects.filter(workspace_id=cast.home.pk).order_by("pk")
    return list(rows.values_list("state", "why"))


def test_a_solved_ticket_is_asked_about_once_in_plain_text_and_html(cast: Cast) -> None:
    found = asked(cast)
    [sent] = mail.outbox
    assert sent.to == ["maya@example.org"] and "How satisfied are you" in sent.body and "Grinder is dead" in sent.body
    html, kind = sent.alternatives[0]
    assert kind == "text/html" and f'href="http://localhost{found["4"]}"' in html and "<img" not in html
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sorted(found) == ["1", "2", "3", "4", "5", "stop"]
    read_log()
    assert ask_workspace(cast.home) == 0 and len(mail.outbox) == 1
    one = SurveyAnswer.objects.get()
    assert (one.owner_id, one.queue_id, one.score, one.headline) == (
        cast.ben.pk,
        Queue.objects.get().pk,
        None,
        "–/5 · After a ticket",
    )
    token = found["4"].split("/")[2].partition("?")[0]
    assert token not in str(list(SurveyAsk.objects.filter(workspace_id=cast.home.pk).values())), "only its hash is stored"


def test_looking_writes_nothing_and_one_press_counts(cast: Cast) -> None:
    """Mail scanners open every link; the score counts when the button is pressed, and is chosen already."""
    found, visitor = asked(cast), Client()
    for score in "1234":
        page = visitor.get(found[score])
        assert f'value="{score}" required checked' in page.content.decode() and not page.cookies
        assert page.headers["X-Robots-Tag"] == "noindex" and "no-store" in page.headers["Cache-Control"]
    assert SurveyAnswer.objects.get().score is None
    sent = visitor.post(found["4"], {"score": "4"})
    assert sent.status_code == 303 and sent.headers["Location"] == found["4"].partition("?")[0]
    one = SurveyAnswer.objects.get()
    assert (one.score, one.channel, one.is_low, one.headline) == (4, "mail", False, "4/5 · After a ticket")
    assert "Thank you" in visitor.get(sent.headers["Location"]).content.decode()
    assert visitor.post(sent.headers["Location"], {"score": "5", "comment": "Quick & kind"}).status_code == 303
    one = SurveyAnswer.objects.get()
    assert (one.score, one.comment) == (5, "Quick & kind")


def test_an_answer_may_be_changed_for_seven_days(cast: Cast) -> None:
    found, visitor = asked(cast), Client()
    visitor.post(found["4"], {"score": "4"})
    SurveyAnswer.objects.update(answered_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=8))
    answer = visitor.post(found["2"], {"score": "2", "comment": "Broke again"})
    assert answer.status_code == 422 and "seven days" in answer.content.decode()
    assert SurveyAnswer.objects.get().score == 4


def test_what_is_no_score_is_refused_and_the_comment_kept(cast: Cast) -> None:
    found = asked(cast)
    for wrong in ("", "9", "x", "-1", "4\0"):
        answer = Client().post(found["4"], {"score": wrong, "comment": "A <b>long</b> thought"})
        assert answer.status_code == 422 and "Choose a number" in answer.content.decode()
        assert "A &lt;b&gt;long&lt;/b&gt; thought" in answer.content.decode()
    assert SurveyAnswer.objects.get().score is None


def test_a_wrong_token_a_switched_off_survey_and_an_old_question_take_nothing(cast: Cast) -> None:
    found = asked(cast)
    assert Client().get("/rate/nonsense").status_code == 404
    assert Client().post("/rate/" + "x" * 32, {"score": "4"}).status_code == 404
    cast.ctx("ana").write(Survey.objects.get(name="After a ticket"), is_active=False)
    assert Client().get(found["4"]).status_code == 404
    cast.ctx("ana").write(Survey.objects.get(name="After a ticket"), is_active=True)
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=31)
    SurveyAsk.objects.filter(workspace_id=cast.home.pk).update(sent_at=long_ago, due_at=long_ago)
    assert expire(cast.system) == 1
    assert "closed" in Client().get(found["4"]).content.decode()
    assert Client().post(found["4"], {"score": "4"}).status_code == 422


def test_whoever_wants_no_more_questions_gets_none_and_it_stands_on_their_page(cast: Cast) -> None:
    found = asked(cast)
    assert Client().get(found["stop"]).status_code == 200 and not Consent.objects.exists()
    for _twice in range(2):
        assert Client().post(found["stop"], {"List-Unsubscribe": "One-Click"}).status_code == 200
    one = Consent.objects.get()
    assert (one.purpose, one.answer) == ("surveys", "withdrawn")
    SurveyAnswer.objects.update(asked_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=400))
    solved(cast, one.customer)
    assert ask_workspace(cast.home) == 0 and why(cast)[-1] == ("not_asked", "refused")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    cast.ctx("ana").create(
        "consent", customer=one.customer_id, purpose="surveys", answer="given", source="call", happened_at=later
    )
    solved(cast, one.customer)
    assert ask_workspace(cast.home) == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"emails": []}, "no_address"), ({"emails": ["info@example.org", "no-reply@example.org"]}, "role")],
)
def test_desks_and_people_without_an_address_are_not_asked(cast: Cast, given: dict[str, object], reason: str) -> None:
    a_survey(cast)
    solved(cast, a_person(cast, **given))
    assert ask_workspace(cast.home) == 0 and why(cast) == [("not_asked", reason)]


def test_a_ticket_of_nobody_is_noted_as_not_asked(cast: Cast) -> None:
    a_survey(cast)
    solved(cast, None)
    assert ask_workspace(cast.home) == 0 and why(cast) == [("not_asked", "nobody")]


def test_nobody_is_asked_twice_within_thirty_days_whatever_the_survey(cast: Cast) -> None:
    a_survey(cast)
    person = a_person(cast)
    solved(cast, person)
    assert ask_workspace(cast.home) == 1
    solved(cast, person)
    assert ask_workspace(cast.home) == 0 and why(cast)[-1] == ("not_asked", "rested")
    SurveyAnswer.objects.update(asked_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=31))
    solved(cast, person)
    assert ask_workspace(cast.home) == 1


def test_a_reopened_ticket_is_asked_about_only_when_it_is_solved_and_never_after_an_answer(cast: Cast) -> None:
    a_survey(cast)
    ticket = solved(cast, a_person(cast))
    run_action(cast.ctx("ana"), ticket, "reopen", {})
    assert ask_workspace(cast.home) == 0 and why(cast) == [("not_asked", "reopened")]
    solve(cast, ticket)
    read_log()
    assert ask_workspace(cast.home) == 1
    Client().post(links(mail.outbox[-1])["3"], {"score": "3"})
    SurveyAnswer.objects.update(asked_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=31))
    run_action(cast.ctx("ana"), ticket, "reopen", {})
    solve(cast, ticket)
    read_log()
    assert ask_workspace(cast.home) == 0 and len(mail.outbox) == 1
    with pytest.raises(Invalid, match="rated already"):
        run_action(cast.ctx("ana"), ticket, "ask_rating", {"survey": str(Survey.objects.get(name="After a ticket").pk)})


def test_it_waits_as_long_as_the_survey_says_and_looks_at_its_queue_only(cast: Cast) -> None:
    other = cast.ctx("ana").create("queue", name="Repairs")
    a_survey(cast, wait_hours=24, queue=other.pk)
    solved(cast, a_person(cast))
    assert why(cast) == []
    solved(cast, a_person(cast, name="Nuno", emails=["nuno@example.org"]), queue=other.pk)
    assert ask_workspace(cast.home) == 0 and why(cast) == [("waiting", "")]
    due = SurveyAsk.objects.get(workspace_id=cast.home.pk).due_at
    assert dt.timedelta(hours=23) < due - dt.datetime.now(dt.UTC) <= dt.timedelta(hours=24)


def test_what_was_solved_before_it_was_switched_on_is_not_asked_about(cast: Cast) -> None:
    survey = a_survey(cast, is_active=False)
    solve(cast, a_ticket(cast, a_person(cast)))
    cast.ctx("ana").write(survey, is_active=True)
    read_log()
    assert why(cast) == []


def test_a_mail_that_was_not_taken_is_tried_again_and_then_dropped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    a_survey(cast)
    solved(cast, a_person(cast))
    monkeypatch.setattr("rapport.surfaces.web.signing_in.mails.send", lambda *_a, **_k: False)
    for _try in range(5):
        assert ask_workspace(cast.home) == 0
        SurveyAsk.objects.filter(workspace_id=cast.home.pk).update(due_at=dt.datetime.now(dt.UTC))
    assert why(cast) == [("not_asked", "mail")] and not SurveyAnswer.objects.filter(deleted_at=None).exists()


def test_killed_between_marking_and_mailing_nobody_is_asked_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most once: the worst that happens is that one question is never mailed."""
    a_survey(cast)
    solved(cast, a_person(cast))

    class Killed(BaseException):
        pass

    def die(*_a: object, **_k: object) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("rapport.surfaces.web.signing_in.mails.send", die)
        with pytest.raises(Killed):
            ask_workspace(cast.home)
    assert ask_workspace(cast.home) == 0 and why(cast) == [("sent", "")] and not mail.outbox


def test_every_so_many_months_people_of_a_filter_are_asked_once(cast: Cast) -> None:
    a_survey(cast, kind="nps", asks="regular", every_months=6, customers="stage is advocate")
    for number in range(3):
        a_person(cast, name=f"Fan {number}", emails=[f"fan{number}@example.org"], stage="advocate")
    a_person(cast, stage="prospect")
    ctx = system_context(cast.home, "survey")
    assert go_round(ctx) == 3 and go_round(ctx) == 0
    assert ask_workspace(cast.home) == 3
    assert sorted(links(mail.outbox[0])) == sorted([*map(str, range(11)), "stop"])


def test_so_many_days_after_a_deal_is_won(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    a_survey(cast, asks="deal", wait_days=7)
    deal = ctx.create("deal", name="Fit-out", customer=a_person(cast).pk, stage=first_stage_id())
    run_action(ctx, deal, "win", {})
    read_log()
    one = SurveyAsk.objects.get(workspace_id=cast.home.pk)
    assert (one.state, one.occasion) == ("waiting", f"deal:{deal.pk.hex}")
    assert dt.timedelta(days=5) < one.due_at - dt.datetime.now(dt.UTC) < dt.timedelta(days=8)


def test_it_is_asked_in_the_language_of_the_person(cast: Cast) -> None:
    a_survey(cast, wordings="de: Wie war unsere Hilfe?", question="How was our help?")
    solved(cast, a_person(cast, language="de"))
    ask_workspace(cast.home)
    assert "Wie war unsere Hilfe?" in mail.outbox[0].body and '<html lang="de"' in mail.outbox[0].alternatives[0][0]
    assert 'lang="de"' in Client().get(links(mail.outbox[0])["1"]).content.decode()


def test_a_low_score_becomes_one_task_for_the_owner_with_the_comment(cast: Cast) -> None:
    found = asked(cast, follow_up_days=2)
    Client().post(found["2"], {"score": "2"})
    Client().post(found["2"], {"score": "1", "comment": "Nobody called back"})
    task = Task.objects.get(kind="call")
    assert task.subject == "Call Maya Jensen: rated 2 of 5" and task.owner_id == cast.ben.pk and task.is_follow_up
    assert task.due_on == cast.system.format.today + dt.timedelta(days=2) and "Nobody called back" in task.note
    page = cast.client("ana").get(f"/customer/{SurveyAnswer.objects.get().person_id}").content.decode()
    assert "1/5 · After a ticket" in page and "Nobody called back" in page, "it stands in the story"
    assert "CSAT 1 of 5" in page and "Rated 1 of 5 lately" in page


def test_the_lead_gets_it_when_the_owner_is_away_or_gone(cast: Cast) -> None:
    queue = Queue.objects.get()
    cast.ctx("ana").write(queue, lead=cast.cem.pk)
    today = cast.system.format.today
    cast.ctx("ana").create("queue_member", queue=queue.pk, person=cast.ben.pk, away_from=today, away_until=today)
    found = asked(cast)
    Client().post(found["1"], {"score": "1"})
    assert Task.objects.get(kind="call").owner_id == cast.cem.pk
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    solved(cast, other := a_person(cast, name="Nuno", emails=["nuno@example.org"]))
    ask_workspace(cast.home)
    Client().post(links(mail.outbox[-1])["1"], {"score": "1"})
    assert Task.objects.get(kind="call", customer=other.pk).owner_id == cast.cem.pk


def test_a_rating_given_on_the_phone_is_noted_counts_as_asked_and_can_be_corrected(cast: Cast) -> None:
    survey = a_survey(cast)
    person = a_person(cast)
    ticket = a_ticket(cast, person)
    run_action(cast.ctx("ben"), ticket, "rate", {"survey": str(survey.pk), "score": "2", "comment": "Too slow"})
    one = SurveyAnswer.objects.get()
    assert (one.channel, one.person_id, one.ticket_id, one.owner_id) == ("phone", person.pk, ticket.pk, cast.ben.pk)
    with pytest.raises(Invalid, match="short while ago"):
        run_action(cast.ctx("ben"), person, "ask_rating_now", {"survey": str(survey.pk)})
    run_action(cast.ctx("ben"), one, "correct", {"score": "3"})
    one.refresh_from_db()
    assert (one.score, one.comment, one.is_low) == (3, "Too slow", False)
    with pytest.raises(Invalid, match="from 1 to 5"):
        run_action(cast.ctx("ben"), person, "note_rating", {"survey": str(survey.pk), "score": "9"})


def test_ask_now_sends_with_the_next_turn_and_says_why_not(cast: Cast) -> None:
    survey = a_survey(cast, asks="hand")
    person = a_person(cast)
    run_action(cast.ctx("ana"), person, "ask_rating_now", {"survey": str(survey.pk)})
    assert ask_workspace(cast.home) == 1
    with pytest.raises(Invalid, match="short while ago"):
        run_action(cast.ctx("ana"), person, "ask_rating_now", {"survey": str(survey.pk)})


def test_a_portal_answers_through_one_function_that_knows_no_mail(cast: Cast) -> None:
    a_survey(cast)
    ticket = solved(cast, a_person(cast))
    one = answer(cast.system, ticket, 5, "Fine", "portal")  # type: ignore[arg-type]
    again = answer(cast.system, ticket, 4, "Fine", "portal")  # type: ignore[arg-type]
    assert one.pk == again.pk and again.score == 4 and again.channel == "portal"
    assert ask_workspace(cast.home) == 0, "who answered in the portal gets no mail about it"


def test_the_shipped_surveys_are_switched_off(cast: Cast) -> None:
    found = list(Survey.objects.order_by("pk").values_list("kind", "asks", "is_active"))
    assert found == [("csat", "ticket", False), ("nps", "regular", False), ("ces", "ticket", False)]
    solved(cast, a_person(cast))
    assert why(cast) == []


def test_a_survey_says_what_is_wrong_with_it(cast: Cast) -> None:
    for given, field in (
        ({"low": 5}, "low"), ({"customers": "no such thing is x"}, "customers"), ({"wordings": "Wie war es?"}, "wordings"),
        ({"follow_up_for": "person"}, "follow_up_person"), ({"asks": "regular", "every_months": 0}, "every_months"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as wrong:
            a_survey(cast, **given)
        assert field in wrong.value.errors


def test_the_ticket_says_how_it_was_rated_or_why_nobody_was_asked(cast: Cast) -> None:
    a_survey(cast)
    person = a_person(cast)
    ticket = solved(cast, person)
    client = cast.client("ana")
    assert "Will be asked" in client.get(f"/ticket/{ticket.pk}").content.decode()
    ask_workspace(cast.home)
    assert "Asked, not answered yet" in client.get(f"/ticket/{ticket.pk}").content.decode()
    Client().post(links(mail.outbox[-1])["2"], {"score": "2", "comment": "Too <slow>"})
    page = client.get(f"/ticket/{ticket.pk}").content.decode()
    assert "2/5 · After a ticket" in page and "Too &lt;slow&gt;" in page
    other = solved(cast, person)
    ask_workspace(cast.home)
    assert "asked a short while ago" in client.get(f"/ticket/{other.pk}").content.decode()


def test_whoever_says_no_on_the_phone_is_not_asked(cast: Cast) -> None:
    survey, person = a_survey(cast), a_person(cast)
    run_action(cast.ctx("ana"), person, "withdraw", {"purpose": "surveys", "source": "call"})
    with pytest.raises(Invalid, match="does not wish"):
        run_action(cast.ctx("ana"), person, "ask_rating_now", {"survey": str(survey.pk)})


def test_a_rating_that_a_program_brings_is_followed_up_like_any_other(cast: Cast) -> None:
    survey, person = a_survey(cast, kind="nps", asks="hand", follow_up_for="person", follow_up_person=cast.cem.pk), a_person(cast)
    body = {"survey": str(survey.pk), "person": str(person.pk), "score": 3, "comment": "Too dear", "channel": "web"}
    api = cast.api("ana")
    made = api.post("/api/v1/survey_answer", body, content_type="application/json")
    assert made.status_code == 201 and made.json()["headline"].startswith("3/10")
    task = Task.objects.get(kind="call")
    assert (task.owner_id, task.note, task.customer_id) == (cast.cem.pk, "Too dear", person.pk)
    wrong = api.post("/api/v1/survey_answer", {**body, "score": 11}, content_type="application/json")
    assert wrong.status_code in (400, 422) and "from 0 to 10" in wrong.content.decode()
    assert Task.objects.filter(kind="call").count() == 1


def test_nobody_hammers_one_question(cast: Cast) -> None:
    found, visitor = asked(cast), Client()
    answers = [visitor.post(found["4"], {"score": "4"}).status_code for _n in range(23)]
    assert answers[:20] == [303] * 20 and 429 in answers[20:]
    guesses = [Client().get(f"/rate/{number:032d}").status_code for number in range(33)]
    assert guesses[0] == 404 and 429 in guesses[30:]
