"""Writing e-mail in the browser: answering, undoing, sending later, templates; nothing typed is ever lost."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rapport.engines.mail.models import Mailbox, OutgoingMail
from rapport.engines.mail.reading import read_message
from rapport.engines.mail.sending import send_one
from rapport.kernel.access.sharing_models import Grant
from rapport.kernel.errors import Invalid
from rapport.modules.mail.models import Mail
from tests.cast import Cast
from tests.mail.letters import deliver, letter
from tests.mail.smtp_server import SmtpServer

NewMailbox = Callable[..., Mailbox]


def _person(cast: Cast, **given: Any) -> Any:
    emails = [{"value": "jo@kunde.example", "label": ""}]
    return cast.system.create("customer", **{"kind": "person", "name": "Jo Kunde", "emails": emails, **given})


def _form(html: str) -> dict[str, str]:
    """The values of the inputs of a page's form of a message."""
    inside = html.partition("data-write")[2].partition("</form>")[0]
    found = {
        name: unescape(value)
        for name, value in re.findall(r'<input(?! type="checkbox")[^>]* name="(\w+)"[^>]*? value="([^"]*)"', inside)
    }
    found["text"] = unescape(inside.partition('name="text"')[2].partition(">")[2].partition("</textarea>")[0]).removeprefix("\n")
    found["mailbox"] = (re.search(r'<option value="([^"]+)"[^>]* selected', inside) or [0, ""])[1]
    return found


def _send_all(cast: Cast) -> None:
    for mail in OutgoingMail.objects.filter(state="waiting"):
        OutgoingMail.objects.filter(pk=mail.pk).update(send_at=timezone.now())
        send_one(cast.home, mail.pk, job_id=uuid4())


def test_without_a_mailbox_that_sends_the_page_says_what_to_do(cast: Cast) -> None:
    """A sentence with a way to set one up, and the device's own program."""
    told = cast.client("ana").get("/write?to=jo@kunde.example").content.decode()
    assert "No mailbox sends for you yet" in told and "/settings/mailboxes" in told and "mailto:jo%40kunde.example" in told


