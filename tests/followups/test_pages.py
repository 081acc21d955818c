"""The pages of follow-up rules: sentences, presets, a preview through the gate, on and off, and nobody without the right."""

from __future__ import annotations

import datetime as dt
import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.followups.models import FollowUpRule
from rapport.engines.followups.registry import presets
from rapport.engines.followups.running import run_rule
from rapport.modules.customers.models import Customer
from tests.cast import Cast
from tests.factory import make
from tests.followups.test_rules import NOW, _let_ben, rule_of

#: Session, account, user, rules and their states; the number of rules does not matter.
LIST_QUERIES = 6


def posted(html: str, **more: str) -> dict[str, str]:
    """What a browser would post of the form as it stands."""
    form = html[html.index('id="rule-form"') :]
    form = form[: form.index("</form>")]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (not re.search(r'type="(checkbox|radio)"', tag) or " checked" in tag):
            found[name[1]] = value[1] if value else ""
    for name, inside in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)"[^>]*selected', inside)
        found[name] = chosen[1] if chosen else ""
    for name, inside in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = inside.strip()
    return {**found, **more}


def test_a_preset_becomes_a_rule_with_one_click_and_save(cast: Cast) -> None:
    """Each of them opens filled in, is saved as it stands, and reads as a sentence in the list."""
    client = cast.client("ana")
    page = client.get("/settings/follow-ups").content.decode()
    assert "/settings/follow-ups" in client.get("/settings/").content.decode()
    for one in presets():
        assert f"?preset={one.key}" in page
        html = client.get(f"/settings/follow-ups/new?preset={one.key}").content.decode()
        answer = client.post("/settings/follow-ups/new", posted(html))
        assert answer.status_code == 302, answer.content.decode()[:3000]
    listed = client.get("/settings/follow-ups").content.decode()
    assert FollowUpRule.objects.filter(workspace_id=cast.home.pk).count() == len(presets()) == 4
    assert "4 months after “closed” of a deal. It makes the task “How is it going? {name}” for the owner of the record." in listed
    assert "Until orders are kept here" in page
    rule = FollowUpRule.objects.get(workspace_id=cast.home.pk, moment="last_contact_at")
    assert (rule.amount, rule.mode, rule.runs_as_id) == (90, "quiet", cast.ana.pk)


def test_the_preview_counts_what_the_viewer_sees(cast: Cast) -> None:
    """Ben's preview does not count what only the other team sees."""
    _let_ben(cast)
    for owner in (cast.ben, cast.cem):
        one = make(cast.system, "customer", name=f"Of {owner.name}", owner=owner.pk)
        Customer.objects.filter(pk=one.pk).update(last_contact_at=NOW - dt.timedelta(days=100))
    for who, count in (("ana", "2 tasks"), ("ben", "1 task ")):
        client = cast.client(who)
        html = client.get("/settings/follow-ups/new?preset=no_contact").content.decode()
        form = posted(html, matching="", also="1", also_days="30")
        shown = client.post("/settings/follow-ups/preview", form, headers={"HX-Request": "true"}).content.decode()
        assert f"It would make {count}" in shown and ("Of Cem" in shown) == (who == "ana")
        later = client.post("/settings/follow-ups/preview", {**form, "also": ""}, headers={"HX-Request": "true"}).content.decode()
        assert "It makes no task now" in later and count.strip() in later
        wrong = client.post(
            "/settings/follow-ups/preview", {**form, "matching": "nonsense"}, headers={"HX-Request": "true"}
        ).content.decode()
        assert "bad-t" in wrong


def test_a_wrong_form_comes_back_with_the_sentence_and_what_was_typed(cast: Cast) -> None:
    """Nothing is stored."""
    client = cast.client("ana")
    html = client.get("/settings/follow-ups/new?preset=birthday").content.decode()
    answer = client.post("/settings/follow-ups/new", posted(html, subject="Dear {nobody}"))
    assert (
        answer.status_code == 422
        and "There is no {nobody}" in answer.content.decode()
        and "Dear {nobody}" in answer.content.decode()
    )
    assert not FollowUpRule.objects.filter(workspace_id=cast.home.pk).exists()


def test_switching_off_and_on(cast: Cast) -> None:
    """By one button each way; the page tells what the rule made last, also when its maker left."""
    rule = rule_of(cast, "no_contact", matching="", also_days=200)
    one = make(cast.system, "customer", name="Hotel", owner=cast.ben.pk)
    Customer.objects.filter(pk=one.pk).update(last_contact_at=NOW - dt.timedelta(days=100))
    assert run_rule(cast.home, rule.pk) == 1
    client = cast.client("ana")
    page = client.get("/settings/follow-ups").content.decode()
    assert "1 task made so far" in page and "with the rights of Ana Silva" in page
    assert "Get in touch with Hotel" in client.get(f"/settings/follow-ups/{rule.pk}").content.decode()
    client.post(f"/settings/follow-ups/{rule.pk}/switch", {"on": "0"})
    rule.refresh_from_db()
    assert not rule.is_active and "Switch on" in client.get("/settings/follow-ups").content.decode()
    client.post(f"/settings/follow-ups/{rule.pk}/switch", {"on": "1"})
    rule.refresh_from_db()
    assert rule.is_active and rule.also_days == 0


def test_only_roles_with_the_right_come_here(cast: Cast) -> None:
    """Sales people may not; another workspace's rule is not there."""
    rule = rule_of(cast, "birthday")
    ben, dea = cast.client("ben"), cast.client("dea")
    assert ben.get("/settings/follow-ups").status_code == 403
    assert ben.post("/settings/follow-ups/preview", {}).status_code == 403
    assert ben.get(f"/settings/follow-ups/{rule.pk}").status_code == 404
    assert dea.get(f"/settings/follow-ups/{rule.pk}").status_code == 404
    assert dea.post(f"/settings/follow-ups/{rule.pk}/switch", {"on": "0"}).status_code == 404


def test_the_list_costs_the_same_for_many_rules(cast: Cast) -> None:
    """One query for the rules, one for their states."""
    client = cast.client("ana")
    client.get("/settings/follow-ups")
    for _round in range(2):
        for n in range(3):
            rule_of(cast, "birthday", name=f"Birthday {_round} {n}")
        client.get("/settings/follow-ups")
        with CaptureQueriesContext(connection) as queries:
            client.get("/settings/follow-ups")
        assert len(queries) == LIST_QUERIES, [q["sql"][:90] for q in queries]
