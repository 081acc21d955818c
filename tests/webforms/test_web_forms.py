"""Web forms: nobody is doubled, nothing is overwritten, nobody learns who is known, and programs get nowhere."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client

from rapport.engines.webforms import receiving
from rapport.engines.webforms.models import PublicForm, Submission
from rapport.engines.webforms.receiving import take, thin
from rapport.kernel.access.current import use_workspace
from rapport.kernel.errors import Invalid
from rapport.kernel.records.registry import registry
from rapport.modules.activities.models import Activity
from rapport.modules.customers.models import Consent, Customer
from rapport.modules.sales.models import Lead
from rapport.surfaces.web.forms import pages
from rapport.surfaces.web.forms.mailing import mail_link
from tests.cast import Cast

ASKS = "name*\nemails*: Your e-mail\nphones\nnote: Your question\ncompany"


class ForJob:
    """What a task is told about its job."""

    def __init__(self, workspace_id: object) -> None:
        self.workspace_id = workspace_id


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visitors of these tests take their time."""
    monkeypatch.setattr(pages, "QUICKEST", -1)


def a_form(cast: Cast, **given: object) -> PublicForm:
    values = {"name": "Contact", "asks": ASKS, "is_open": True, "is_confirmed_by_mail": False, "campaign": "spring", **given}
    made = cast.ctx("ana").create("web_form", **values)
    return PublicForm.objects.get(workspace_id=cast.home.pk, record_id=made.pk)


def send(form: PublicForm, client: Client | None = None, **given: str) -> object:
    """What a browser does: open the page, type, press the button."""
    client = client or Client()
    page = client.get(f"/form/{form.key}?utm_source=newsletter")
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    assert not page.cookies
    return client.post(f"/form/{form.key}", {**hidden, **given})


def take_all(cast: Cast) -> None:
    """What the job runner does."""
    for one in Submission.objects.filter(workspace_id=cast.home.pk, state="received"):
        take.function(ForJob(cast.home.pk), submission=str(one.pk))  # type: ignore[attr-defined]


MAYA = {"name": "Maya Jensen", "emails": "maya@example.org", "phones": "+353 1 555 0142", "note": "A quote, please"}


def test_somebody_new_becomes_a_lead_with_source_and_campaign(cast: Cast) -> None:
    form = a_form(cast)
    answer = send(form, **MAYA)
    assert answer.headers["Location"] == f"/form/{form.key}/sent"
    assert "Thank you" in Client().get(answer.headers["Location"]).content.decode()
    take_all(cast)
    take_all(cast)
    lead = Lead.objects.get()
    assert (lead.name, lead.source, lead.owner_id, lead.note) == ("Maya Jensen", "form", cast.ana.pk, "A quote, please")
    assert "newsletter" in lead.raw and "spring" in lead.raw and "not confirmed" in lead.raw
    kept = Submission.objects.get(workspace_id=cast.home.pk)
    assert (kept.state, kept.values, kept.made_id) == ("done", {}, lead.pk)
    assert "Taken" in cast.client("ana").get(f"/web_form/{form.record_id}").content.decode()


def test_a_known_person_is_joined_and_never_overwritten(cast: Cast) -> None:
    """A message in their story with what differs; blanks are filled only for whoever confirmed the address."""
    ctx = cast.ctx("ana")
    maya = ctx.create("customer", kind="person", name="Maya Jensen", emails=["maya@example.org"])
    ben = ctx.create("customer", kind="person", name="Benno Berg", phones=["+353 1 555 0177"])
    form = a_form(cast)
    send(form, **{**MAYA, "name": "Maja Jensen-Smith"})
    send(form, **{**MAYA, "name": "Benno Berg", "emails": "b@example.org", "phones": "01 555 0177"})
    take_all(cast)
    assert not Lead.objects.exists() and Customer.objects.count() == 2
    told = Activity.objects.get(customer=maya)
    assert "Maja Jensen-Smith" in told.body.partition("Differs")[2] and told.direction == "in"
    maya.refresh_from_db()
    assert maya.name == "Maya Jensen" and not maya.phones, "an unconfirmed stranger fills nothing in"
    assert "b@example.org" in Activity.objects.get(customer=ben).body.partition("Differs")[2]


