"""Real servers for tests. Fixtures:

live          pages served from a thread of the test process, on the test's own database; `live.url` is its address
rapport       a function that starts `rapport serve` as a real process on a data folder whose database has its tables and
              nothing else (`empty=True`: on none); see RunningRapport
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.platform.ready_made import Ready

ROOT = Path(__file__).resolve().parent.parent.parent
# A module of its own, not the command line: the launcher is what is under test, and it stays the same process.
SERVE = "import sys; from rapport.project.launcher import serve; sys.exit(serve(**eval(sys.argv[1])))"


@pytest.fixture
def live(live_server: object) -> object:
    """pytest-django's live server: same process, same database, so tests make records and see the pages."""
    return live_server


@dataclass
class RunningRapport:
    """A `rapport serve` of its own: data folder, port, output so far."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    output_path: Path
    seconds_to_first_answer: float = 0.0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}"

    @property
    def output(self) -> str:
        """What it has printed so far, standard error included."""
        return self.output_path.read_text(encoding="utf-8", errors="replace")

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of one page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{self.port}"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def wait_until_greeted(self, seconds: float = 60) -> None:
        """Return when it has told its address; fail with its output when it ended or took too long."""
        wait_for(lambda: "Address" in self.output or self.process.poll() is not None, seconds, lambda: self.output)
        assert self.process.poll() is None, self.output

    def family(self) -> dict[int, str]:
        """Process id and command line of everything below the launcher."""
        return descendants(self.process.pid)

    def stop(self, number: int = signal.SIGINT, seconds: float = 40) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)


@pytest.fixture
def rapport(tmp_path: Path, ready: Ready) -> Iterator[Callable[..., RunningRapport]]:
    """Start `rapport serve` as often as needed: `rapport(data=…, sample=…)`; all are stopped afterwards."""
    running: list[RunningRapport] = []

    def start(
        data: Path | None = None, port: int | None = None, wait: bool = True, empty: bool = False, **options: object
    ) -> RunningRapport:
        environment = dict(options.pop("environment", {}))  # type: ignore[call-overload]
        if data is None:
            data = tmp_path / "data"
            if not empty and not data.exists() and "DATABASE_URL" not in environment:
                ready.database(data / "rapport.sqlite3")
        port = port or free_port()
        given = {"port": port, "data": str(data), "browser": False, **options}
        output_path = tmp_path / f"output-{len(running)}.txt"
        began_at = time.monotonic()
        with output_path.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", SERVE, repr(given)],
                cwd=tmp_path, env=_clean_environment() | environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, text=True, process_group=0,
            )  # fmt: skip
        one = RunningRapport(process, data, port, output_path)
        running.append(one)
        if wait:
            one.wait_until_greeted(180 if empty or environment else 60)  # on nothing, all migrations come first
            one.seconds_to_first_answer = time.monotonic() - began_at
        return one

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop(signal.SIGTERM)


def _clean_environment() -> dict[str, str]:
    """Nothing of the test process's own settings; the source tree importable."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("RAPPORT_", "DJANGO_"))}
    kept.pop("DATABASE_URL", None)
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], seconds: float, story: Callable[[], object] = lambda: "") -> None:
    """Wait until the condition holds; never sleeps longer than needed."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds} s: {story()}"
        time.sleep(0.02)


def descendants(pid: int) -> dict[int, str]:
    """Process id and command line of all living children and grandchildren."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    parents: dict[int, tuple[int, str]] = {}
    for line in listing.stdout.splitlines():
        found = re.match(r"\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)", line)
        if found and not found[3].startswith("Z"):
            parents[int(found[1])] = (int(found[2]), found[4])
    family: dict[int, str] = {}
    todo = [pid]
    while todo:
        above = todo.pop()
        for child, (parent, command) in parents.items():
            if parent == above and child not in family:
                family[child] = command
                todo.append(child)
    return family


def is_alive(pid: int) -> bool:
    """Does the process exist and is no zombie?"""
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(listing.stdout.strip()) and not listing.stdout.startswith("Z")
