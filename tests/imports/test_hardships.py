"""An import in a hard world: killed, locked out, on a full disk. Nothing is half written, and it goes on."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Installation
from tests.platform.ready_made import Ready

pytestmark = [pytest.mark.process, pytest.mark.slow]
LINES = 12_000


@pytest.fixture
def rapport(tmp_path: Path, ready: Ready) -> Installation:
    """An installation with a workspace."""
    made = Installation(tmp_path)
    ready.folder(made.data)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Many people; each five-hundredth line is wrong."""
    path = tmp_path / "people.csv"
    lines = (f"Person {n},p{n}@x.example,{'never' if n % 500 == 0 else '1990-01-01'}\n" for n in range(LINES))
    path.write_text("name,email,birthday\n" + "".join(lines), encoding="utf-8")
    return path


def query(rapport: Installation, sql: str) -> list[tuple[object, ...]]:
    """Ask the database past Rapport."""
    connection = sqlite3.connect(rapport.data / "rapport.sqlite3", timeout=30)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


_COUNTS = (
    "SELECT count(*) FROM customers_customer", "SELECT count(*) FROM kernel_change WHERE type = 'customer' AND verb = 'create'",
    "SELECT count(*) FROM kernel_searchentry WHERE type = 'customer'",
    "SELECT count(*) FROM kernel_search_fts WHERE rowid IN (SELECT id FROM kernel_searchentry WHERE type = 'customer')",
    "SELECT count(DISTINCT record_id) FROM kernel_indexedvalue WHERE type = 'customer' AND field = 'emails'",
)  # fmt: skip


def whole(rapport: Installation) -> int:
    """How many customers there are, after checking that each is whole: its log entry, search words and addresses."""
    counts = query(rapport, f"SELECT {', '.join(f'({sql})' for sql in _COUNTS)}")[0]  # one statement, one moment
    assert len(set(counts)) == 1, counts
    return int(str(counts[0]))


def test_killed_in_the_middle_it_goes_on(rapport: Installation, file: Path) -> None:
    """kill -9 during a batch: whole batches are there, the next run goes on, every line ends up once."""
    for _attempt in range(2):
        process = rapport.start("import", str(file), "--as", "customer")
        until = time.monotonic() + 60
        before = whole(rapport)
        while whole(rapport) < before + 1_000 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert 0 < whole(rapport) < LINES
    _out, err = rapport.run("import", str(file), "--as", "customer")
    assert "Went on after line" in err
    assert whole(rapport) == LINES - LINES // 500
    rejected = (file.parent / "people.rejected.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rejected) == 1 + LINES // 500
    assert "created" not in rapport.run("import", str(file), "--as", "customer")[0]


def test_a_second_run_at_the_same_time_waits_outside(rapport: Installation, file: Path) -> None:
    """One run per file: the other is told, so that no line goes in twice."""
    first = rapport.start("import", str(file), "--as", "customer")
    while whole(rapport) < 1_000 and first.poll() is None:
        time.sleep(0.02)
    assert "already" in rapport.run("import", str(file), "--as", "customer", code=1)[1]
    first.communicate(timeout=120)
    assert whole(rapport) == LINES - LINES // 500


def test_locked_out_it_says_so(rapport: Installation, file: Path) -> None:
    """Another program holds the write lock beyond the timeout: one sentence, nothing half written."""
    other = sqlite3.connect(rapport.data / "rapport.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        err = rapport.run("import", str(file), "--as", "customer", code=1)[1]
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert "writing to the database" in err and err.count("\n") == 1
    assert whole(rapport) == 0
    assert "created" in rapport.run("import", str(file), "--as", "customer")[0]


def test_on_a_full_disk_whole_batches_stay(rapport: Installation, file: Path) -> None:
    """The database may not grow: the run ends with a sentence; with room again it goes on where it was."""
    pages = query(rapport, "PRAGMA page_count")[0][0]
    # The settings of every connection come from a list; a further one stands in for a disk with little room.
    code = (
        "import sys; from rapport.project import sqlite as s; "
        f"s.CONNECTION_PRAGMAS += ('PRAGMA max_page_count={int(str(pages)) + 3500}',); "
        "from rapport.surfaces.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "import", str(file), "--as", "customer"], env=rapport.environment, cwd=rapport.folder,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1 and "disk is full" in done.stderr and "Traceback" not in done.stderr, done.stderr
    kept = whole(rapport)
    assert 0 < kept < LINES
    rapport.run("import", str(file), "--as", "customer")
    assert whole(rapport) == LINES - LINES // 500
