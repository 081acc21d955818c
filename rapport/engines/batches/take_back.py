"""Taking a whole batch back from the change log: every row that nobody changed since, through the door, with the
rights of the person who asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.batches.models import Batch
from rapport.engines.batches.tally import Tally
from rapport.kernel.access import gate
from rapport.kernel.changes.models import WRITES, Change
from rapport.kernel.changes.values import from_log, settable_fields
from rapport.kernel.errors import Conflict, Gone, RapportError
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass
class _Done:
    """What the batch did to one record: its last change, and what stood there before the first."""

    verb: str
    version: int
    action: str
    before: dict[str, object] = field(default_factory=dict)


def changed_by(batch: Batch) -> list[UUID]:
    """The records of the batch's own type that it changed, each once."""
    rows = _changes(batch).order_by("number").values_list("record_id", flat=True)
    return list(dict.fromkeys(rows))


def take_back_portion(ctx: Context, info: TypeInfo, batch: Batch, ids: Sequence[UUID]) -> Tally:
    """Put these records back to what they were before the batch; call it inside a unit of work."""
    tally = Tally()
    found = _done_to(batch, ids)
    deleted = [pk for pk, one in found.items() if one.verb == "delete"]
    _restore(ctx, info, {pk: found[pk] for pk in deleted}, tally)
    edited = {pk: one for pk, one in found.items() if one.verb == "update"}
    _put_back(ctx, info, _unchanged(ctx, info, edited, tally), tally)
    return tally


def _changes(batch: Batch):  # a query set of Change
    last = batch.last_number if batch.last_number is not None else batch.after_number
    return Change.objects.filter(
        workspace_id=batch.workspace_id, type=batch.type, number__gt=batch.after_number, number__lte=last,
        cause_id=batch.pk, verb__in=WRITES, redacted_at=None,
    )  # fmt: skip


def _done_to(batch: Batch, ids: Sequence[UUID]) -> dict[UUID, _Done]:
    found: dict[UUID, _Done] = {}
    rows = _changes(batch).filter(record_id__in=ids).order_by("number")
    for pk, verb, version, action, diff in rows.values_list("record_id", "verb", "version", "action", "diff"):
        one = found.setdefault(pk, _Done(verb, version, action))
        one.verb, one.version, one.action = verb, version, one.action or action
        for key, (old, _new) in diff.items():
            one.before.setdefault(key, old)
    return found


def _unchanged(ctx: Context, info: TypeInfo, found: Mapping[UUID, _Done], tally: Tally) -> dict[UUID, _Done]:
    """Those that nobody changed since; they are held until the end (PostgreSQL)."""
    rows = gate.visible(ctx, info).filter(pk__in=list(found)).select_for_update(of=("self",)).order_by("pk")
    versions = {row.pk: row.version for row in rows.only("pk", "version")}
    kept: dict[UUID, _Done] = {}
    for pk, one in found.items():
        if pk not in versions:
            tally.leave_out(_gone(info))
        elif versions[pk] != one.version:
            tally.leave_out(_changed_since())
        else:
            kept[pk] = one
    return kept


def _put_back(ctx: Context, info: TypeInfo, found: Mapping[UUID, _Done], tally: Tally) -> None:
    """Set-wise, by the action that had set it: what an action set, only that action may set back."""
    for action in sorted({one.action for one in found.values()}):
        some = {pk: one for pk, one in found.items() if one.action == action}
        acting = _acting(ctx, info, action, list(some))
        settable = settable_fields(acting, info, creating=False)
        edits = [(pk, values) for pk, one in some.items() if (values := from_log(settable, one.before))]
        result = acting.write_many(info.key, edits)
        tally.done += len(result.ids)
        for wrong in result.errors.values():
            tally.leave_out(wrong)


def _acting(ctx: Context, info: TypeInfo, action: str, ids: list[UUID]) -> Context:
    if not action:
        return ctx
    able = gate.visible(ctx, info, action).filter(pk__in=ids).values_list("pk", flat=True)
    return ctx.acting(action, list(able))


def _restore(ctx: Context, info: TypeInfo, found: Mapping[UUID, _Done], tally: Tally) -> None:
    rows = gate.visible(ctx, info, in_bin=True).in_bulk(list(found)) if found else {}
    for pk, one in found.items():
        try:
            if pk not in rows:
                raise _gone(info)
            if rows[pk].version != one.version:
                raise _changed_since()
            ctx.restore(rows[pk])
            tally.done += 1
        except RapportError as wrong:
            tally.leave_out(wrong)


def _gone(info: TypeInfo) -> Gone:
    return Gone(_("This %(type)s does not exist, or you may not see it.") % {"type": info.label})


def _changed_since() -> Conflict:
    return Conflict(_("Some rows were changed since and stay as they are; their history can put single values back."))
