"""Readers of the change log see every change once, in order, and a failing one holds up nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rapport.kernel.changes import readers
from tests.cast import Cast
from tests.factory import make


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A reader that notes the numbers it is handed, beside one that always fails."""
    numbers: list[int] = []
    monkeypatch.setattr(readers, "_readers", {})

    @readers.change_reader("broken")
    def broken(workspace: object, changes: object) -> None:
        raise RuntimeError("on purpose")

    @readers.change_reader("noting")
    def noting(workspace: object, changes: list) -> None:  # type: ignore[type-arg]
        numbers.extend(c.number for c in changes if c.workspace_id == workspace.pk)  # type: ignore[attr-defined]

    yield numbers


def test_each_change_is_read_once_and_in_order(cast: Cast, seen: list[int]) -> None:
    """After three runs with writes in between, nothing is missing and nothing comes twice."""
    readers.run_readers()
    before = len(seen)
    make(cast.ctx("ana"), "customer")
    readers.run_readers()
    assert len(seen) == before + 1
    readers.run_readers()
    assert len(seen) == before + 1


def test_a_failing_reader_sees_its_changes_again(cast: Cast, seen: list[int]) -> None:
    """Its cursor stays where it was, while the other one moved on."""
    from rapport.kernel.changes.models import ReaderCursor

    readers.run_readers()
    cursors = dict(ReaderCursor.objects.filter(workspace=cast.home).values_list("reader", "number"))
    assert cursors["broken"] == 0 and cursors["noting"] > 0
