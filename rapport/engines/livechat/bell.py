"""The bell: connections held open, on each of which a number comes as soon as a conversation has something new.

Only that number passes here. What is new is fetched by an ordinary request, with the rights that such a request has, so that
nothing can leak through a held connection, and a browser that the stream does not reach does the same by a timer.

One thread per process asks for the numbers of all conversations that are listened to: one query by primary key each tick,
however many listen, none when nobody does. It works with any number of processes, because the number stands in the database.
Each held connection keeps a thread of the web server waiting (no processor, no database); more than the server has room for
are not held, and their browsers ask by a timer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connections
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from rapport.engines.livechat.models import Talk
from rapport.kernel.access.current import unscoped

log = logging.getLogger(__name__)
#: So long a new line waits at most before those who listen hear of it; the query is 0.2 ms.
TICK = 0.4
#: Nothing new for so long: a sign of life, which also tells us that the other side is gone.
_SIGN = 15.0
#: Then the browser comes anew, with the last number it heard.
_LONGEST = 600.0
_AT_ONCE = 400


@dataclass(eq=False)
class _Listener:
    talk_id: UUID
    seq: int
    woken: threading.Event = field(default_factory=threading.Event)


class Bell:
    """All that is listened to in this process."""

    def __init__(self) -> None:
        """Nothing is held until a server says that it has room."""
        self.room = 0
        self._lock = threading.Lock()
        self._listeners: set[_Listener] = set()
        self._thread: threading.Thread | None = None
        self._is_over = False

    def make_room(self, most: int) -> None:
        """The server can keep so many connections open beside its pages."""
        self.room, self._is_over = most, False

    def hold(self, talk_id: UUID, seq: int) -> Iterator[bytes] | None:
        """The events of one connection; None when there is no room."""
        listener = _Listener(talk_id, seq)
        with self._lock:
            if self._is_over or len(self._listeners) >= self.room:
                return None
            self._listeners.add(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="bell", daemon=True)
                self._thread.start()
        return _Events(self, listener)

    def leave(self, listener: _Listener) -> None:
        """This one listens no more."""
        with self._lock:
            self._listeners.discard(listener)

    def stop(self) -> None:
        """End every connection, for a server that is about to end."""
        with self._lock:
            self._is_over = True
            thread, listeners = self._thread, list(self._listeners)
            self._listeners.clear()
        for one in listeners:
            one.woken.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)

    @property
    def held(self) -> int:
        """How many connections are open."""
        return len(self._listeners)

    @property
    def is_over(self) -> bool:
        """Whether the server is about to end."""
        return self._is_over

    def _watch(self) -> None:
        try:
            while True:
                with self._lock:
                    if not self._listeners or self._is_over:
                        self._thread = None
                        return
                    listeners = list(self._listeners)
                self._look(listeners)
                time.sleep(TICK)
        finally:
            connections.close_all()

    def _look(self, listeners: list[_Listener]) -> None:
        """Wake those whose conversation has another number than they know."""
        ids = list({one.talk_id for one in listeners})
        numbers: dict[UUID, int] = {}
        try:
            close_old_connections()
            with unscoped("one bell of the process rings for the conversations of every workspace"):
                for at in range(0, len(ids), _AT_ONCE):
                    rows = Talk.objects.filter(pk__in=ids[at : at + _AT_ONCE])
                    numbers.update(rows.values_list("pk", "seq"))
        except DatabaseError:
            log.warning("The bell could not ask; it tries again.", exc_info=True)
            return
        for one in listeners:
            number = numbers.get(one.talk_id, one.seq)
            if number != one.seq:
                one.seq = number
                one.woken.set()


class _Events:
    """What goes over one held connection."""

    def __init__(self, bell: Bell, listener: _Listener) -> None:
        self._bell, self._listener = bell, listener
        self._until = time.monotonic() + _LONGEST
        self._heard = listener.seq
        self._has_begun = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._has_begun:
            self._has_begun = True
            return b"retry: 2000\n\n"
        if self._bell.is_over or time.monotonic() > self._until:
            raise StopIteration
        self._listener.woken.wait(_SIGN)
        self._listener.woken.clear()
        if self._bell.is_over:
            raise StopIteration
        number = self._listener.seq
        if number == self._heard:
            return b": here\n\n"
        self._heard = number
        return f"id: {number}\nevent: news\ndata: {number}\n\n".encode()

    def close(self) -> None:
        """The other side has gone, or the time is over."""
        self._bell.leave(self._listener)


class HeldResponse(StreamingHttpResponse):
    """An answer that waits for the bell. The server runs it beside its pages (`rapport/project/serving.py`)."""

    is_held = True


bell = Bell()


def held_answer(talk_id: UUID, last_event_id: str, seq: int) -> HttpResponseBase:
    """The stream of one conversation; what the browser missed meanwhile rings at once. 204 without room: it asks by a timer."""
    known = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 10 else seq
    events = bell.hold(talk_id, known)
    if events is None:
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    # Packing would keep each event back until more came; proxies are told the same.
    headers = {"Cache-Control": "no-store", "Content-Encoding": "identity", "X-Accel-Buffering": "no"}
    return HeldResponse(events, content_type="text/event-stream", headers=headers)