def test_from_the_customers_page_to_the_server(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """The button carries name and address; the file goes along; the story has it."""
    jo, box, ana = _person(cast), sending_mailbox("ana", signature="Ana\nFernhill"), cast.client("ana")
    page = ana.get(f"/customer/{jo.pk}").content.decode()
    link = unescape(re.search(r'href="(/write\?[^"]+)"', page)[1])  # type: ignore[index]
    form = _form(ana.get(link).content.decode())
    assert (
        form["to"] == "Jo Kunde <jo@kunde.example>"
        and form["text"].endswith("-- \nAna\nFernhill")
        and form["mailbox"] == str(box.pk)
    )
    file = SimpleUploadedFile("offer.pdf", b"%PDF-1.4 offer")
    answer = ana.post("/write", {**form, "subject": "Offer", "text": "Here it is.", "files": [file], "when": "now"})
    assert answer.status_code == 302 and answer["Location"] == f"/customer/{jo.pk}"
    _send_all(cast)
    got = read_message(smtp.taken[0].data)
    assert got.subject == "Offer" and [(one.name, one.data) for one in got.attachments] == [("offer.pdf", b"%PDF-1.4 offer")]
    assert "Here it is." in ana.get(f"/customer/{jo.pk}").content.decode()


def test_undo_brings_the_form_back_with_everything_in_it(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """Nothing goes; receivers, subject, text and file are there again, and can be sent."""
    sending_mailbox("ana")
    ana = cast.client("ana")
    given = {
        **_form(ana.get("/write").content.decode()), "to": '"Kunde, Jo" <jo@kunde.example>', "cc": "b@c.example", "bcc": "d@e.example",
        "subject": "Häuser", "text": "Line one\n\nLine <two>", "remind": "3", "files": [SimpleUploadedFile("a.txt", b"x")],
    }  # fmt: skip
    page = ana.post("/write", given, follow=True).content.decode()
    (mail,) = OutgoingMail.objects.all()
    assert f"mail:{mail.pk}" in page
    back = ana.post("/undo", {"what": f"mail:{mail.pk}"}, follow=True).content.decode()
    form = _form(back)
    wanted = {
        "to": '"Kunde, Jo" <jo@kunde.example>',
        "cc": "b@c.example",
        "bcc": "d@e.example",
        "subject": "Häuser",
        "text": "Line one\n\nLine <two>",
    }
    assert {key: form[key] for key in wanted} == wanted and "a.txt" in back
    _send_all(cast)
    assert not smtp.taken
    assert ana.post("/write", {**form, "when": "now"}).status_code == 302
    _send_all(cast)
    assert len(smtp.taken) == 1 and read_message(smtp.taken[0].data).attachments[0].data == b"x"
    assert cast.client("ben").post("/undo", {"what": f"mail:{mail.pk}"}).status_code == 404


def test_what_is_wrong_is_said_beside_it_and_everything_stays(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """Also the file; a foreign mailbox and a foreign file are no way around."""
    sending_mailbox("ana")
    bens = sending_mailbox("ben")
    ana = cast.client("ana")
    form = {**_form(ana.get("/write").content.decode()), "subject": "S", "text": "T", "when": "now"}
    refused = ana.post("/write", {**form, "to": "jo@kunde.example, nobody", "files": [SimpleUploadedFile("a.txt", b"x")]})
    told = unescape(refused.content.decode())
    assert refused.status_code == 422 and "“nobody” is not an e-mail address" in told and "a.txt" in told
    assert _form(refused.content.decode())["to"] == "jo@kunde.example, nobody"
    key = re.search(r'name="kept" value="([^"]+)"', told)[1]  # type: ignore[index]
    assert ana.post("/write", {**form, "mailbox": str(bens.pk), "to": "jo@kunde.example"}).status_code == 422
    box = Mailbox.objects.get(pk=bens.pk)
    cast.client("ben").post("/write", {**form, "mailbox": str(box.pk), "to": "jo@kunde.example", "kept": [key]})
    assert OutgoingMail.objects.get().files == [], "a key alone opens no file"
    later = ana.post("/write", {**form, "to": "jo@kunde.example", "when": "at", "at": "2001-01-01T10:00"})
    assert later.status_code == 422 and "This moment is over" in later.content.decode()


def test_an_answer_goes_to_who_wrote_into_the_same_conversation(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox
) -> None:
    """Reply, reply to all without oneself, forward with the files; and only of what one may read."""
    _person(cast)
    box = sending_mailbox("ana")
    first = letter(1, sender="Jo Kunde <jo@kunde.example>", to="Ana <ana@fernhill.example>, Max <max@other.example>", cc="Eve <eve@other.example>", subject="Heating", text="It drips.", file=("photo.jpg", b"jpg"))  # fmt: skip
    (mail_id,) = deliver(cast.system, box, first)
    ana = cast.client("ana")
    page = ana.get(f"/mail/{mail_id}").content.decode()
    assert f"/write?answers={mail_id}&amp;how=all" in page
    reply = _form(ana.get(f"/write?answers={mail_id}&how=reply").content.decode())
    assert (reply["to"], reply["cc"], reply["subject"]) == ("Jo Kunde <jo@kunde.example>", "", "Re: Heating")
    assert "Jo Kunde wrote:\n> It drips." in reply["text"]
    everybody = _form(ana.get(f"/write?answers={mail_id}&how=all").content.decode())
    assert "max@other.example" in everybody["to"] and "ana@" not in everybody["to"] and "eve@other.example" in everybody["cc"]
    forward = ana.get(f"/write?answers={mail_id}&how=forward").content.decode()
    assert "photo.jpg" in forward and _form(forward)["subject"] == "Fwd: Heating" and _form(forward)["to"] == ""
    ana.post("/write", {**reply, "text": "We come.", "when": "now"})
    _send_all(cast)
    sent = read_message(smtp.taken[0].data)
    assert sent.references == ["1@letters.example"]
    assert Mail.objects.get(direction="out").thread == Mail.objects.get(direction="in").thread
    assert cast.client("ben").get(f"/write?answers={mail_id}&how=reply").status_code == 404
    Grant.objects.create(
        workspace_id=cast.home.pk, type="mail", record_id=mail_id, principal="*", level=1, cause="mail", created_at=timezone.now()
    )
    assert cast.client("cem").get(f"/write?answers={mail_id}&how=reply").status_code == 404, "that it happened opens no words"


@pytest.mark.parametrize("when", ["tomorrow", "monday"])
def test_send_later_waits_for_eight_in_the_writers_own_zone(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox, when: str
) -> None:
    """It waits in the outbox, where it can be sent now, taken back or edited."""
    sending_mailbox("ana")
    cast.system.write(cast.ana, time_zone="America/New_York")
    ana = cast.client("ana")
    ana.post(
        "/write",
        {**_form(ana.get("/write").content.decode()), "to": "jo@kunde.example", "subject": "Later", "text": "x", "when": when},
    )
    (mail,) = OutgoingMail.objects.all()
    from zoneinfo import ZoneInfo

    local = mail.send_at.astimezone(ZoneInfo("America/New_York"))
    assert local.hour == 8 and dt.timedelta(0) < mail.send_at - timezone.now() <= dt.timedelta(days=8)
    assert when == "tomorrow" or local.weekday() == 0
    assert "Later" in ana.get("/outbox").content.decode() and "Later" not in cast.client("ben").get("/outbox").content.decode()
    assert cast.client("ben").post(f"/outbox/{mail.pk}/now").status_code == 404
    edit = ana.post(f"/outbox/{mail.pk}/edit", follow=True).content.decode()
    assert _form(edit)["subject"] == "Later" and OutgoingMail.objects.get().state == "taken_back"


def test_the_outbox_says_what_went_wrong_and_how_to_mend_it(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """Refused with the server's words; unknown with what to do; both can be sent again or left."""
    sending_mailbox("ana")
    ana = cast.client("ana")
    form = {**_form(ana.get("/write").content.decode()), "to": "jo@kunde.example", "text": "x", "when": "now"}
    smtp.answers = {"RCPT": "550 5.1.1 no such user"}
    ana.post("/write", {**form, "subject": "One"})
    _send_all(cast)
    smtp.answers = {"END": ""}
    ana.post("/write", {**form, "subject": "Two"})
    _send_all(cast)
    told = unescape(ana.get("/outbox").content.decode())
    assert "no such user" in told and "nobody knows whether it went out" in told and "It has arrived" in told
    smtp.answers = {}
    one, two = (OutgoingMail.objects.get(subject=name) for name in ("One", "Two"))
    ana.post(f"/outbox/{one.pk}/now")
    ana.post(f"/outbox/{two.pk}/done")
    _send_all(cast)
    assert [read_message(taken.data).subject for taken in smtp.taken] == ["One"]


def test_a_template_is_filled_with_what_its_user_may_see(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """Unknown words are refused when it is saved; a customer out of sight has no name; nothing put in is read again."""
    _person(cast, name="Jo {{me.name}} Kunde", owner=cast.cem.pk, team=cast.cem.team_id)
    sending_mailbox("ana")
    body = "Dear {{person.first_name}} ({{ person.name }}), {{me.name}}"
    made = cast.ctx("ana").create("mail_template", name="Hello", subject="For {{person.name}}", body=body, team=cast.ben.team_id)
    with pytest.raises(Invalid, match="no placeholder"):
        cast.ctx("ana").create("mail_template", name="Evil", body="{{ settings.SECRET_KEY }}")
    assert "Hello" in cast.client("ana").get("/write").content.decode()
    found = cast.client("ana").get(f"/write/template?template={made.pk}&to=jo@kunde.example").json()
    assert found == {"subject": "For Jo {{me.name}} Kunde", "text": "Dear Jo (Jo {{me.name}} Kunde), Ana Silva"}
    blind = cast.client("ben").get(f"/write/template?template={made.pk}&to=jo@kunde.example").json()
    assert "Jo" not in blind["text"] and blind["text"].endswith("Ben Moore")
    assert cast.client("cem").get(f"/write/template?template={made.pk}").status_code == 404, "another team's"


def test_the_form_leads_back_to_pages_of_ours_only(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """Whatever a link says."""
    sending_mailbox("ana")
    for wrong in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        page = cast.client("ana").get("/write", {"back": wrong}).content.decode()
        assert 'href="/outbox" data-drop-draft' in page
        answer = cast.client("ana").post("/write", {**_form(page), "to": "jo@kunde.example", "text": "x", "back": wrong, "when": "now"})
        assert answer["Location"] == "/outbox"


def test_people_are_suggested_only_from_what_one_sees(cast: Cast) -> None:
    """By name and by address; nobody from another team or workspace."""
    _person(cast, owner=cast.cem.pk, team=cast.cem.team_id)
    found = cast.client("ana").get("/write/people?q=kun").json()["results"]
    assert [one["put"] for one in found] == ["Jo Kunde <jo@kunde.example>"]
    assert cast.client("ben").get("/write/people?q=kun").json()["results"] == []
    assert cast.client("dea").get("/write/people?q=kun").json()["results"] == []


def test_a_mailbox_is_set_up_for_sending_and_tried(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """The page of the settings has the outgoing server, and a test to oneself; nobody else's mailbox is tried."""
    box = sending_mailbox("ana")
    ana = cast.client("ana")
    page = ana.get(f"/settings/mailboxes/{box.pk}").content.decode()
    assert 'name="smtp_host"' in page and "Send a test to myself" in page
    ana.post(f"/settings/mailboxes/{box.pk}/try")
    _send_all(cast)
    assert smtp.taken[0].receivers[0].startswith("ana.") and "A test from Rapport" in ana.get("/outbox").content.decode()
    bens = sending_mailbox("ben")
    assert ana.post(f"/settings/mailboxes/{bens.pk}/try").status_code == 403
