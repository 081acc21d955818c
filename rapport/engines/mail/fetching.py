"""Reading a mailbox into the ledger: what is new first, then backwards, in steps that each stand or fall as a whole.

A step fetches a few megabytes of messages, hands them to whoever keeps them, and writes records, ledger and mark in one
transaction: a killed process has done a step or has not. The ledger, not the mark, says what was seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError
from django.utils import timezone

from rapport.engines.mail.bounces import take_note
from rapport.engines.mail.imap import Head, ImapSession
from rapport.engines.mail.models import FolderState, Mailbox, SeenMessage
from rapport.engines.mail.reading import read_message
from rapport.engines.mail.reading.parse import MOST_BYTES
from rapport.engines.mail.taking import Incoming, taker
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context

_MESSAGES_AT_ONCE = 100
_BYTES_AT_ONCE = 8 * 1024 * 1024
_WINDOW = 500
_WIDEST = 1 << 26
_COLUMNS = (
    "workspace_id", "mailbox_id", "folder", "uidvalidity", "uid", "message_id", "size", "outcome", "why", "record_id", "seen_at",
)  # fmt: skip


@dataclass
class Run:
    """One turn at a mailbox."""

    ctx: Context
    mailbox: Mailbox
    session: ImapSession
    stop: Callable[[], bool]
    #: Backwards until then; what is new is always read to its end.
    until: float = field(default_factory=lambda: time.monotonic() + 60)
    seen: int = 0
    missing: int = 0
    more: bool = False

    @property
    def is_over(self) -> bool:
        """Whether to leave the rest for another turn."""
        return self.stop() or time.monotonic() > self.until


def folders_of(run: Run) -> list[tuple[str, bool]]:
    """The folders to read: those the mailbox names, else the inbox and what was sent."""
    found = run.session.folders()
    named = [one.strip() for one in run.mailbox.folders.split(",") if one.strip()]
    sent = {name for name, is_sent in found if is_sent}
    return [(name, name in sent) for name in named] if named else found


def read_new(run: Run, folder: str, *, is_sent: bool) -> FolderState:
    """Everything that came since the last turn; a folder seen first, or numbered anew by its server, starts over."""
    state = _opened(run, folder, is_sent=is_sent)
    coming = run.session.uids(state.top + 1, None)
    for heads in _steps(run.session.heads(some) for some in _cut(coming)):
        if run.stop():
            run.more = True
            return state
        _step(run, state, heads, top=heads[-1].uid)
    return state


def read_older(run: Run, state: FolderState) -> None:
    """Backwards from where the last turn stopped, until the time is over."""
    window = _WINDOW
    if state.bottom > 1:
        run.session.select(state.name)
    while state.bottom > 1:
        if run.is_over:
            run.more = True
            return
        high, low = state.bottom - 1, max(1, state.bottom - window)
        found = run.session.uids(low, high)[::-1]
        # Numbers may lie far apart: where nothing is, steps grow.
        window = min(window * 4, _WIDEST) if not found else max(_WINDOW, window // 4) if len(found) > _WINDOW else window
        for heads in _steps(run.session.heads(some) for some in _cut(found)):
            if run.is_over:
                run.more = True
                return
            _step(run, state, heads, bottom=heads[-1].uid)
        state.bottom = low
        _moved(run, state)
    _drop_old_numbers(run, state)


def count_against(run: Run, state: FolderState) -> None:
    """Compare the whole folder with the ledger, and read what is missing."""
    selected = run.session.select(state.name)
    high, window = max(state.top, selected.next_uid), 5_000
    while high >= 1 and not run.stop():
        low = max(1, high - window + 1)
        there = run.session.uids(low, high)
        window = min(window * 4, _WIDEST) if not there else 5_000
        known = set(_ledger(run, state).filter(uid__gte=low, uid__lte=high).values_list("uid", flat=True))
        lost = [uid for uid in there if uid not in known and state.bottom <= uid <= state.top]
        run.missing += len(lost)
        _read_some(run, state, lost)
        high = low - 1
    FolderState.objects.filter(pk=state.pk, workspace_id=run.ctx.workspace.pk).update(on_server=selected.count)


def look_again(run: Run, state: FolderState, address: str) -> int:
    """Read again what names an address and was not kept; returns how many messages were looked at."""
    run.session.select(state.name)
    found = run.session.uids_with(address)
    kept = set()
    for some in _cut(found, 500):
        kept |= set(_ledger(run, state).filter(uid__in=some).exclude(outcome=SeenMessage.SKIPPED).values_list("uid", flat=True))
    wanted = [uid for uid in found if uid not in kept]
    _read_some(run, state, wanted)
    return len(wanted)


def _read_some(run: Run, state: FolderState, uids: Sequence[int]) -> None:
    for heads in _steps(run.session.heads(some) for some in _cut(uids)):
        _step(run, state, heads, again=True)


def _opened(run: Run, folder: str, *, is_sent: bool) -> FolderState:
    selected = run.session.select(folder)
    workspace_id = run.ctx.workspace.pk
    state = FolderState.objects.filter(workspace_id=workspace_id, mailbox_id=run.mailbox.pk, name=folder).first()
    next_uid = selected.next_uid or (run.session.uids(1, None) or [0])[-1] + 1
    if state is None:
        state = FolderState(workspace_id=workspace_id, mailbox_id=run.mailbox.pk, name=folder, uidvalidity=0)
    state.on_server, state.is_sent = selected.count, is_sent
    if state.uidvalidity != selected.uidvalidity:
        # All that is there counts as older, and is read from the newest backwards.
        state.uidvalidity, state.top, state.bottom = selected.uidvalidity, next_uid - 1, next_uid
    state.save()
    return state


def _moved(run: Run, state: FolderState) -> None:
    FolderState.objects.filter(pk=state.pk, workspace_id=run.ctx.workspace.pk).update(top=state.top, bottom=state.bottom)


def _ledger(run: Run, state: FolderState) -> object:
    return SeenMessage.objects.filter(
        workspace_id=run.ctx.workspace.pk, mailbox_id=run.mailbox.pk, folder=state.name, uidvalidity=state.uidvalidity
    )


def _drop_old_numbers(run: Run, state: FolderState) -> None:
    """The folder has been read to its end: lines under the numbers it had before are of no more use."""
    rows = SeenMessage.objects.filter(workspace_id=run.ctx.workspace.pk, mailbox_id=run.mailbox.pk, folder=state.name)
    rows.exclude(uidvalidity=state.uidvalidity).delete()


def _cut(uids: Sequence[int], size: int = _MESSAGES_AT_ONCE) -> Iterator[Sequence[int]]:
    for at in range(0, len(uids), size):
        yield uids[at : at + size]


def _steps(groups: Iterator[list[Head]]) -> Iterator[list[Head]]:
    """Groups of messages that fit into memory together, in the order given."""
    for group in groups:
        step: list[Head] = []
        for head in group:
            if step and sum(min(one.size, MOST_BYTES) for one in step) + head.size > _BYTES_AT_ONCE:
                yield step
                step = []
            step.append(head)
        if step:
            yield step


def _step(run: Run, state: FolderState, heads: list[Head], *, top: int = 0, bottom: int = 0, again: bool = False) -> None:
    """Fetch, prepare and store some messages; then the mark has moved."""
    known = {} if again else dict(_ledger(run, state).filter(uid__in=[one.uid for one in heads]).values_list("uid", "outcome"))
    fresh = [one for one in heads if one.uid not in known]
    found = _before(run, state, fresh)
    wanted = [one for one in fresh if one.uid not in found and one.size <= MOST_BYTES]
    for head in fresh:
        if head.size > MOST_BYTES:
            found[head.uid] = _line_of(state, head, "too_large")
    for head, data in run.session.bodies(wanted):
        found[head.uid] = Incoming(state.name, head.uid, read_message(data), head.received_at, state.is_sent)
    todo = [one for one in found.values() if not one.outcome]
    keeper = taker()
    if keeper is not None:
        keeper.prepare(run.ctx, run.mailbox, todo)
    state.top, state.bottom = max(state.top, top), min(state.bottom, bottom or state.bottom)
    for attempt in range(3):
        try:
            with unit_of_work(run.ctx):
                left = [one for one in todo if not one.outcome]
                if keeper is not None and left:
                    keeper.store(run.ctx, run.mailbox, left)
                _write(run, state, fresh, found, again=again)
                take_note(run.ctx, run.mailbox, [(one.message, one.is_sent) for one in todo])
            break
        except IntegrityError:
            # Another mailbox brought the same message at this moment: looked at again, it is there.
            if attempt == 2:
                raise
            for one in todo:
                if one.outcome != "skipped":
                    one.outcome, one.record_id = "", None
    run.seen += len(fresh)


def _before(run: Run, state: FolderState, heads: list[Head]) -> dict[int, Incoming]:
    """Messages that this folder showed under other numbers: the server numbered it anew, nothing needs to be fetched."""
    ids = [one.message_id for one in heads if one.message_id]
    rows = SeenMessage.objects.filter(
        workspace_id=run.ctx.workspace.pk, mailbox_id=run.mailbox.pk, folder=state.name, message_id__in=ids
    ).exclude(uidvalidity=state.uidvalidity)
    seen = {(one.message_id, one.size): one for one in rows}
    found = {}
    for head in heads:
        if (line := seen.get((head.message_id, head.size))) is not None and head.message_id:
            found[head.uid] = _line_of(state, head, line.why)
            found[head.uid].outcome = SeenMessage.SKIPPED if line.outcome == SeenMessage.SKIPPED else SeenMessage.JOINED
            found[head.uid].record_id = line.record_id
    return found


def _line_of(state: FolderState, head: Head, why: str) -> Incoming:
    """A line for a message that is not fetched."""
    message = read_message(b"")
    message.message_id, message.size = head.message_id, head.size
    return Incoming(state.name, head.uid, message, head.received_at, state.is_sent, outcome="skipped", why=why)


def _write(run: Run, state: FolderState, fresh: list[Head], found: dict[int, Incoming], *, again: bool) -> None:
    now = timezone.now()
    if again:
        _ledger(run, state).filter(uid__in=[one.uid for one in fresh], outcome=SeenMessage.SKIPPED).delete()  # type: ignore[attr-defined]
    rows = []
    for head in fresh:
        if (one := found.get(head.uid)) is None:
            continue  # it was deleted on the server a moment ago
        outcome, why = (one.outcome, one.why) if one.outcome else (SeenMessage.SKIPPED, "nobody")
        rows.append((
            run.ctx.workspace.pk, run.mailbox.pk, state.name, state.uidvalidity, head.uid, one.message.message_id[:250],
            head.size, outcome, why, one.record_id, now,
        ))  # fmt: skip
    insert_rows(SeenMessage, _COLUMNS, rows)
    _moved(run, state)
