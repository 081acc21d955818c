"""What `./test --fast` leaves out is a list of tests that are there, and it never leaves out a whole record type or folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rapport.kernel.records.registry import registry
from tests.platform.slow_list import LIST, ROOT, demand_a_choice_of_everything, slow_functions

pytestmark = pytest.mark.once


def test_the_list_names_tests_that_are_there() -> None:
    """Who renames or removes a test takes it out of the list too, or its successor would be left out or not by chance."""
    gone = []
    for name in slow_functions():
        file, _, function = name.partition("::")
        if not (ROOT / file).is_file() or f"def {function}(" not in (ROOT / file).read_text(encoding="utf-8"):
            gone.append(name)
    assert not gone, f"take these out of {LIST}"


def _item(name: str, folder: str, *marks: str) -> Any:
    return SimpleNamespace(
        nodeid=f"tests/{folder}/test_x.py::{name}",
        path=Path(f"/tests/{folder}/test_x.py"),
        get_closest_marker=lambda mark: mark in marks,
    )


def test_a_choice_that_leaves_out_a_type_or_a_folder_is_refused() -> None:
    """Browsers and servers are left out as a whole; anything else has a test in the fast run."""
    every = [_item(f"test_x[{key}]", "web") for key in registry.shipped()]
    demand_a_choice_of_everything(every, [_item("test_z", "browser", "browser"), _item("test_z", "cli", "process")])
    with pytest.raises(pytest.UsageError, match="deal"):
        demand_a_choice_of_everything([one for one in every if "[deal]" not in one.nodeid], [])
    with pytest.raises(pytest.UsageError, match="moving"):
        demand_a_choice_of_everything(every, [_item("test_slow", "moving")])
