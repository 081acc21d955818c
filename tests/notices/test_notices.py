"""Notices: who hears of what, once, and nothing of what they may not see, now or when they read it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.followups.running import run_rule
from rapport.engines.notices import writing
from rapport.engines.notices.models import Notice
from rapport.kernel.access import sharing
from rapport.kernel.access.models import Role, User
from rapport.kernel.changes.readers import run_readers
from rapport.modules.activities.due_notices import tell_workspace
from rapport.modules.customers.models import Customer
from tests.cast import Cast, hide_group
from tests.factory import make
from tests.followups.test_rules import NOW, rule_of

HTMX = {"HX-Request": "true"}
#: Reminders and the mark of unread notices, besides session, account and user.
QUIET_QUERIES = 5


def token(user: User) -> str:
    """A mention as the composer writes it."""
    return f"@[{user.name}](user:{user.pk})"


def notices_of(user: User) -> list[Notice]:
    """What a person was told, oldest first."""
    run_readers()
    return list(Notice.objects.filter(workspace_id=user.workspace_id, user_id=user.pk).order_by("id"))


def bell(cast: Cast, who: str) -> str:
    """The bell as the page asks for it."""
    run_readers()
    return cast.client(who).get("/bell", headers=HTMX).content.decode()


def test_a_mention_tells_the_person_once(cast: Cast) -> None:
    """In a new text and in one that is added to; writing the same text again tells nobody, nor does naming oneself."""
    one = make(cast.system, "customer", name="Hotel Aldersley", owner=cast.ben.pk)
    note = make(cast.system, "activity", kind="note", subject="Look", customer=one.pk, owner=cast.ben.pk)
    cast.ctx("ana").write(note, body=f"{token(cast.ben)} please look")
    (told,) = notices_of(cast.ben)
    assert (told.event, told.field, told.records, told.actor_id) == ("mention", "body", [str(note.pk)], cast.ana.pk)
    cast.ctx("ana").write(note, body=f"{token(cast.ben)} please look again, {token(cast.ana)}")
    assert len(notices_of(cast.ben)) == 1 and not notices_of(cast.ana)
    assert "Ana Silva mentioned you in “Look”" in bell(cast, "ben") and "1 notice" in bell(cast, "ben")


def test_whoever_may_not_see_the_record_hears_nothing(cast: Cast) -> None:
    """Cem is of another team, Dea of another company: no notice, no count, no title."""
    one = make(cast.system, "customer", name="Secret Hotel", owner=cast.ben.pk)
    cast.ctx("ben").write(one, note=f"{token(cast.cem)} {token(cast.dea)} {token(cast.ana)}")
    assert not notices_of(cast.cem) and not Notice.objects.filter(user_id=cast.dea.pk, workspace_id=cast.home.pk).exists()
    assert len(notices_of(cast.ana)) == 1
    for who in ("cem", "dea"):
        assert "Secret" not in bell(cast, who) and "notice" not in bell(cast, who).split("summary")[1]
        assert "Secret" not in cast.client(who).get("/notices").content.decode()


def test_what_stopped_being_visible_is_gone_from_the_bell_and_the_page(cast: Cast) -> None:
    """Told while he saw it, silent when he does not: no title, no actor, and the link is not there."""
    one = make(cast.system, "customer", name="Moving Hotel", owner=cast.cem.pk)
    cast.ctx("ana").write(one, note=f"Hello {token(cast.cem)}")
    (told,) = notices_of(cast.cem)
    assert "Moving Hotel" in bell(cast, "cem")
    cast.ctx("ana").write(Customer.objects.get(pk=one.pk), owner=cast.ben.pk)
    client = cast.client("cem")
    assert "Moving Hotel" not in bell(cast, "cem") and "Moving" not in client.get("/notices").content.decode()
    assert client.post(f"/notices/{told.pk}/open").status_code == 404


def test_a_mention_in_a_hidden_field_is_not_told(cast: Cast) -> None:
    """The field of a group the role lacks: neither when it is written nor, hidden later, when it is read."""
    ana = cast.ctx("ana")
    ana.create("custom_field", on_type="customer", label="Secret words", kind="longtext", field_group="customers.figures")
    cast.home.refresh_from_db()
    one = make(cast.system, "customer", name="Hotel", owner=cast.ben.pk)
    cast.ctx("ana").write(one, c_secret_words=f"{token(cast.ben)} psst")
    assert len(notices_of(cast.ben)) == 1 and "Hotel" in bell(cast, "ben")
    hide_group(cast, "sales", "customers.figures")
    assert "Hotel" not in bell(cast, "ben")
    cast.ctx("ana").write(one, c_secret_words=f"{token(cast.ben)} and {token(cast.cem)}")
    assert len(notices_of(cast.ben)) == 1 and not notices_of(cast.cem)


def test_many_records_handed_over_are_one_notice(cast: Cast) -> None:
    """Twelve at once read as one sentence, one by itself names the record; what one gives oneself is no news."""
    ids = [make(cast.system, "customer", name=f"Hotel {n:02}").pk for n in range(12)]
    cast.ctx("ana").write_many("customer", [(pk, {"owner": cast.ben.pk}) for pk in ids])
    assert [len(one.records) for one in notices_of(cast.ben)] == [12]
    assert "Ana Silva handed 12 customers to you" in bell(cast, "ben")
    cast.client("ben").post("/notices/read-all")
    make(cast.ctx("ana"), "task", subject="Ring Grace", owner=cast.ben.pk)
    make(cast.ctx("ben"), "task", subject="My own")
    shown = bell(cast, "ben")
    assert "Ana Silva handed “Ring Grace” to you" in shown and "My own" not in shown and "12 customers" not in shown


def test_work_of_rapport_itself_hands_nothing_over(cast: Cast) -> None:
    """Samples and imports nobody asked for in person."""
    cast.system.create("task", subject="From the sample", owner=cast.ben.pk)
    assert not notices_of(cast.ben)


def test_what_a_rule_made_is_one_notice_with_its_name(cast: Cast) -> None:
    """However many tasks."""
    rule = rule_of(cast, "no_contact", matching="", also_days=200)
    for n in range(3):
        one = make(cast.system, "customer", name=f"Quiet {n}", owner=cast.ben.pk)
        Customer.objects.filter(pk=one.pk).update(last_contact_at=NOW - dt.timedelta(days=100))
    assert run_rule(cast.home, rule.pk) == 3
    assert [one.event for one in notices_of(cast.ben)] == ["rule"]
    assert "The rule “No contact for 90 days” put 3 tasks down for you" in bell(cast, "ben")


def test_a_share_is_told(cast: Cast) -> None:
    """To the person it was shared with."""
    one = make(cast.system, "customer", name="Shared Hotel", owner=cast.ben.pk)
    sharing.share(cast.ctx("ana"), one, cast.cem.pk)
    assert "Ana Silva shared “Shared Hotel” with you" in bell(cast, "cem") and not notices_of(cast.ben)


def test_what_is_due_today_is_told_once_in_the_morning(cast: Cast) -> None:
    """Not before seven by the clock of the workspace, once a day, only to those with something to do."""
    dublin = ZoneInfo("Europe/Dublin")
    day = dt.datetime(2026, 11, 24, tzinfo=dublin)
    for n in range(2):
        cast.system.create("task", subject=f"Due {n}", owner=cast.ben.pk, due_on=day.date())
    assert tell_workspace(cast.home, day.replace(hour=6, minute=59)) == 0
    assert tell_workspace(cast.home, day.replace(hour=7)) == 1 and tell_workspace(cast.home, day.replace(hour=9)) == 0
    assert "2 tasks are due today" in bell(cast, "ben") and not notices_of(cast.cem)


def test_reading_one_and_all(cast: Cast) -> None:
    """Opening marks it and leads to the record; somebody else's notice is not there."""
    for name in ("One", "Two", "Three"):
        make(cast.ctx("ana"), "customer", name=name, owner=cast.ben.pk)
        Notice.objects.filter(workspace_id=cast.home.pk).update(at=NOW - dt.timedelta(hours=1))
        run_readers()
        Notice.objects.filter(workspace_id=cast.home.pk).update(at=NOW - dt.timedelta(hours=1))
    got = notices_of(cast.ben)
    client = cast.client("ben")
    answer = client.post(f"/notices/{got[0].pk}/open")
    assert answer.status_code == 302 and answer.headers["Location"] == f"/customer/{got[0].records[0]}"
    assert cast.client("cem").post(f"/notices/{got[1].pk}/open").status_code == 404
    assert client.get("/notices").content.decode().count("badge acc") == 2
    client.post("/notices/read-all")
    assert not Notice.objects.filter(workspace_id=cast.home.pk, user_id=cast.ben.pk, read_at=None).exists()
    assert "No reminders" in bell(cast, "ben")


