"""A PostgreSQL server of the tests' own: a temporary folder, a free port, gone afterwards. No other one is touched."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

# Nothing here outlives the run, so nothing waits for the disk.
OPTIONS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    "shared_buffers=128MB",
)
START_SECONDS = 60


class PostgresDidNotStart(Exception):
    """The throw-away server could not be started; the message holds the end of its log."""


class ThrowawayPostgres:
    """A context manager; `url` is its DATABASE_URL, with a role that is no superuser and owns its database: row-level
    security holds for it, so the whole suite goes through the second wall between workspaces."""

    def __init__(self, programs: Path, options: tuple[str, ...] = OPTIONS) -> None:
        self.programs = programs
        self.options = options
        self.folder = Path(tempfile.mkdtemp(prefix="rapport-pg-"))
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root; Debian's package brings the user.
        self.user = "postgres" if os.geteuid() == 0 else None

    @property
    def url(self) -> str:
        """DATABASE_URL of this server."""
        return f"postgres://rapport@127.0.0.1:{self.port}/rapport"

    @property
    def superuser_url(self) -> str:
        """An address that steps over row-level security; only for making roles and for testing that it is refused."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> ThrowawayPostgres:
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)  # at once, without writing anything down
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        if self.user:
            shutil.chown(self.folder, self.user)
        data, log = self.folder / "data", self.folder / "log"
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        initdb = [str(self.programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        made = subprocess.run(
            [*initdb, f"--locale={locale}", "--no-sync"],
            user=self.user, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise PostgresDidNotStart(made.stderr.strip()[-500:])
        options = [word for option in self.options for word in ("-c", option)]
        server = [str(self.programs / "postgres"), "-D", str(data), "-p", str(self.port), "-k", "", *options]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                server, user=self.user, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                process_group=0, preexec_fn=_die_with_parent,
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                raise PostgresDidNotStart(log.read_text(errors="replace").strip()[-500:])
            time.sleep(0.05)
        self._make_role()

    def _make_role(self) -> None:
        """The role and database an installation has (docs/admin.md); CREATEDB is for the databases of the tests."""
        import psycopg

        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute("CREATE ROLE rapport LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS")
            connection.execute("CREATE DATABASE rapport OWNER rapport")

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.superuser_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Killed with -9, the test run must not leave a server behind either (Linux; runs after the change of user)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT, 0, 0, 0)
