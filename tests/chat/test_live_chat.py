"""Live chat: a visitor of another site writes and a ticket is there; each side reads what the other said, and nothing more."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from rapport.engines.livechat import bell as ringing
from rapport.engines.livechat import talking
from rapport.engines.livechat.models import PublicChat, Talk
from rapport.engines.mail.models import OutgoingMail
from rapport.engines.notices.models import Notice
from rapport.engines.privacy.erasing import erase_subject
from rapport.kernel.access.current import use_workspace
from rapport.kernel.actions.running import run_action
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.models import Job
from rapport.modules.service.chat_out import send_unread
from rapport.modules.service.models import Queue, QueueMember, Ticket, TicketEntry
from rapport.surfaces.web.chat import answering
from tests.cast import Cast
from tests.mail.conftest import sending_mailbox_for
from tests.mail.letters import START, deliver, letter
from tests.mail.smtp_server import SmtpServer

SITE = "https://www.fernhill.example"
HELLO = {"text": "Do you ship to Cork?\nBy Friday?", "name": "Maya", "page": f"{SITE}/prices", "page_title": "Prices",
         "referrer": "https://search.example/", "campaign": "spring"}  # fmt: skip


class ForJob:
    """What a task is told about its job."""

    def __init__(self, workspace_id: object) -> None:
        self.workspace_id = workspace_id


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visitors of these tests take their time."""
    monkeypatch.setattr(answering, "QUICKEST", -1)


@pytest.fixture
def chat(cast: Cast) -> PublicChat:
    """A chat that is on, in a queue that never closes, whose member Ana is at her desk."""
    queue = cast.system.create("queue", name="Chat")
    cast.system.create("queue_member", queue=queue.pk, person=cast.ana.pk)
    made = cast.ctx("ana").create("chat_widget", name="Fernhill", is_open=True, queue=queue.pk, sites=SITE)
    cast.client("ana").get("/")
    return PublicChat.objects.get(workspace_id=cast.home.pk, record_id=made.pk)


def token(chat: PublicChat) -> str:
    page = Client().get(f"/chat/{chat.key}/frame").content.decode()
    return re.search(r'name="token" value="([^"]+)"', page)[1]  # type: ignore[index]


def post(chat: PublicChat, what: str, **given: str) -> Any:
    return Client().post(f"/chat/{chat.key}/{what}", given)


def begun(chat: PublicChat, **given: str) -> dict[str, Any]:
    answer = post(chat, "begin", token=token(chat), **{**HELLO, **given})
    assert answer.status_code == 200, answer.content
    assert not answer.cookies
    return answer.json()


def reply(cast: Cast, body: str, who: str = "ana", **more: object) -> None:
    run_action(cast.ctx(who), Ticket.objects.get(), "reply", {"body": body, **more})


def test_a_first_line_becomes_a_ticket_in_the_queue_and_its_members_hear_of_it(cast: Cast, chat: PublicChat) -> None:
    """With where the visitor was; the owner of the queue's page is told by the bell."""
    told = begun(chat)
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.body) == ("Do you ship to Cork? By Friday?", HELLO["text"])
    assert (ticket.channel, ticket.state, ticket.queue.name, ticket.person_id) == ("chat", "new", "Chat", None)
    note = TicketEntry.objects.get(ticket=ticket, kind="note").body
    assert all(one in note for one in ("Maya", f"{SITE}/prices", "https://search.example/", "spring"))
    assert [line["text"] for line in told["lines"]] == [HELLO["text"]] and not told["is_over"]
    assert list(Notice.objects.filter(workspace_id=cast.home.pk, event="chat").values_list("user_id", flat=True)) == [cast.ana.pk]
    assert "Somebody waits in the chat" in cast.client("ana").get("/notices").content.decode()


