"""What taking an import back would do, before it is done: the same walk down the change log, and nothing is written.

It says what the versions and the rights say. A record that something else still needs shows when it is really taken back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.imports.models import ImportRun
from rapport.engines.imports.reverting import Done, demand_revert, done_to, portion, top_of, within
from rapport.kernel.access import gate
from rapport.kernel.errors import Conflict
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Records that would be left alone and are named.
MOST_NAMED = 50


def prepare_foresee(ctx: Context, run: ImportRun) -> None:
    """Raise Conflict when there is nothing left to take back, Refused without the rights to do it."""
    if run.after_number is None or run.state == "reverted":
        raise Conflict(_("There is nothing of this import to take back."))
    demand_revert(ctx, run)
    run.revert = {**{key: value for key, value in run.revert.items() if key != "foreseen"}, "was": run.state}


def foresee(ctx: Context, run: ImportRun, watch: Callable[[int], bool] = lambda done: True) -> bool:
    """Look at everything that the import wrote and is not taken back yet; False when it was stopped. What was found stands
    on the run."""
    demand_revert(ctx, run)
    found: dict[str, object] = {"deleted": 0, "restored": 0, "left": 0, "listed": []}
    number, done = run.revert_number or top_of(ctx, run) + 1, 0
    while some := portion(run, number):
        number = some[-1][0]
        numbers = {one for one, _pk in some}
        here = {pk: one for pk, one in done_to(run, list({pk for _number, pk in some})).items() if one.last in numbers}
        for type_key in sorted({one.type for one in here.values()}):
            _of_type(ctx, type_key, {pk: one for pk, one in here.items() if one.type == type_key}, found)
        done += len(some)
        if not watch(done):
            return False
    found["at"] = dt.datetime.now(dt.UTC).isoformat()
    run.revert["foreseen"] = found
    ImportRun.objects.filter(pk=run.pk).update(revert=run.revert)
    return True


def _of_type(ctx: Context, type_key: str, here: Mapping[UUID, Done], found: dict[str, object]) -> None:
    """Count records of one type; what is in the bin already or is not seen any more is none of it."""
    info = registry.get(type_key)
    rows = gate.visible(ctx, info).filter(pk__in=list(here)).order_by("pk")
    there = {pk: (version, title) for pk, version, title in rows.values_list("pk", "version", "title_key")}
    able = {verb: within(ctx, info, verb, list(there)) for verb in ("delete", "edit")}
    listed: list[list[str]] = found["listed"]  # type: ignore[assignment]
    for pk, (version, title) in there.items():
        one = here[pk]
        if version != one.version:
            why = _("changed since")
        elif pk not in able["delete" if one.is_new else "edit"]:
            why = _("Your role does not allow it for this record.")
        else:
            key = "deleted" if one.is_new else "restored"
            found[key] = int(found[key]) + 1  # type: ignore[call-overload]
            continue
        found["left"] = int(found["left"]) + 1  # type: ignore[call-overload]
        if len(listed) < MOST_NAMED:
            listed.append([type_key, str(pk), str(title), why])
