"""Walking the chain of the change log: is every entry as it was written, in its place, and is none missing?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes import chain
from rapport.kernel.changes.models import Change

_BATCH = 1_000
#: Detail of an "erased" entry that says how many entries the erasure emptied.
REDACTED = "redacted"
ERASED = "erased"


@dataclass
class Verdict:
    """What a walk found: whole, or the first number at which the log is broken and what is wrong there."""

    entries: int = 0
    #: Entries from before there was a chain, which nothing proves.
    older: int = 0
    redacted: int = 0
    #: How many redactions the erasures in the log account for.
    erased: int = 0
    last_hash: str = ""
    broken_at: int = 0
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem

    def broken(self, number: int, problem: str) -> Verdict:
        """This verdict, with what is wrong where."""
        self.broken_at, self.problem = number, problem
        return self


def verify_log(workspace: Workspace, *, kept: tuple[int, str] | None = None) -> Verdict:
    """Walk the log of a workspace from its first entry to the last one there was when we began. Bounded memory.

    `kept` is a number and the hash it had when somebody wrote it down: the one thing a chain made anew cannot have.
    """
    with use_workspace(workspace):
        top, last_hash = Workspace.objects.values_list("change_number", "change_hash").get(pk=workspace.pk)
        found = Verdict()
        for row in _rows(workspace, top):
            wrong = _wrong_with(row, found)
            if wrong:
                return found.broken(max(1, min(row.number, found.entries + 1)), wrong)
            found.entries = row.number
            found.last_hash = row.hash
            if kept is not None and kept[0] == row.number and kept[1] != row.hash:
                return found.broken(row.number, "its hash is not the one that was kept: the log was written anew")
        if kept is not None and kept[0] > found.entries:
            return found.broken(found.entries + 1, f"number {kept[0]}, whose hash was kept, is not there")
        if found.entries != top:
            return found.broken(
                found.entries + 1, f"the end is cut: there were {top} entries, the last one now is {found.entries}"
            )
        if found.last_hash != last_hash:
            return found.broken(top, "the last entry is not the one the workspace remembers")
        if found.redacted != found.erased:
            return found.broken(top, f"{found.redacted} entries are emptied, but the erasures in the log emptied {found.erased}")
        return found


def _rows(workspace: Workspace, top: int) -> Iterator[Change]:
    last = -(2**62)
    while True:
        batch = list(Change.objects.filter(workspace=workspace, number__gt=last, number__lte=top).order_by("number")[:_BATCH])
        yield from batch
        if len(batch) < _BATCH:
            return
        last = batch[-1].number


def _wrong_with(row: Change, found: Verdict) -> str:
    """What is wrong with the next row, "" when nothing is; counts it."""
    expected = found.entries + 1
    if row.number != expected:
        return f"an entry is missing: after number {found.entries} comes {row.number}"
    if not row.hash and not found.last_hash:
        found.older += 1
        return ""
    if not _is_as_written(row):
        return "the entry was changed after it was written"
    if row.hash != chain.link(found.last_hash, row.number, row.digest):
        return "the entry is not in its place, or one before it was replaced: its hash does not follow"
    found.redacted += row.redacted_at is not None
    if row.verb == ERASED:
        count = row.details.get(REDACTED)
        found.erased += count if isinstance(count, int) else 0
    return ""


def _is_as_written(row: Change) -> bool:
    """Whether the digest is that of what the row says now; of a redacted one, of its head and its sealed body."""
    if row.redacted_at is None:
        return row.digest == chain.digest_of(row, chain.body_of(row))
    sealed = row.details.get(chain.SEALED)
    is_empty = not row.diff and not row.actor_name and set(row.details) == {chain.SEALED} and not row.salt
    return is_empty and isinstance(sealed, str) and row.digest == chain.digest_of(row, sealed)
