"""Keep child processes running, and stop them all: no library, no polling."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from rapport.project.orphans import environment_for_child

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The job runner finishes its running job on SIGTERM; the web server its requests.
GRACE_SECONDS = 25.0
#: A child's exit code that says: one sentence was printed, and trying again will not help (EX_CONFIG).
NOT_READY = 78
LONGEST_PAUSE = 30.0
QUICK_DEATH = 10.0


@dataclass
class Child:
    """One process that has to run: started again when it ends, with growing pauses when it ends at once."""

    name: str
    command: list[str]
    is_held_back: bool = False  # until somebody says that its time has come
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    quick_deaths: int = 0

    @property
    def is_due(self) -> bool:
        """Should it be started now?"""
        return self.process is None and not self.is_held_back and time.monotonic() >= self.start_at

    def start(self) -> None:
        """Start it in a process group of its own, so that Ctrl-C in the terminal reaches only the launcher."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command, env=environment_for_child(), stdin=subprocess.DEVNULL, process_group=0
        )

    def notice_end(self) -> int | None:
        """Its exit code once after it ended; also clears what is left of its group and plans the next start."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self.kill_group()
        self.process = None
        now = time.monotonic()
        self.quick_deaths = self.quick_deaths + 1 if now - self.started_at < QUICK_DEATH else 0
        self.start_at = now + min(LONGEST_PAUSE, 0.2 * 2 ** max(0, self.quick_deaths - 1))
        return code

    def ask_to_stop(self) -> None:
        """SIGTERM: finish what is running, then end."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)

    def kill_group(self) -> None:
        """SIGKILL to whatever its group still holds."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Supervisor:
    """Runs children until a stop signal arrives."""

    children: list[Child] = field(default_factory=list)
    stop_signals_seen: int = 0
    _wake: tuple[int, int] | None = None

    def listen(self) -> None:
        """Take over the stop signals; from here on they only set a flag and wake the loop."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        os.set_blocking(reader, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._wake = (reader, writer)
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # only wakes the loop

    def stop_listening(self) -> None:
        """Give the signals back."""
        signal.set_wakeup_fd(-1)
        for number in (*STOP_SIGNALS, signal.SIGCHLD):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        for end in self._wake or ():
            os.close(end)
        self._wake = None

    @property
    def is_stopping(self) -> bool:
        """Has anyone asked to stop?"""
        return self.stop_signals_seen > 0

    def keep_running(self, when_tick: Callable[[], float], is_over: Callable[[Child, int], bool]) -> None:
        """Start all, restart what ends, until stopped or until `is_over` says that an end cannot be mended.

        `when_tick` is called on every turn and says how many seconds may pass until the next one.
        """
        while not self.is_stopping:
            for child in self.children:
                if child.is_due:
                    child.start()
            pause = when_tick()
            self.wait(min([pause, *self._times_to_next_start()]))
            for child in self.children:
                code = child.notice_end()
                if code is None or self.is_stopping:
                    continue
                if is_over(child, code):
                    return
                print(f"{child.name} ended (exit code {code}) and is started again.", file=sys.stderr, flush=True)

    def wait(self, seconds: float) -> None:
        """Sleep until a signal (a child's end is one) or the time is over."""
        assert self._wake
        readable, _, _ = select.select([self._wake[0]], [], [], max(0.0, seconds))
        if readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake[0], 4096)

    def stop_all(self) -> None:
        """Ask every child to end, wait, then kill what is left; a second stop signal ends the waiting."""
        patience = self.stop_signals_seen + 1
        for child in self.children:
            child.ask_to_stop()
        until = time.monotonic() + GRACE_SECONDS
        while self._running() and time.monotonic() < until and self.stop_signals_seen < patience:
            self.wait(0.1)
        for child in self.children:
            child.kill_group()
            if child.process is not None:
                child.process.wait()

    def _running(self) -> list[Child]:
        return [child for child in self.children if child.process is not None and child.process.poll() is None]

    def _times_to_next_start(self) -> list[float]:
        waiting = [child.start_at for child in self.children if child.process is None and not child.is_held_back]
        return [max(0.01, start_at - time.monotonic()) for start_at in waiting]

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_signals_seen += 1