def test_both_sides_read_each_other_and_notes_stay_inside(cast: Cast, chat: PublicChat) -> None:
    """Replies reach the visitor under the first name; notes, minutes, changes and whoever else there is do not."""
    secret = begun(chat)["secret"]
    run_action(cast.ctx("ana"), Ticket.objects.get(), "note", {"body": "SECRET: a difficult customer", "minutes": 5})
    cast.ctx("ana").write(Ticket.objects.get(), priority="urgent")
    reply(cast, "Yes, we do.", then="stay")
    told = post(chat, "say", secret=secret, text="Thank you!", mark="one")
    again = post(chat, "say", secret=secret, text="Thank you!", mark="one")
    assert told.status_code == again.status_code == 200
    lines = post(chat, "lines", secret=secret).json()["lines"]
    first_name = cast.ana.name.split()[0]
    assert [(one["who"], one["text"]) for one in lines] == [("", HELLO["text"]), (first_name, "Yes, we do."), ("", "Thank you!")]
    everything = post(chat, "lines", secret=secret).content.decode()
    assert "SECRET" not in everything and cast.ana.name not in everything and "urgent" not in everything and "Maya" not in everything
    page = cast.client("ana").get(f"/ticket/{Ticket.objects.get().pk}").content.decode()
    assert "Thank you!" in page and "The visitor is here" in page and "SECRET" in page
    assert Ticket.objects.get().heard_at is not None


def test_nobody_reads_a_conversation_without_its_secret(cast: Cast, chat: PublicChat) -> None:
    """A wrong secret, the one of another conversation or chat, another company: nothing, and nothing is written."""
    one, two = begun(chat), begun(chat, text="Another visitor")
    other = cast.ctx("ana").create("chat_widget", name="Second", is_open=True, queue=Queue.objects.get(name="Chat").pk)
    second = PublicChat.objects.get(workspace_id=cast.home.pk, record_id=other.pk)
    assert [line["text"] for line in post(chat, "lines", secret=two["secret"]).json()["lines"]] == ["Another visitor"]
    entries = TicketEntry.objects.count()
    for place, secret in ((chat, "x" * 43), (chat, ""), (chat, "x" * 5000), (second, one["secret"])):
        for what in ("lines", "say", "end"):
            answer = post(place, what, secret=secret, text="Let me in")
            assert answer.status_code == 404 and b"Cork" not in answer.content
    assert TicketEntry.objects.count() == entries and not Talk.objects.filter(workspace_id=cast.home.pk, ended_at__isnull=False)
    assert Client().get(f"/chat/{chat.key}/stream/{one['stream'][:-2]}xx").status_code == 404
    assert Client().get(f"/chat/{second.key}/stream/{one['stream']}").status_code == 404
    with use_workspace(cast.away):
        assert not Talk.objects.filter(workspace_id=cast.away.pk).exists()
    codes = [post(chat, "lines", secret="guess").status_code for _turn in range(62)]
    assert codes[-1] == 429, "guessing is slowed down"


def test_a_typed_address_joins_who_is_known_and_shows_nothing_of_them(cast: Cast, chat: PublicChat) -> None:
    """As a mail from it would; what was said in earlier tickets stays where it is."""
    jo = cast.system.create("customer", kind="person", name="Jo Kunde", emails=[{"value": "jo@kunde.example", "label": ""}])
    cast.system.create("ticket", subject="Old", body="An old secret", queue=Queue.objects.get(name="Chat").pk, person=jo.pk, channel="chat")
    told = begun(chat, email="Jo@Kunde.example")
    ticket = Ticket.objects.exclude(subject="Old").get()
    assert (ticket.person_id, ticket.customer_id) == (jo.pk, jo.pk)
    known = post(chat, "lines", secret=told["secret"]).content.decode()
    assert "old secret" not in known and "Jo Kunde" not in known
    unknown = begun(chat, email="nobody@example.org")
    assert set(told) == set(unknown)
    assert "nobody has proven" in TicketEntry.objects.filter(kind="note").order_by("pk")[0].body
    for line in (told, unknown):
        assert [one["who"] for one in line["lines"]] == [""]


