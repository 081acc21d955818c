"""Asking for a change of kind: what may become what, the definition that would come of it, and the look that comes first."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rapport.engines.words.definition import FAST_KINDS, running
from rapport.engines.words.kind_change.looking import keep, look, may_see, rows_with
from rapport.engines.words.kind_change.standing import obstacles
from rapport.engines.words.kind_change.turning import definition, makes_choices
from rapport.engines.words.models import KindChange
from rapport.kernel.custom.fields import kind_for
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Conflict, Gone, Invalid
from rapport.kernel.jobs.tasks import enqueue
from rapport.kernel.kinds.base import Kind, all_kinds
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: The properties of a definition that a change of kind may touch.
PROPERTIES = ("kind", "choices", "decimals", "minimum", "maximum", "slot", "is_fast", "in_search", "default_text")
#: Up to so many values are looked at while somebody waits.
AT_ONCE = 2_000
#: So long the old values are kept.
KEPT_FOR = dt.timedelta(days=30)


def may_become(row: CustomField) -> dict[str, type[Kind]]:
    """The kinds that a field may become, by key."""
    if row.formula or row.roll_up:
        return {}
    every = all_kinds()
    return {key: every[key] for key in every[row.kind].becomes}


def ask(
    ctx: Context, row: CustomField, to: str, *, decimals: int | None = None, goes_on: bool = False, keeps_rest: bool = False
) -> KindChange:  # fmt: skip
    """Look how many values fit; with `goes_on` change the kind thereafter, unless something stands in the way."""
    _demand_free(ctx, row)
    if to not in may_become(row):
        able = ", ".join(may_become(row)) or _("nothing else")
        raise Invalid(_("A field of this kind can become: %(kinds)s.") % {"kinds": able}, field="to")
    if to == row.kind and (decimals or 0) == (row.decimals or 0):
        raise Invalid(_("The field is of this kind already; choose another one."), field="to")
    slot, rest_slot = _new_slots(ctx, row)
    before = {name: getattr(row, name) for name in PROPERTIES} | {"slot": row.slot or row.key}
    after = _after(ctx, row, to, decimals) | {"slot": slot}
    change = KindChange(
        workspace_id=ctx.workspace.pk, field_id=row.pk, before=before, after=after, rest_slot=rest_slot,
        actor_id=ctx.actor_id, goes_on=goes_on, keeps_rest=keeps_rest,
    )  # fmt: skip
    return _begin(ctx, row, change)


def _new_slots(ctx: Context, row: CustomField) -> tuple[str, str]:
    """Places that the values of the field never stood in: for the new ones, and for what does not fit."""
    number = KindChange.objects.filter(workspace_id=ctx.workspace.pk, field_id=row.pk).count() + 2
    return f"k{number}_{row.key}"[:58], f"r{number}_{row.key}"[:58]


def _after(ctx: Context, row: CustomField, to: str, decimals: int | None) -> dict[str, object]:
    """The definition as it will be: what the new kind has no use for goes."""
    kind = all_kinds()[to]
    had_choices = "choices" in kind.option_names and not makes_choices(row.kind, to)
    after: dict[str, object] = {
        "kind": to, "choices": row.choices if had_choices else "", "decimals": None,
        "minimum": row.minimum if to == row.kind else None, "maximum": row.maximum if to == row.kind else None,
        "is_fast": row.is_fast and to in FAST_KINDS,
        "in_search": row.in_search and kind.search_text is not Kind.search_text, "default_text": "",
    }  # fmt: skip
    if "decimals" in kind.option_names:
        after["decimals"] = decimals if decimals is not None else 0
    if row.default_text and "choices" not in kind.option_names:
        try:
            kind_for(definition(row, after)).parse(row.default_text, ctx.cleaning())
            after["default_text"] = row.default_text
        except Invalid:
            pass
    return after


def take_back(ctx: Context, row: CustomField, change: KindChange) -> KindChange:
    """Make a field again what it was before a change."""
    _demand_free(ctx, row)
    if not can_be_taken_back(row, change):
        raise Gone(_("There is nothing to take back here."))
    slot, rest_slot = _new_slots(ctx, row)
    back = KindChange(
        workspace_id=ctx.workspace.pk, field_id=row.pk, before={name: getattr(row, name) for name in PROPERTIES},
        after={**change.before, "slot": slot}, rest_slot=rest_slot, undoes=change.pk,
        actor_id=ctx.actor_id, goes_on=True, keeps_rest=True,
    )  # fmt: skip
    return _begin(ctx, row, back)


def can_be_taken_back(row: CustomField, change: KindChange) -> bool:
    """Whether the old values of a change are still there, and nothing came after it."""
    return (
        change.state == KindChange.DONE and not change.is_purged and change.after["slot"] == row.slot
        and change.undoes is None and change.finished_at is not None and change.finished_at > timezone.now() - KEPT_FOR
    )  # fmt: skip


def _begin(ctx: Context, row: CustomField, change: KindChange) -> KindChange:
    """Write it down; a few values are looked at now, many by a job."""
    info = registry.get(row.on_type)
    try:
        with transaction.atomic():
            change.save(force_insert=True)
            there = rows_with(info, ctx.workspace.pk, [str(change.before["slot"])], None)
            is_long = there.order_by().values("pk")[: AT_ONCE + 1].count() > AT_ONCE
            if change.goes_on or is_long:
                _as_job(ctx, change)
    except IntegrityError:
        raise _busy() from None
    if not change.goes_on and not is_long:
        look(ctx.as_system("change of kind"), row, change, lambda one: True)
        change.state = KindChange.LOOKED
        keep(change)
    return change


def go_on(ctx: Context, row: CustomField, change: KindChange, *, keeps_rest: bool) -> None:
    """Change the kind after somebody has seen what would come of it."""
    if change.state != KindChange.LOOKED or change.field_id != row.pk or (row.slot or row.key) != change.before["slot"]:
        raise Gone(_("This look is too old; look again."))
    _demand_free(ctx, row)
    if obstacles(ctx, row, change):
        raise Invalid(_("Something that names the field would not work any more; change that first."), code="in_the_way")
    if change.unfitting and not keeps_rest:
        raise Invalid(_("Some values do not fit; mend them first, or keep them in a field of their own."), code="rest")
    try:
        with transaction.atomic():
            done = KindChange.objects.filter(workspace_id=ctx.workspace.pk, pk=change.pk, state=KindChange.LOOKED).update(
                state=KindChange.CHANGING, keeps_rest=keeps_rest, goes_on=True, reached=None, seen=0, fitting=0, unfitting=0,
                examples=[], actor_id=ctx.actor_id,
            )  # fmt: skip
            if done:
                _as_job(ctx, change)
    except IntegrityError:
        raise _busy() from None
    change.refresh_from_db()


def _as_job(ctx: Context, change: KindChange) -> None:
    made = enqueue("words.change_kind", workspace=ctx.workspace, asked_by=ctx.actor_id, change=str(change.pk))
    KindChange.objects.filter(workspace_id=ctx.workspace.pk, pk=change.pk).update(job_id=made.pk)
    change.job_id = made.pk


def last_change(ctx: Context, row: CustomField) -> KindChange | None:
    """The last change of a field, whatever came of it."""
    return KindChange.objects.filter(workspace_id=ctx.workspace.pk, field_id=row.pk).order_by("-id").first()


def _busy() -> Conflict:
    return Conflict(_("The kind of this field is being changed already; wait until that is over, or stop it."))


def _demand_free(ctx: Context, row: CustomField) -> None:
    if not may_see(ctx, row):
        raise Gone(_("This field does not exist, or you may not see it."))
    if running(ctx.workspace.pk, row.pk) is not None:
        raise _busy()


def abandon(change: KindChange) -> None:
    """End a change that no job will go on with."""
    change.state, change.finished_at = KindChange.STOPPED, timezone.now()
    keep(change)
    enqueue("words.clear_slots", workspace=change.workspace_id, change=str(change.pk))
