"""The program that measures a million, small, so that it never rots: no timing is asserted, but what it measures is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.process
def test_the_program_makes_a_company_many_times_as_large_and_measures_every_page(tmp_path: Path) -> None:
    """Sixty customers made four times as many: each page of the promise answers at both sizes, and says what it costs."""
    words = ["--folder", str(tmp_path), "--base", "60", "--times", "4", "--rounds", "2", "--open-deals", "40", "--entries", "30"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.million", *words], cwd=ROOT, check=False, text=True, capture_output=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "### sqlite, 60 customers" in done.stdout and "### sqlite, 240 customers" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ") and "p50" not in line and "---" not in line]
    assert len(rows) == 12, done.stdout
    assert "customers_customer: 24" in done.stderr