def test_the_end_is_the_end(cast: Cast, chat: PublicChat) -> None:
    """Ended by the visitor, solved, merged with another ticket, or silent for half a day: nothing more is taken or shown."""
    secret = begun(chat)["secret"]
    assert post(chat, "end", secret=secret).json()["is_over"]
    assert post(chat, "say", secret=secret, text="Too late").status_code == 410
    two = begun(chat, text="Second")["secret"]
    ticket = Ticket.objects.get(body="Second")
    run_action(cast.ctx("ana"), ticket, "solve", {})
    assert post(chat, "lines", secret=two).json()["is_over"]
    three = begun(chat, text="Third")["secret"]
    target = cast.system.create("ticket", subject="Of somebody else", body="Not for them", queue=ticket.queue_id)
    cast.system.create("ticket_entry", ticket=target.pk, kind="reply", body="Neither is this")
    run_action(cast.ctx("ana"), Ticket.objects.get(body="Third"), "join", {"into": str(target.pk)})
    merged = post(chat, "lines", secret=three)
    assert merged.json()["is_over"] and merged.json()["lines"] == []
    four = begun(chat, text="Fourth")["secret"]
    Talk.objects.filter(workspace_id=cast.home.pk).update(said_at=dt.datetime.now(dt.UTC) - talking.LIVES)
    assert post(chat, "lines", secret=four).status_code == 404
    assert talking.thin(cast.home) == 0 and talking.thin(cast.home, dt.datetime.now(dt.UTC) + dt.timedelta(days=91)) == 4


def test_nobody_here_asks_for_an_address(cast: Cast, chat: PublicChat) -> None:
    """Away, outside of the hours, or not signed in: a message with an address, which is taken; without one it is not."""
    def is_here() -> bool:
        return "Nobody is here" not in Client().get(f"/chat/{chat.key}/frame").content.decode()

    assert is_here()
    member, queue = QueueMember.objects.get(), Queue.objects.get(name="Chat")
    cast.system.write(member, away_from=dt.date.today() - dt.timedelta(days=1))
    assert not is_here()
    cast.system.write(member, away_from=None)
    closed = cast.system.create("service_hours", name="Never", zone="UTC")
    level = cast.system.create("service_level", name="Never", hours=closed.pk)
    cast.system.write(queue, level=level.pk)
    assert not is_here()
    cast.system.write(queue, level=None)
    assert is_here()
    cast.system.write(member, person=cast.cem.pk)
    assert not is_here()
    answer = post(chat, "begin", token=token(chat), **HELLO)
    assert answer.status_code == 422 and "e-mail address" in answer.json()["errors"]["email"]
    assert post(chat, "begin", token=token(chat), **HELLO, email="maya@").status_code == 422 and not Ticket.objects.exists()
    assert begun(chat, email="maya@example.org")["is_message"] and Ticket.objects.count() == 1


