"""The tests' own PostgreSQL leaves nothing behind, however the run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.platform.programs import find_postgres
from tests.platform.servers import descendants, is_alive, wait_for
from tests.platform.throwaway_postgres import ThrowawayPostgres

pytestmark = [pytest.mark.once, pytest.mark.process]
ROOT = Path(__file__).resolve().parent.parent.parent
HOLD = """
import time
from tests.platform.programs import find_postgres
from tests.platform.throwaway_postgres import ThrowawayPostgres
with ThrowawayPostgres(find_postgres()) as server:
    print(server.folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def programs() -> Path:
    found = find_postgres()
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("PostgreSQL is missing: sudo apt install postgresql")
    assert found, "PostgreSQL is missing"
    return found


def test_it_answers_and_is_gone_afterwards(programs: Path) -> None:
    with ThrowawayPostgres(programs) as server:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert server.process
        pids = [server.process.pid, *descendants(server.process.pid)]
        assert len(pids) > 3
    assert not server.folder.exists()
    wait_for(lambda: not [pid for pid in pids if is_alive(pid)], 10)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url, connect_timeout=2)


def test_it_is_gone_after_a_failure(programs: Path) -> None:
    server = ThrowawayPostgres(programs)
    with pytest.raises(ZeroDivisionError), server:
        raise ZeroDivisionError
    assert not server.folder.exists()
    assert server.process
    assert server.process.poll() is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
def test_a_killed_run_leaves_no_server(programs: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    folder = Path(holder.stdout.readline().strip())
    try:
        family = descendants(holder.pid)
        assert family
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        wait_for(lambda: not [pid for pid in family if is_alive(pid)], 15, lambda: family)
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=False)