def test_nothing_new_is_a_304_and_two_queries(cast: Cast) -> None:
    """The mark of what is shown decides; a new notice or another role changes it."""
    client = cast.client("ben")
    mark = client.get("/bell", headers=HTMX).headers["ETag"]
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/bell", headers={**HTMX, "If-None-Match": mark}).status_code == 304
    assert len(queries) == QUIET_QUERIES, [q["sql"][:90] for q in queries]
    make(cast.ctx("ana"), "task", subject="News", owner=cast.ben.pk)
    run_readers()
    answer = client.get("/bell", headers={**HTMX, "If-None-Match": mark})
    assert answer.status_code == 200 and answer.headers["ETag"] != mark and "News" in answer.content.decode()


def test_the_page_costs_the_same_for_many_notices(cast: Cast) -> None:
    """Titles come set-wise."""
    counts = []
    for number in (1, 20):
        for n in range(number):
            one = make(cast.system, "customer", name=f"H{n}", owner=cast.ben.pk)
            cast.ctx("ana").write(one, note=f"{token(cast.ben)} {n}")
        run_readers()
        client = cast.client("ben")
        client.get("/notices")
        with CaptureQueriesContext(connection) as queries:
            client.get("/notices")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_old_changes_are_no_news(cast: Cast, monkeypatch: object) -> None:
    """A first start over a long log tells nobody of last year."""
    make(cast.ctx("ana"), "task", subject="Long ago", owner=cast.ben.pk)
    monkeypatch.setattr(writing, "_NEWS", dt.timedelta(days=-1))  # type: ignore[attr-defined]
    assert not notices_of(cast.ben)


def test_a_role_that_sees_no_people_reads_somebody(cast: Cast) -> None:
    """The name of who did it is asked at the gate too."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "user": {}})
    make(cast.ctx("ana"), "task", subject="Ring Grace", owner=cast.ben.pk)
    shown = bell(cast, "ben")
    assert "Somebody handed “Ring Grace” to you" in shown and "Ana" not in shown