def test_programs_get_nowhere(cast: Cast, chat: PublicChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hidden field, no token, one of another chat, too quick, too long, too many."""
    assert post(chat, "begin", **HELLO).status_code == 409
    assert post(chat, "begin", **HELLO, token=token(chat), website_url="http://spam.example").status_code == 409
    assert post(chat, "begin", **HELLO, token=signing.dumps("other", salt="rapport.chat")).status_code == 409
    monkeypatch.setattr(answering, "QUICKEST", 3)
    assert post(chat, "begin", **HELLO, token=token(chat)).status_code == 409
    monkeypatch.setattr(answering, "QUICKEST", -1)
    assert post(chat, "begin", token=token(chat), text="  ").status_code == 422
    assert post(chat, "begin", token=token(chat), text="x" * 4001).status_code == 422
    assert not Ticket.objects.exists()
    given = token(chat)
    codes = [post(chat, "begin", **HELLO, token=given).status_code for _turn in range(13)]
    assert codes[:5] == [200] * 5 and codes[-1] == 429 and Ticket.objects.count() <= 11


def test_consent_is_asked_for_where_there_is_a_privacy_page(cast: Cast, chat: PublicChat) -> None:
    from rapport.modules.service.chat_models import ChatWidget

    cast.ctx("ana").write(ChatWidget.objects.get(), privacy_url=f"{SITE}/privacy")
    assert f'href="{SITE}/privacy"' in Client().get(f"/chat/{chat.key}/frame").content.decode()
    chat.refresh_from_db()
    assert "agreed" in post(chat, "begin", token=token(chat), **HELLO).json()["errors"]
    assert begun(chat, agreed="1")["secret"]


def test_it_stands_on_the_sites_that_were_named_and_nowhere_else(cast: Cast, chat: PublicChat) -> None:
    """The frame by the browser's rule, the button by its own; off, deleted and never made answer alike."""
    frame = Client().get(f"/chat/{chat.key}/frame")
    assert f"frame-ancestors 'self' {SITE}" in frame.headers["Content-Security-Policy"] and "X-Frame-Options" not in frame.headers
    script = Client().get(f"/chat/{chat.key}.js")
    assert script.headers["Content-Type"].startswith("text/javascript") and f'"{SITE}"' in script.content.decode()
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin" and not script.cookies and not frame.cookies
    ana, record = cast.ctx("ana"), chat.record_id
    from rapport.modules.service.chat_models import ChatWidget

    shown = cast.client("ana").get(f"/chat_widget/{record}").content.decode()
    assert f"/chat/{chat.key}.js&#34; async" in shown or f'/chat/{chat.key}.js" async' in shown
    for wrong in ({"sites": "*"}, {"sites": "https://a.example; script-src *"}, {"color": "red"}, {"color": "#ffffff"}):
        with pytest.raises(Invalid):
            ana.write(ChatWidget.objects.get(), **wrong)
    nothing = Client().get("/chat/never/frame").content
    ana.write(ChatWidget.objects.get(), is_open=False)
    for address in (f"/chat/{chat.key}.js", f"/chat/{chat.key}/frame"):
        assert Client().get(address).status_code == 404 and Client().get(address).content == nothing


def test_whoever_is_erased_leaves_nothing_in_chats(cast: Cast, chat: PublicChat) -> None:
    """The words of the ticket, the note of who they said they were, the address and the secret of the conversation."""
    jo = cast.system.create("customer", kind="person", name="Jo Kunde", emails=[{"value": "jo@kunde.example", "label": ""}])
    secret = begun(chat, email="jo@kunde.example", name="Jo Kunde")["secret"]
    post(chat, "say", secret=secret, text="My number is 0123456")
    erase_subject(cast.ctx("ana"), jo, reason="asked for")
    assert not Talk.objects.filter(workspace_id=cast.home.pk).exists() and post(chat, "lines", secret=secret).status_code == 404
    left = str(list(Ticket.objects.values())) + str(list(TicketEntry.objects.values()))
    assert "Jo" not in left and "jo@" not in left and "0123456" not in left and "Cork" not in left


def _out(chat: PublicChat) -> list[tuple[list[str], str]]:
    rows = OutgoingMail.objects.filter(workspace_id=chat.workspace_id, is_automatic=False).order_by("made_at")
    return [([one["address"] for one in mail.to], mail.text) for mail in rows]


def _look_later(cast: Cast) -> None:
    """What the job runner does a minute later."""
    for one in Job.objects.filter(workspace_id=cast.home.pk, task="service.send_unread"):
        send_unread.function(ForJob(cast.home.pk), **one.args)  # type: ignore[attr-defined]


def test_who_has_left_is_answered_by_mail(cast: Cast, chat: PublicChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here: said in the chat and no mail. Left: by mail at once, to the address they gave, which is said before. Left before the
    reply could be shown: by mail a minute later, once. Their answer by mail comes into the same ticket as one of theirs."""
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    with SmtpServer() as smtp:
        box = sending_mailbox_for(
            cast, smtp, "ana", address="help@fernhill.example", name="Help", kind="shared", team=cast.ben.team_id, owner=None
        )
        cast.system.write(Queue.objects.get(name="Chat"), mailbox=box.pk)
        begun(chat, email="nobody@example.org")
        reply(cast, "Said in the chat", then="stay")
        talks = Talk.objects.filter(workspace_id=cast.home.pk)
        assert _out(chat) == []
        talks.update(seen_at=dt.datetime.now(dt.UTC))
        _look_later(cast)
        assert _out(chat) == [], "their browser has shown it"
        reply(cast, "Never shown", then="stay")
        for _twice in range(2):
            _look_later(cast)
        assert [(to, "Never shown" in text) for to, text in _out(chat)] == [(["nobody@example.org"], True)]
        talks.update(seen_at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5))
        page = cast.client("ana").get(f"/ticket/{Ticket.objects.get().pk}").content.decode()
        assert "The visitor has left; it will be sent by mail to nobody@example.org" in page
        reply(cast, "By mail at once", then="stay")
        assert len(_out(chat)) == 2
        sent = OutgoingMail.objects.filter(workspace_id=cast.home.pk).order_by("-made_at")[0]
        heads = {"In-Reply-To": f"<{sent.message_id}>", "References": f"<{sent.message_id}>"}
        Queue.objects.filter(name="Chat").update(mail_since=START - dt.timedelta(days=1))
        deliver(cast.system, box, letter(1, to="help@fernhill.example", sender="nobody@example.org", text="I read it.", more=heads))
        assert TicketEntry.objects.get(kind="answer").body == "I read it." and Ticket.objects.count() == 1


HOSTILE = '"></script><script>alert(1)</script><img src=x onerror=alert(1)>'


def test_hostile_text_is_inert_on_every_page_that_shows_it(cast: Cast, chat: PublicChat) -> None:
    """Through everything a visitor sends, and through what the company itself typed into the chat."""
    from rapport.modules.service.chat_models import ChatWidget

    cast.ctx("ana").write(ChatWidget.objects.get(), name=HOSTILE[:80], greeting=HOSTILE, label=HOSTILE[:30])
    secret = begun(chat, text=HOSTILE, name=HOSTILE, page=f"https://x.example/{HOSTILE}", page_title=HOSTILE, referrer="javascript:alert(1)")["secret"]
    post(chat, "say", secret=secret, text=HOSTILE)
    ticket, client = Ticket.objects.get(), cast.client("ana")
    assert "javascript:" not in TicketEntry.objects.get(kind="note").body
    for address in (f"/ticket/{ticket.pk}", "/ticket/", "/ticket_entry/", "/notices", f"/chat_widget/{chat.record_id}", f"/chat/{chat.key}/frame", f"/chat/{chat.key}.js"):
        text = client.get(address).content.decode()
        assert "<script>alert" not in text and "<img src=x" not in text, address


def test_the_bell_of_a_ticket_rings_for_whoever_may_see_it(cast: Cast, chat: PublicChat) -> None:
    """No room to hold a connection: the browser is told so and asks by a timer. A stranger of the company gets nothing."""
    begun(chat)
    talk = Talk.objects.get(workspace_id=cast.home.pk)
    assert cast.client("ana").get(f"/talks/{talk.pk}/stream").status_code == 204
    for stranger in ("ben", "dea"):
        assert cast.client(stranger).get(f"/talks/{talk.pk}/stream").status_code == 404
    assert Client().get(f"/talks/{talk.pk}/stream").status_code == 302
    assert ringing.bell.room == 0
    before = talk.seq
    reply(cast, "A reply rings", then="stay")
    run_action(cast.ctx("ana"), Ticket.objects.get(), "note", {"body": "A note does not"})
    talk.refresh_from_db()
    assert talk.seq == before + 1