def test_double_opt_in(cast: Cast) -> None:
    """Nothing before the button behind the link was pressed; then the blank is filled and the consent proven."""
    maya = cast.ctx("ana").create("customer", kind="person", name="Maya Jensen", emails=["maya@example.org"])
    form = a_form(cast, is_confirmed_by_mail=True, consent_text="You may write to me.", consent_for="newsletter")
    answer = send(form, **MAYA, consent="1")
    assert "Look into your mail" in Client().get(answer.headers["Location"]).content.decode()
    take_all(cast)
    one = Submission.objects.get(workspace_id=cast.home.pk)
    assert one.state == "waiting" and not Activity.objects.exists()
    for _twice in range(2):
        mail_link.function(ForJob(cast.home.pk), submission=str(one.pk), base="http://testserver")  # type: ignore[attr-defined]
    [sent] = mail.outbox
    assert sent.to == ["maya@example.org"] and "quote" not in sent.body and "Maya" not in sent.body
    link = re.search(r"http://testserver(/form/confirm/\S+)", sent.body)[1]  # type: ignore[index]
    assert Client().get(link).status_code == 200
    one.refresh_from_db()
    assert one.state == "waiting", "looking confirms nothing"
    assert Client().post(link[:-2] + "xx").status_code == 404
    assert "Thank you" in Client().post(link).content.decode()
    take_all(cast)
    Client().post(link)
    take_all(cast)
    maya.refresh_from_db()
    assert maya.phones and Activity.objects.count() == 1
    consent = Consent.objects.get(customer=maya)
    assert (consent.purpose, consent.answer, consent.wording) == ("newsletter", "given", "You may write to me.")


def test_what_nobody_confirmed_is_dropped(cast: Cast) -> None:
    """After 7 days what waits; after 90 that anything was sent, also what could not be taken."""
    form = a_form(cast, is_confirmed_by_mail=True)
    send(form, **MAYA)
    rows = Submission.objects.filter(workspace_id=cast.home.pk)
    now = dt.datetime.now(dt.UTC)
    assert thin(cast.home) == 0 and thin(cast.home, now + dt.timedelta(days=8)) == 1 and not rows.exists()
    send(form, **MAYA)
    rows.update(state="failed")
    assert thin(cast.home, now + dt.timedelta(days=80)) == 0 and thin(cast.home, now + dt.timedelta(days=100)) == 1


def test_nobody_learns_who_is_known(cast: Cast) -> None:
    """The same answers, word for word, for a known and an unknown address; who is known is only looked up by the job."""
    cast.ctx("ana").create("customer", kind="person", name="Maya Jensen", emails=["maya@example.org"])
    form = a_form(cast)
    told = []
    for address in ("maya@example.org", "nobody@example.org"):
        answer = send(form, **{**MAYA, "emails": address})
        headers = {key: re.sub(r"nonce-[\w-]+", "", value) for key, value in answer.headers.items()}
        told.append((answer.status_code, answer.content, headers, Client().get(answer.headers["Location"]).content))
    assert told[0] == told[1]


