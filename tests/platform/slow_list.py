"""Which tests `./test --fast` leaves out.

Seconds are those of the processor, of the test and of what it starts: other work on the machine does not change them much.
tests/slow.txt names every test function of which a case took more than MOST seconds, and nobody keeps it by hand: a whole
run of ./test writes it anew into .build/slow.txt, and `python -m tests.platform.slow_list` puts that in its place. A function
that is not named there is in the fast run; one that takes far longer than MOST makes that run fail, which says what to do.
The fast run also fails when nothing in it would touch a record type, or a folder of tests.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LIST, FOUND = ROOT / "tests" / "slow.txt", ROOT / ".build" / "slow.txt"
#: Seconds that a test of the fast run may take; and what it fails for, which no busy machine makes of that.
MOST, FAR_TOO_LONG = 0.3, 4.0
#: Folders whose tests all need another program, which they start themselves.
BY_A_PROGRAM = {ROOT / "tests" / "sso"}
IS_FAST = os.environ.get("RAPPORT_TEST_FAST") == "1"
_HEAD = "# Tests that ./test --fast leaves out: python -m tests.platform.slow_list writes this file after a whole ./test.\n"


def slow_functions() -> set[str]:
    """What the list names, as "tests/web/test_list.py::test_pages"."""
    return {line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}


def function_of(test: str) -> str:
    """The name of a test without its case."""
    return test.partition("[")[0]


def is_left_out_anyway(item: pytest.Item) -> bool:
    """Whether the test drives a browser or starts a server."""
    return any(item.get_closest_marker(name) for name in ("browser", "process"))


def demand_a_choice_of_everything(kept: list[pytest.Item], dropped: list[pytest.Item]) -> None:
    """The fast run, asked for as a whole, touches every record type and every folder that has tests without a browser or server."""
    from rapport.kernel.records.registry import registry

    cases = " ".join(item.nodeid.partition("[")[2].replace("]", "-") for item in kept)
    types = [key for key in registry.shipped() if f"{key}-" not in cases]
    folders = {item.path.parent for item in dropped if not is_left_out_anyway(item)}
    untouched = folders - BY_A_PROGRAM - {item.path.parent for item in kept}
    if types or untouched:
        raise pytest.UsageError(
            f"./test --fast would touch nothing of the record types {types} and the folders {sorted(map(str, untouched))}: "
            "make one of their tests faster than tests/slow.txt says, or add a small one."
        )


def write_down(names: Iterable[str]) -> None:
    """Keep what was found slow just now, for whoever takes it over into the list."""
    FOUND.parent.mkdir(exist_ok=True)
    FOUND.write_text(_HEAD + "".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")


if __name__ == "__main__":
    shutil.copyfile(FOUND, LIST)
