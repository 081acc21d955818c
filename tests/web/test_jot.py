"""Write it down: a typed line becomes records, shown first, all or nothing, and only what the role allows."""

from __future__ import annotations

import datetime as dt

import pytest

from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from tests.cast import Cast, hide_group
from tests.factory import make

LINE = "Ann Lee, ann@acme.com, Acme, met at Farnborough, call Tuesday"


def _rows(cast: Cast, type_key: str, **where: object) -> list[object]:
    return list(gate.visible(cast.ctx("ben"), registry.get(type_key)).filter(**where))


def test_the_line_of_the_promise_becomes_person_company_source_and_task(cast: Cast) -> None:
    client = cast.client("ben")
    shown = client.post("/quick-add/read", {"text": LINE}, headers={"HX-Request": "true"}).content.decode()
    for words in ('value="Ann Lee"', "ann@acme.com", 'value="Acme"', "Trade show", "Met at Farnborough", 'value="Call Ann Lee"'):
        assert words in shown
    assert not _rows(cast, "customer", name="Ann Lee"), "reading saves nothing"
    client.post("/quick-add/save", {"text": LINE}, follow=True)
    [ann], [acme] = _rows(cast, "customer", name="Ann Lee"), _rows(cast, "customer", name="Acme")
    assert (ann.kind, ann.source, ann.note, ann.emails[0]["value"]) == ("person", "trade_show", "Met at Farnborough", "ann@acme.com")
    assert (acme.kind, acme.website) == ("company", "https://acme.com")
    [tie] = _rows(cast, "affiliation", person_id=ann.pk)
    [task] = _rows(cast, "task", customer_id=ann.pk)
    today = cast.ctx("ben").format.today
    assert tie.company_id == acme.pk and (task.kind, task.subject) == ("call", "Call Ann Lee")
    assert task.due_on > today and task.due_on.weekday() == 1 and task.due_on <= today + dt.timedelta(days=7)


def test_what_was_saved_from_one_line_goes_back_with_one_undo(cast: Cast) -> None:
    client = cast.client("ben")
    page = client.post("/quick-add/save", {"text": LINE}, follow=True).content.decode()
    what = page.partition('name="what" value="')[2].partition('"')[0]
    assert len(what.split()) == 4
    client.post("/undo", {"what": what})
    assert not _rows(cast, "customer", name__in=["Ann Lee", "Acme"]) and not _rows(cast, "task", subject="Call Ann Lee")


def test_a_known_company_is_used_and_not_made_again(cast: Cast) -> None:
    acme = make(cast.ctx("ben"), "customer", kind="company", name="Acme", owner=cast.ben.pk)
    client = cast.client("ben")
    assert "Known" in client.post("/quick-add/read", {"text": LINE}).content.decode()
    client.post("/quick-add/save", {"text": LINE})
    assert [one.pk for one in _rows(cast, "customer", name="Acme")] == [acme.pk]
    client.post("/quick-add/save", {"text": "Bo Diaz from Acme", "company-use": "new", "seen": "company", "company-on": "1"})
    assert len(_rows(cast, "customer", name="Acme")) == 2, "the person may say that it is another one"


def test_what_the_person_changed_wins_over_what_was_read(cast: Cast) -> None:
    post = {"text": LINE, "touched": "person-name,task-due_on", "person-name": "Anna Lee", "task-due_on": "2031-05-06"}
    cast.client("ben").post("/quick-add/save", post)
    assert _rows(cast, "customer", name="Anna Lee") and _rows(cast, "task", due_on=dt.date(2031, 5, 6))


def test_a_card_that_is_unticked_is_not_made(cast: Cast) -> None:
    post = {"text": LINE, "seen": "person,company,tie,task", "person-on": "1", "task-on": "1"}
    cast.client("ben").post("/quick-add/save", post)
    assert _rows(cast, "customer", name="Ann Lee") and not _rows(cast, "customer", name="Acme")
    assert not _rows(cast, "affiliation", person__name="Ann Lee")