def test_programs_get_nowhere(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hidden field, no token, a token of another form, too quick, the same twice, too many from one address."""
    form, other = a_form(cast), a_form(cast, name="Other")
    rows = Submission.objects.filter(workspace_id=cast.home.pk)
    assert send(form, **MAYA, website_url="http://spam.example").status_code == 303
    plain = Client().post(f"/form/{form.key}", MAYA)
    assert (
        plain.status_code == 200 and "Maya Jensen" in plain.content.decode() and "Check what you typed" in plain.content.decode()
    )
    token = re.search(r'name="token" value="([^"]+)"', Client().get(f"/form/{other.key}").content.decode())[1]  # type: ignore[index]
    Client().post(f"/form/{form.key}", {**MAYA, "token": token})
    monkeypatch.setattr(pages, "QUICKEST", 3)
    assert send(form, **MAYA).status_code == 200
    monkeypatch.setattr(pages, "QUICKEST", -1)
    assert not rows.exists()
    first, again = send(form, **MAYA), send(form, **MAYA)
    assert (first.status_code, again.status_code, rows.count()) == (303, 303, 1)
    codes = [send(form, **{**MAYA, "note": f"No. {n}"}).status_code for n in range(14)]
    assert codes[:3] == [303] * 3 and codes[-1] == 429 and rows.count() <= 11


def test_what_is_wrong_is_said_and_kept(cast: Cast) -> None:
    form = a_form(cast)
    answer = send(form, name="Maya", emails="maya@", note="kept text", state="converted", owner=str(cast.cem.pk))
    text = answer.content.decode()
    assert answer.status_code == 422 and "kept text" in text and 'aria-describedby="e-emails"' in text
    send(form, **MAYA, state="converted", owner=str(cast.cem.pk), worth="9")
    take_all(cast)
    lead = Lead.objects.get()
    assert (lead.state, lead.owner_id, lead.worth) == ("new", cast.ana.pk, None), "only what is asked is taken"


def test_closed_forms_are_not_there(cast: Cast) -> None:
    """Closed, deleted, of another company, never made: the same answer; frames only on the sites that were named."""
    form = a_form(cast, is_open=False)
    nothing = Client().get("/form/never").content
    for address in (f"/form/{form.key}", f"/form/{form.key}/frame", f"/form/{form.key}/sent", "/form/confirm/x"):
        assert Client().get(address).status_code == 404 and Client().get(address).content == nothing
    ctx, record = cast.ctx("ana"), registry.get("web_form").model.objects.get(pk=form.record_id)
    ctx.write(record, is_open=True, sites="https://www.fernhill.example")
    assert "frame-ancestors 'none'" in Client().get(f"/form/{form.key}").headers["Content-Security-Policy"]
    framed = Client().get(f"/form/{form.key}/frame")
    assert "frame-ancestors https://www.fernhill.example;" in framed.headers["Content-Security-Policy"] + ";"
    assert "X-Frame-Options" not in framed.headers
    for wrong in ("javascript:alert(1)", "https://a.example/path", "https://a.example; script-src *", "*"):
        with pytest.raises(Invalid):
            ctx.write(record, sites=wrong)
    with pytest.raises(Invalid):
        ctx.write(record, asks="name*\nworth")
    ctx.delete(registry.get("web_form").model.objects.get(pk=record.pk))
    assert Client().get(f"/form/{form.key}").content == nothing
    with use_workspace(cast.away):
        assert receiving.Submission.objects.filter(workspace_id=cast.away.pk).count() == 0


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def test_hostile_text_is_inert_on_every_page_that_shows_it(cast: Cast) -> None:
    """Trust row 22: through each question, for somebody new and for somebody known."""
    ctx = cast.ctx("ana")
    known = ctx.create("customer", kind="person", name="Known", emails=["known@example.org"])
    form = a_form(cast)
    texts = {"name": HOSTILE, "note": HOSTILE, "company": HOSTILE, "phones": "+353 1 555 0142"}
    send(form, **texts, emails="a@example.org", utm_source=HOSTILE)
    send(form, **texts, emails="known@example.org", utm_campaign=HOSTILE)
    take_all(cast)
    lead, message = Lead.objects.get(), Activity.objects.get()
    client = cast.client("ana")
    addresses = (f"/lead/{lead.pk}", "/lead/", f"/activity/{message.pk}", f"/customer/{known.pk}", "/activity/", f"/lead/{lead.pk}/history",
                 f"/lead/{lead.pk}/do/convert", f"/web_form/{form.record_id}", "/search?q=script", "/")  # fmt: skip
    for address in addresses:
        text = client.get(address).content.decode()
        assert "<script>alert" not in text and "<img src=x" not in text, address
    shown = send(form, **{**texts, "emails": "x"}).content.decode()
    assert "<script>alert" not in shown and "<img src=x" not in shown


def test_questions_are_chosen_on_a_page(cast: Cast) -> None:
    """Which fields, in which order, in which words; saved as one change, refused with a sentence."""
    form = a_form(cast)
    client, at = cast.client("ana"), f"/web_form/{form.record_id}/questions"
    page = client.get(at).content.decode()
    assert 'name="ask-emails" value="1"' in page and "Your e-mail" in page and "worth" not in page and "next_step" not in page
    given = {
        "ask-name": "1",
        "needed-name": "1",
        "at-name": "2",
        "ask-phones": "1",
        "at-phones": "1",
        "label-phones": "Call me at",
    }
    assert client.post(at, given).status_code == 302
    form.refresh_from_db()
    assert [(one["key"], one["label"], one["is_required"]) for one in form.shown["asks"]] == [
        ("phones", "Call me at", False),
        ("name", "Name", True),
    ]
    assert client.post(at, {"ask-phones": "1"}).status_code == 422
    assert cast.client("ben").get(at).status_code == 404
