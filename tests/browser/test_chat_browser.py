"""A visitor on a page of another site and an agent on the ticket's page: each sees at once what the other wrote."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from rapport.engines.livechat.bell import bell
from rapport.engines.livechat.models import PublicChat
from rapport.kernel.access.current import use_workspace
from rapport.modules.service.keeping import DAYS
from rapport.modules.service.models import Queue, Ticket
from rapport.surfaces.web.chat import answering
from tests.cast import Cast

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def room(live: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server of the test keeps connections open, as a worker does; the visitor is taken for a person."""
    monkeypatch.setattr(answering, "QUICKEST", -1)
    bell.make_room(20)
    yield
    bell.stop()
    bell.room = 0


@pytest.fixture
def shop() -> Iterator[Callable[[str], str]]:
    """The site of a customer: another origin, which loads the script of the chat on each of its pages."""

    class Answer(BaseHTTPRequestHandler):
        script = ""

        def do_GET(self) -> None:
            text = f"<!doctype html><title>Shop</title><h1>Our shop</h1><a href=/more>More</a><script src='{self.script}' async></script>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def with_script(address: str) -> str:
        Answer.script = address
        return f"http://127.0.0.1:{server.server_port}"

    yield with_script
    server.shutdown()
    server.server_close()


def test_a_visitor_and_an_agent_talk(
    committed_cast: Cast, live: Any, room: None, shop: Callable[[str], str], open_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:  # fmt: skip
    from playwright.sync_api import expect

    site = shop("")
    with use_workspace(committed_cast.home):
        ctx = committed_cast.ctx("ana")
        made = ctx.create("chat_widget", name="Fernhill", is_open=True, queue=Queue.objects.get().pk, sites=site)
        level = Queue.objects.get().level
        committed_cast.system.write(level.hours, **dict.fromkeys(DAYS, "0-24"))
        key = PublicChat.objects.get(workspace_id=committed_cast.home.pk, record_id=made.pk).key
    shop(f"{live.url}/chat/{key}.js")
    agent, visitor = open_page(), open_page(width=390)
    sign_in(agent, live, committed_cast.ana.account)
    agent.goto(live.url)

    # A stranger on another site opens the chat by keyboard and asks.
    visitor.goto(site)
    launcher = visitor.get_by_role("button", name="Chat with us")
    launcher.press("Enter")
    frame = visitor.frame_locator("iframe[title=Fernhill]")
    expect(frame.locator("[data-greeting]")).to_contain_text("What can we do for you?")
    box = frame.get_by_label("Your message")
    box.fill("Do you ship <b>to Cork</b>?")
    box.press("Enter")
    expect(frame.locator("p.ch-line:not(.is-ours)")).to_have_text("Do you ship <b>to Cork</b>?")
    with use_workspace(committed_cast.home):
        ticket = Ticket.objects.get()

    # The agent answers in the ticket; the visitor sees it without having done anything, and the other way round.
    agent.goto(f"{live.url}/ticket/{ticket.pk}")
    expect(agent.locator("#t-visitor")).to_contain_text("The visitor is here")
    expect(agent.locator("#t-to")).to_contain_text("in the chat")
    agent.locator("#pane-reply textarea").fill("Yes, by Friday.")
    agent.locator("#pane-reply textarea").press("Control+Enter")
    expect(frame.locator("p.ch-line.is-ours").last).to_have_text("Yes, by Friday.")
    assert bell.held == 2, "by the bell, not by a timer"
    agent.locator("#pane-reply textarea").fill("Half a thought")
    box.fill("Wonderful!")
    box.press("Enter")
    expect(agent.locator("#t-talk .msg").last).to_contain_text("Wonderful!")
    expect(agent.locator("#pane-reply textarea")).to_have_value("Half a thought")

    # Another page of the site: the conversation is still there.
    visitor.goto(f"{site}/more")
    expect(frame.locator("p.ch-line")).to_have_count(4)
    agent.locator("#t-head a.btn", has_text="Solve").click()
    agent.locator("#dialog-body button[type=submit].pri").click()
    expect(frame.get_by_role("button", name="Begin a new conversation")).to_be_visible()
