"""Doing one thing to many records: in portions of one transaction each, so that a killed process loses nothing and
repeats nothing, with the rights of the person who asked tested for every row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.batches.models import Batch
from rapport.engines.batches.take_back import changed_by, take_back_portion
from rapport.engines.batches.tally import Tally
from rapport.kernel.access import gate
from rapport.kernel.access.models import Workspace
from rapport.kernel.actions.running import run_bulk
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Gone, RapportError
from rapport.kernel.ids import as_id
from rapport.kernel.query.read import read_ids
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Rows of one transaction; an action has one of its own for each row and is counted off in small portions.
PORTION, ACTIONS = 500, 25
#: Up to this many are done while the person waits.
AT_ONCE = 500
#: Distinct sentences that are kept.
_SENTENCES = 5


def begin(ctx: Context, info: TypeInfo, ids: Sequence[UUID], what: Mapping[str, object]) -> Batch:
    """Write down what is to be done; `carry_on` does it."""
    return Batch.objects.create(
        workspace_id=ctx.workspace.pk, type=info.key, actor_id=ctx.actor_id, what=dict(what), left=[str(pk) for pk in ids],
        total=len(ids), after_number=_last_number(ctx), at=dt.datetime.now(dt.UTC),
    )  # fmt: skip


def carry_on(ctx: Context, batch: Batch, watch: Callable[[Batch], bool] = lambda batch: True) -> Batch:
    """Do what is left of a batch; `watch` is told after each portion and may interrupt it (`end` ends it for good)."""
    info = registry.get(batch.type)
    acting = replace(ctx, cause_id=batch.pk, memory={})
    size = ACTIONS if batch.what["do"] == "run" else PORTION
    while batch.left:
        some = [pk for pk in map(as_id, batch.left[:size]) if pk]
        if batch.what["do"] == "run":
            # Each record has a transaction of its own, so that a refused one leaves nothing behind.
            _count(batch, _portion(acting, info, batch, some), size)
            _keep(batch)
        else:
            with unit_of_work(acting):
                _count(batch, _portion(acting, info, batch, some), size)
                _keep(batch)
        if not watch(batch) and batch.left:
            return batch
    return end(ctx, batch)


def end(ctx: Context, batch: Batch) -> Batch:
    """It is over: what was done can be taken back from here on; what is left is left. What was typed is in the change
    log now and need not stand here too."""
    batch.what = {key: value for key, value in batch.what.items() if key in ("do", "action", "batch")}
    batch.left, batch.last_number, batch.finished_at = [], _last_number(ctx), dt.datetime.now(dt.UTC)
    _keep(batch)
    return batch


def find(ctx: Context, batch_id: object) -> Batch:
    """A batch of this very person; anybody else's is not there."""
    found = Batch.objects.filter(workspace_id=ctx.workspace.pk, actor_id=ctx.actor_id, pk=as_id(batch_id)).first()
    if found is None:
        raise Gone(_("There is nothing to take back here."))
    return found


def take_back(ctx: Context, batch: Batch) -> Batch:
    """The batch that takes another one back; `carry_on` does it. Raises Gone when that has been done before."""
    now = dt.datetime.now(dt.UTC)
    untouched = Batch.objects.filter(
        workspace_id=ctx.workspace.pk, pk=batch.pk, actor_id=ctx.actor_id, taken_back_at=None, finished_at__isnull=False
    )
    if not untouched.update(taken_back_at=now):
        raise Gone(_("There is nothing to take back here."))
    return begin(ctx, registry.get(batch.type), changed_by(batch), {"do": "undo", "batch": str(batch.pk)})


def _last_number(ctx: Context) -> int:
    return Workspace.objects.filter(pk=ctx.workspace.pk).values_list("change_number", flat=True)[0]


def _keep(batch: Batch) -> None:
    names = ("what", "left", "done", "refused", "problems", "last_number", "finished_at")
    Batch.objects.filter(workspace_id=batch.workspace_id, pk=batch.pk).update(**{name: getattr(batch, name) for name in names})


def _count(batch: Batch, tally: Tally, size: int) -> None:
    batch.left = batch.left[size:]
    batch.done += tally.done
    batch.refused += tally.refused
    batch.problems = list(dict.fromkeys([*batch.problems, *tally.problems]))[:_SENTENCES]


def _portion(ctx: Context, info: TypeInfo, batch: Batch, ids: list[UUID]) -> Tally:
    what = batch.what
    match what["do"]:
        case "edit":
            return _edit(ctx, info, [(pk, what["values"]) for pk in ids])
        case "tags":
            return _tag(ctx, info, ids, what)
        case "delete":
            return _delete(ctx, info, ids)
        case "run":
            got = run_bulk(ctx, info, ids, what["action"], what["values"])
            return Tally(len(got.done), got.refused, list(dict.fromkeys(got.errors.values())))
        case "undo":
            return take_back_portion(ctx, info, find(ctx, what["batch"]), ids)
    raise Gone(_("There is no such action."))


def _edit(ctx: Context, info: TypeInfo, edits: Sequence[tuple[UUID, Mapping[str, object]]]) -> Tally:
    tally = Tally()
    result = ctx.write_many(info.key, edits)
    tally.done = len(result.ids)
    for wrong in result.errors.values():
        tally.leave_out(wrong)
    return tally


def _tag(ctx: Context, info: TypeInfo, ids: list[UUID], what: Mapping[str, object]) -> Tally:
    """Add and remove entries of a field that holds several, keeping the others of each row."""
    key, add, remove = str(what["key"]), list(what["add"]), set(what["remove"])  # type: ignore[call-overload]
    rows = read_ids(ctx, info, ids, [key])
    edits = []
    for pk in ids:
        had = list(rows[pk].values.get(key) or []) if pk in rows else []
        edits.append((pk, {key: [one for one in dict.fromkeys([*had, *add]) if one not in remove] or None}))
    return _edit(ctx, info, edits)


def _delete(ctx: Context, info: TypeInfo, ids: list[UUID]) -> Tally:
    tally = Tally()
    found = gate.visible(ctx, info).in_bulk(ids)
    for pk in ids:
        try:
            if pk not in found:
                raise Gone(_("Some of these rows do not exist any more, or you may not see them."))
            ctx.delete(found[pk])
            tally.done += 1
        except RapportError as wrong:
            tally.leave_out(wrong)
    return tally
