"""The load program of the API, small, so that it never rots: no timing is asserted, but nothing may be lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.once
@pytest.mark.slow
def test_the_load_program_runs_and_loses_nothing() -> None:
    """A company of 200 customers, four clients, half a second for each sort of request."""
    words = ["--databases", "sqlite", "--customers", "200", "--clients", "4", "--seconds", "0.5"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.api", *words], cwd=ROOT, check=False, text=True, capture_output=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of them lost, 0 told twice, 0 gaps" in done.stdout
    rows = [
        line.split("|")[1:-1]
        for line in done.stdout.splitlines()
        if line.startswith(("| create", "| open", "| list", "| search"))
    ]
    assert len(rows) == 4 and all(row[-1].strip() == "0" for row in rows), done.stdout
