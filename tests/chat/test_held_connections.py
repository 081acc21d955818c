"""Connections held open beside the pages of one worker: they ring, they end, and no page waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from rapport.engines.livechat import talking
from rapport.engines.livechat.bell import bell
from rapport.engines.livechat.models import PublicChat, Talk
from rapport.engines.livechat.registry import Opening
from rapport.kernel.access.current import use_workspace
from rapport.project.serving import Serving
from rapport.surfaces.web.chat.answering import stream_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[Serving]:
    """One worker's application, as the web server calls it."""
    made = Serving()
    yield made
    bell.stop()
    bell.room = 0
    made.end()


@pytest.fixture
def talk(committed_cast: Cast) -> Iterator[tuple[str, Talk]]:
    """The address of the stream of a conversation, and the conversation."""
    with use_workspace(committed_cast.home):
        ctx = committed_cast.system
        queue = ctx.create("queue", name="Chat")
        record = ctx.create("chat_widget", name="Fernhill", is_open=True, queue=queue.pk)
        chat = PublicChat.objects.select_related("workspace").get(workspace_id=committed_cast.home.pk, record_id=record.pk)
        one = talking.begin(ctx, chat, Opening(chat.record_id, "Hello")).talk
        yield f"/chat/{chat.key}/stream/{stream_of(one)}", one


def ask(worker: Serving, path: str, **headers: str) -> tuple[str, Any]:
    """What the web server gets for a GET: status, and the body as it was handed over."""
    environ: dict[str, Any] = {"PATH_INFO": path, "REMOTE_ADDR": "127.0.0.1", **headers}
    setup_testing_defaults(environ)
    environ["HTTP_HOST"] = "localhost"
    told: list[str] = []
    body = worker(environ, lambda status, _headers, _error=None: told.append(status))
    return told[0][:3], body


def test_it_rings_while_pages_are_answered(worker: Serving, talk: tuple[str, Talk], committed_cast: Cast) -> None:
    address, one = talk
    status, held = ask(worker, address)
    events = iter(held)
    assert status == "200" and next(events).startswith(b"retry:")
    assert ask(worker, "/livez")[0] == "200"
    talking.ring(committed_cast.home.pk, "ticket", [one.record_id])
    assert next(events) == b"id: 2\nevent: news\ndata: 2\n\n"
    missed = iter(ask(worker, address, HTTP_LAST_EVENT_ID="1")[1])
    assert next(missed) and next(missed).startswith(b"id: 2\n"), "what came while nobody listened rings at once"
    assert bell.held == 2
    held.close()
    assert bell.held == 1
    bell.stop()
    assert list(missed) == [], "a server that ends keeps nobody waiting"


def test_without_room_the_browser_is_told_to_ask_by_itself(worker: Serving, talk: tuple[str, Talk]) -> None:
    """And with an address that is not of this conversation it hears nothing at all."""
    ask(worker, "/livez")
    bell.make_room(1)
    assert [ask(worker, talk[0])[0] for _turn in range(3)] == ["200", "204", "204"]
    assert ask(worker, talk[0] + "x")[0] == "404"
    assert ask(worker, "/sign-in/")[0] == "200", "pages go on"
