"""./test adds up its passes and never hides what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.platform.passes import Counts

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.once
def test_counts_add_up_and_a_crash_is_a_failure(tmp_path: Path) -> None:
    counts = Counts()
    written = tmp_path / "pass.json"
    written.write_text(json.dumps({"passed": 3, "failed": 0, "skipped": 1}))
    counts.add(written)
    counts.add(tmp_path / "never-written.json")
    assert str(counts) == "3 passed, 1 failed, 1 skipped"


@pytest.mark.once
@pytest.mark.process
@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_without_postgresql_its_tests_are_skipped_by_name_or_fail_in_ci(tmp_path: Path, ci: str, code: int) -> None:
    answer = _run_passes("tests/platform/test_health.py", "-p", "no:xdist", blind=True, ci=ci)
    lines = answer.stdout.strip().splitlines()
    assert "PostgreSQL is missing: sudo apt install postgresql" in answer.stdout
    assert lines[-1] == "3 passed, 0 failed, 3 skipped"
    assert answer.returncode == code, answer.stdout


def _run_passes(*arguments: str, blind: bool, ci: str) -> subprocess.CompletedProcess[str]:
    code = "import sys\nfrom tests.platform import passes\n"
    if blind:
        code += "passes.find_postgres = lambda: None\npasses._build_front_end = lambda **_: True\n"
    code += "sys.exit(passes.main(sys.argv[1:]))"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RAPPORT_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, env=environment | {"CI": ci}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
