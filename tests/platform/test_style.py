"""House rules a machine can check: the linter, file sizes, file names, nothing of one machine in the repository."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent.parent
MOST_LINES = 600
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}
# Generated, copied or data: not written by hand, so not bound by the size of what a person reads in one go.
UNBOUND = re.compile(
    r"/migrations/|\.lock$|package-lock\.json$|^requirements/.*\.txt$|^LICENSE$|\.(csv|svg|po|json|css)$|/data/"
)
TEXT_SUFFIXES = frozenset("py toml txt in md html css ts js json cfg ini yml yaml sh".split(" ")) | {""}
# Written apart, so that this file does not hold what it looks for. User names of the web server and of CI are paths of
# one machine as well as anybody's home.
MACHINE = re.compile(
    "|".join([r"/work" + r"/(main|shared)", r"/root" + r"/", r"/home" + r"/[a-z]", r"/Users" + r"/[a-z]"])
)
REGISTRIES = re.compile(
    "|".join([r"pypi" + r"\.org", r"pythonhosted" + r"\.org", r"registry\.npmjs" + r"\.", r"deb\.debian" + r"\.org"])
)


@cache
def files() -> tuple[str, ...]:
    """Paths git tracks or would track, relative to the root."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(name for name in listing.stdout.splitlines() if (ROOT / name).is_file())


def lines_of(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace").splitlines()


def test_ruff_finds_nothing() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--output-format=concise", "."],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_no_file_is_too_long_to_read() -> None:
    long = {name: len(lines_of(name)) for name in files() if not UNBOUND.search(name) and is_text(name)}
    assert {name: count for name, count in long.items() if count >= MOST_LINES} == {}


def test_files_are_named_by_their_content() -> None:
    assert [name for name in files() if Path(name).stem.lower() in NAMELESS] == []


def test_nothing_of_one_machine_or_registry_is_in_the_repository() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name in files()
        if is_text(name)
        for number, line in enumerate(lines_of(name), 1)
        if MACHINE.search(line) or REGISTRIES.search(line)
    ]
    assert found == []


def is_text(name: str) -> bool:
    return Path(name).suffix.lstrip(".") in TEXT_SUFFIXES
