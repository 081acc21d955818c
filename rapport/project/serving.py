"""How a worker of the web server answers: one page after the other in one thread, and held connections beside them.

A page needs the database connection, which belongs to its thread, and the interpreter: two at once in a process were slower
than one after the other (web.py). A held connection (live chat) needs neither, only to be kept: it waits in a thread of the
server that sleeps. So the server has many threads, all but one of which sleep or hand a page to that one.
"""

from __future__ import annotations

import queue
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import connections

from rapport.project.wsgi import application as pages

if TYPE_CHECKING:
    from rapport.engines.livechat.bell import Bell

#: Connections held open per worker, and threads for them; what is left waits for its turn with a page.
HELD, THREADS = 96, 128
Environ = dict[str, object]
_END = object()


class _Turn:
    """One request on its way to the thread of pages and back."""

    def __init__(self, environ: Environ, start_response: Callable[..., object]) -> None:
        self.environ, self.start_response = environ, start_response
        # Parts of a long answer wait here for the browser; the thread of pages makes no more before they are taken.
        self.parts: queue.Queue[object] = queue.Queue(maxsize=4)
        self.is_left = False

    def give(self, part: object) -> bool:
        """Hand a part over; False when nobody takes them any more."""
        while not self.is_left:
            with suppress(queue.Full):
                self.parts.put(part, timeout=0.5)
                return True
        return False


class Serving:
    """The WSGI application of a worker."""

    def __init__(self) -> None:
        """Threads begin with the first request: this is made before the workers are forked."""
        self._turns: queue.SimpleQueue[_Turn | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        """Have the page made in its thread; what is held goes on in this one."""
        if self._thread is None:
            self._begin()
        turn = _Turn(environ, start_response)
        self._turns.put(turn)
        first = turn.parts.get()
        if isinstance(first, BaseException):
            raise first
        return _rest(turn) if first is _END else first  # type: ignore[return-value]

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                _bell().make_room(HELD)
                self._thread = threading.Thread(target=self._make_pages, name="pages", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """Make no more pages, for a process that goes on without serving (tests)."""
        thread, self._thread = self._thread, None
        self._turns.put(None)
        if thread is not None:
            thread.join(10)

    def _make_pages(self) -> None:
        while (turn := self._turns.get()) is not None:
            try:
                _make(turn)
            except BaseException as error:  # belongs to the thread that waits for it
                turn.give(error)
        connections.close_all()


def _make(turn: _Turn) -> None:
    answer = pages(turn.environ, turn.start_response)
    if getattr(answer, "is_held", False):
        turn.give(answer)
        return
    if not getattr(answer, "streaming", False):
        try:
            body = [b"".join(answer)]
        finally:
            answer.close()
        turn.give(body)
        return
    try:
        if turn.give(_END):
            all(turn.give(part) for part in answer)
    except BaseException as error:  # the same: the half that was sent must not look whole
        turn.give(error)
    finally:
        answer.close()
    turn.give(_END)


def _rest(turn: _Turn) -> Iterator[bytes]:
    """The parts of a long answer, as they come."""
    try:
        while (part := turn.parts.get()) is not _END:
            if isinstance(part, BaseException):
                raise part
            yield part  # type: ignore[misc]
    finally:
        turn.is_left = True


def end_held_on_stop() -> None:
    """When this worker is told to stop, held connections end at once instead of keeping it for the whole grace time.

    Called in the main thread of a worker that was just forked. Python tells of a signal on this socket whoever handles it, so
    the server's own handler stays what it is.
    """
    listening, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait_for_stop, args=(listening, told), name="stop", daemon=True).start()


def _wait_for_stop(listening: socket.socket, told: socket.socket) -> None:
    while told.fileno() >= 0:  # held here, so that it stays open as long as the process
        select.select([listening], [], [])
        if {signal.SIGTERM, signal.SIGINT} & set(listening.recv(64)):
            _bell().stop()
            return


def _bell() -> Bell:
    from rapport.engines.livechat.bell import bell  # its tables are there after Django was set up by wsgi.py

    return bell


application = Serving()