def test_a_refused_field_keeps_everything_typed_and_saves_nothing(cast: Cast) -> None:
    post = {"text": LINE, "touched": "task-due_on", "task-due_on": "31 feb 2027"}
    answer = cast.client("ben").post("/quick-add/save", post)
    html = answer.content.decode()
    assert answer.status_code == 422 and "31 feb 2027" in html and "Ann Lee, ann@acme.com" in html
    assert not _rows(cast, "customer", name="Ann Lee")


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("Dara Whelan from Whelan & Daughters Deli, 086 555 0177, wants beans for two shops, call Monday at 9", "note",
         {"subject": "Wants beans for two shops"}),
        ("Ring back in 2 weeks", "task", {"kind": "call", "subject": "Ring back"}),
        ("Acme GmbH, info@acme.de, wants 20 chairs €14k, send quote by Friday", "deal", {"name": "Wants 20 chairs"}),
        ("Acme GmbH, info@acme.de, wants 20 chairs €14k, send quote by Friday", "company", {"name": "Acme GmbH"}),
        ("Mary O'Brien, referred by Tom", "person", {"source": "referral", "name": "Mary O'Brien"}),
        ("lovely weather today", "note", {}),
    ],
)  # fmt: skip
def test_lines_people_write(cast: Cast, text: str, key: str, expected: dict[str, object]) -> None:
    from rapport.engines.sentence.line import read_line

    drafts = read_line(cast.ctx("ben"), text).drafts
    if key == "note" and not expected:
        assert set(drafts) == {"task"} or set(drafts) == {"note"}
        return
    assert {name: drafts[key].values[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("language", "text", "kind", "at"),
    [
        ("de", "Jana Weiß, jana@weiss.de, anrufen am Dienstag um 14:30 Uhr", "call", dt.time(14, 30)),
        ("fr", "Jean Dupont, jean.dupont@gmail.com, rencontré au salon, rappeler mardi à 14h30", "call", dt.time(14, 30)),
        ("es", "Ana Ruiz, ana@ruiz.es, llamar el martes a las 9", "call", dt.time(9, 0)),
    ],
)
def test_a_line_is_read_in_the_persons_language(cast: Cast, language: str, text: str, kind: str, at: dt.time) -> None:
    from dataclasses import replace

    from rapport.engines.sentence.line import read_line

    ctx = cast.ctx("ben")
    line = read_line(replace(ctx, format=replace(ctx.format, language=language), memory={}), text)
    task = line.drafts["task"].values
    assert (task["kind"], task["due_time"]) == (kind, at) and task["due_on"].weekday() == 1
    assert "person" in line.drafts


def test_a_stranger_of_the_same_name_is_neither_shown_nor_used(cast: Cast) -> None:
    # The cast narrows the sales role to its team: what Cem owns is not Ben's to see.
    hidden = make(cast.system, "customer", kind="company", name="Canary Works", owner=cast.cem.pk)
    html = cast.client("ben").post("/quick-add/read", {"text": "Canary Works, call tomorrow"}).content.decode()
    assert str(hidden.pk) not in html
    assert "Known" not in html


def test_an_amount_one_may_not_see_makes_no_deal(cast: Cast) -> None:
    hide_group(cast, "sales", "sales.amounts")
    html = cast.client("ben").post("/quick-add/read", {"text": "Acme Ltd, wants 20 chairs €14,000"}).content.decode()
    assert "Deal" not in html and "Wants 20 chairs" in html


def test_a_line_that_begins_with_lead_is_one_with_its_task_about_it(cast: Cast) -> None:
    text = "Lead Dara Whelan from Whelan & Daughters Deli, 086 555 0177, met at the Galway food fair, wants beans for two shops, call Monday at 9"
    cast.client("ben").post("/quick-add/save", {"text": text})
    [lead] = _rows(cast, "lead", name="Dara Whelan")
    assert (lead.company, lead.source, lead.interest) == ("Whelan & Daughters Deli", "trade_show", "Wants beans for two shops")
    [task] = _rows(cast, "task", subject="Call Dara Whelan")
    assert task.about_id == lead.pk and not _rows(cast, "customer", name="Dara Whelan")
