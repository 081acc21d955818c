"""The program that measures exports, small, so that it never rots; no timing is asserted. It imports what it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.process
def test_the_program_measures_an_export_of_what_it_imported() -> None:
    """Two thousand and one people, one more than an export reads at a time: each set of columns is written whole."""
    words = ["-m", "benchmarks.export_file", "--rows", "2001", "--databases", "sqlite"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, check=False, text=True, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sqlite, 2,001 people" in done.stdout
    for title in ("the list's own columns", "ten columns", "every column"):
        assert f"{title}: " in done.stdout, done.stdout
