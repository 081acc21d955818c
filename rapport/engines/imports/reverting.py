"""Taking an import back: what it created goes into the bin, what it changed gets its old values, newest first.

A record that somebody changed since is left alone unless the person says otherwise. The walk goes down the change log
and keeps its place in the transaction of every portion, so that it goes on after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.imports.models import ImportRun
from rapport.kernel.access import gate
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.changes.many import write_many
from rapport.kernel.changes.many_bin import delete_many
from rapport.kernel.changes.models import WRITES, Change
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import from_log, settable_fields
from rapport.kernel.errors import Conflict
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Changes looked at in one transaction, and records left alone that are listed.
PORTION, MOST_LISTED = 1_000, 200


@dataclass
class Done:
    """What the import did to one record."""

    type: str
    first: int
    last: int
    is_new: bool
    version: int
    before: dict[str, object] = field(default_factory=dict)


def demand_revert(ctx: Context, run: ImportRun) -> None:
    """Raise Refused unless the viewer may import these types and edit and delete their records."""
    for key in types_of(run):
        info = registry.get(key)
        for verb in ("import", "edit", "delete"):
            gate.demand(ctx, info, verb)


def prepare_revert(ctx: Context, run: ImportRun, *, force: bool = False) -> None:
    """Make a run ready to be taken back, or back once more over later changes; raises Conflict when nothing is left."""
    again = run.state == "reverted" and force and run.revert.get("left")
    if run.after_number is None or (run.state == "reverted" and not again):
        raise Conflict(_("There is nothing of this import to take back."))
    demand_revert(ctx, run)
    if again or run.revert_number is None:
        run.revert, run.revert_number = {"force": force}, None


def types_of(run: ImportRun) -> list[str]:
    """The types that a run's mapping makes."""
    steps = run.mapping.get("steps") if isinstance(run.mapping, dict) else None
    keys = [str(step.get("as")) for step in steps] if isinstance(steps, list) else [run.type]
    return [key for key in dict.fromkeys(keys) if key in registry] or [run.type]


def revert(ctx: Context, run: ImportRun, watch: Callable[[ImportRun], bool] = lambda run: True) -> bool:
    """Take the import back; False when it was interrupted and can go on."""
    demand_revert(ctx, run)
    if run.revert_number is None:
        run.revert_number = top_of(ctx, run) + 1
        run.revert = {**_nothing(), "force": bool(run.revert.get("force"))}
        note_quietly(ctx, "imported", type_key=run.type, file=run.file_name, state="reverting", run=run.pk)
    acting = replace(ctx, memory={})
    while True:
        with unit_of_work(acting):
            some = portion(run, run.revert_number)
            if some:
                _portion(acting, run, some)
                run.revert_number = some[-1][0]
            _keep(run)
        if not some:
            break
        if not watch(run):
            return False
    run.state = "reverted"
    counts = {key: run.revert[key] for key in ("deleted", "restored", "left")}
    note_quietly(ctx, "imported", type_key=run.type, file=run.file_name, state="reverted", run=run.pk, counts=counts)
    _keep(run)
    return True


def top_of(ctx: Context, run: ImportRun) -> int:
    """The last change that may be the import's."""
    return run.last_number or Workspace.objects.filter(pk=ctx.workspace.pk).values_list("change_number", flat=True)[0]


def portion(run: ImportRun, number: int) -> list[tuple[int, UUID]]:
    """The newest changes of the import before a number, with their records."""
    changes = _changes(run).filter(number__lt=number).order_by("-number")
    return list(changes.values_list("number", "record_id")[:PORTION])


def within(ctx: Context, info: TypeInfo, verb: str, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the records to which this viewer may do the verb."""
    return set(gate.visible(ctx, info, verb).filter(pk__in=ids).values_list("pk", flat=True))


def _nothing() -> dict[str, object]:
    return {"deleted": 0, "restored": 0, "left": 0, "listed": [], "done": 0}


def _keep(run: ImportRun) -> None:
    ImportRun.objects.filter(pk=run.pk).update(revert_number=run.revert_number, revert=run.revert, state=run.state)


def _changes(run: ImportRun):  # a query set of Change
    found = Change.objects.filter(
        workspace_id=run.workspace_id, number__gt=run.after_number, cause_id=run.pk, verb__in=WRITES, redacted_at=None
    )
    return found.filter(number__lte=run.last_number) if run.last_number is not None else found


def _portion(ctx: Context, run: ImportRun, some: Sequence[tuple[int, UUID]]) -> None:
    """Take back the records whose last change by the import is among these; earlier changes of theirs come with it."""
    numbers = {number for number, _pk in some}
    found = done_to(run, list({pk for _number, pk in some}))
    here = {pk: one for pk, one in found.items() if one.last in numbers}
    # The newest first: what points at others goes before what it points at.
    newest: dict[str, int] = {}
    for one in here.values():
        newest[one.type] = max(newest.get(one.type, 0), one.last)
    for type_key in sorted(newest, key=lambda key: -newest[key]):
        _of_type(ctx, run, type_key, {pk: one for pk, one in here.items() if one.type == type_key})
    run.revert["done"] += len(some)


def done_to(run: ImportRun, ids: Sequence[UUID]) -> dict[UUID, Done]:
    """What the import did to each of these records, all of it."""
    found: dict[UUID, Done] = {}
    rows = _changes(run).filter(record_id__in=ids).order_by("number")
    for number, pk, type_key, verb, version, diff in rows.values_list("number", "record_id", "type", "verb", "version", "diff"):
        one = found.setdefault(pk, Done(type_key, number, number, verb == "create", version))
        one.last, one.version = number, version
        for key, (old, _new) in diff.items():
            one.before.setdefault(key, old)
    return found


def _of_type(ctx: Context, run: ImportRun, type_key: str, found: Mapping[UUID, Done]) -> None:
    info = registry.get(type_key)
    rows = gate.visible(ctx, info).filter(pk__in=list(found)).select_for_update(of=("self",)).order_by("pk")
    records = {row.pk: row for row in rows}
    force = bool(run.revert.get("force"))
    ours = {pk: one for pk, one in found.items() if pk in records and (force or records[pk].version == one.version)}
    for pk in found.keys() - ours.keys():
        # Gone already, or changed by somebody since.
        if pk in records:
            _leave(run, type_key, pk, str(records[pk].title_key), _("changed since"))
    deleted = delete_many(ctx, info, [records[pk] for pk, one in ours.items() if one.is_new])
    run.revert["deleted"] += len(deleted.ids)
    for pk, wrong in deleted.errors.items():
        _leave(run, type_key, pk, str(records[pk].title_key), wrong.sentence)
    settable = settable_fields(ctx, info, creating=False)
    # The import may set on a record what only an action changes afterwards; what it changed it could edit.
    edits = [(pk, values) for pk, one in ours.items() if not one.is_new and (values := from_log(settable, one.before))]
    result = write_many(ctx, info, edits)
    run.revert["restored"] += len(result.ids)
    for at, refused in result.errors.items():
        _leave(run, type_key, edits[at][0], str(records[edits[at][0]].title_key), refused.sentence)


def _leave(run: ImportRun, type_key: str, pk: UUID, title: str, why: str) -> None:
    run.revert["left"] += 1
    if len(run.revert["listed"]) < MOST_LISTED:
        run.revert["listed"].append([type_key, str(pk), title, why])


