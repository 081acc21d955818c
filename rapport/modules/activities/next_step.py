"""Every open lead, deal and customer shows its next step: the earliest open task about it, kept in the same transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.changes.written import Written
from rapport.kernel.errors import Conflict, Gone, RapportError
from rapport.kernel.records.registry import registry
from rapport.modules.activities.models import Activity, Task

if TYPE_CHECKING:
    from rapport.kernel.context import Context

Edit = tuple[UUID, Mapping[str, object]]
#: Kinds of activity that count as a contact with the customer.
CONTACTS = ("call", "meeting", "email", "visit", "message")


def keep_next_step(ctx: Context, written: list[Written]) -> None:
    """After tasks were written: set `next_step` and `next_step_on` of every record they are, or were, about."""
    touched: set[tuple[str, UUID]] = set()
    for one in written:
        if one.verb == "update" and not one.changed("state", "due_on", "subject", "customer", "about"):
            continue
        task = one.record
        assert isinstance(task, Task)
        touched |= _targets(task.customer_id, (task.about_type, task.about_id))
        touched |= _targets(one.diff.get("customer", (None, None))[0], one.diff.get("about", (None, None))[0])
    by_type: dict[str, set[UUID]] = {}
    for type_key, pk in touched:
        by_type.setdefault(type_key, set()).add(pk)
    for type_key, ids in by_type.items():
        _set_next_step(ctx, type_key, ids)


def _targets(customer: object, about: object) -> set[tuple[str, UUID]]:
    found = set()
    if isinstance(customer, UUID):
        found.add(("customer", customer))
    if isinstance(about, tuple) and about[0] in registry and "next_step_on" in registry.get(about[0]).fields:
        found.add((about[0], about[1]))
    return found


def _set_next_step(ctx: Context, type_key: str, ids: set[UUID]) -> None:
    model = registry.get(type_key).model

    def wanted() -> list[Edit]:
        first = _first_tasks(type_key, ids)
        found: list[Edit] = []
        rows = model.objects.filter(pk__in=ids, deleted_at=None)
        for pk, step, step_on in rows.values_list("pk", "next_step", "next_step_on"):
            due, subject = first.get(pk, (None, ""))
            if (step_on, step) != (due, subject):
                found.append((pk, {"next_step": subject or None, "next_step_on": due}))
        return found

    _keep_right(ctx.as_system("next step"), type_key, wanted)


def _first_tasks(type_key: str, ids: set[UUID]) -> dict[UUID, tuple[dt.date | None, str]]:
    """Due date and subject of the earliest open task about each record; of two on one day the older one."""
    name = "customer_id" if type_key == "customer" else "about"
    open_tasks = Task.objects.filter(state="open", deleted_at=None, **{f"{name}__in": ids})
    if name == "about":
        open_tasks = open_tasks.filter(about_type=type_key)
    first: dict[UUID, tuple[dt.date | None, str]] = {}
    for target, due, subject in open_tasks.order_by("pk").values_list(name, "due_on", "subject"):
        best = first.get(target)
        if best is None or (due or dt.date.max) < (best[0] or dt.date.max):
            first[target] = (due, subject)
    return first


def keep_last_contact(ctx: Context, written: list[Written]) -> None:
    """After activities were written: raise the customer's last contact (set-wise; it never goes back by itself)."""
    latest: dict[UUID, dt.datetime] = {}
    now = dt.datetime.now(dt.UTC)
    for one in written:
        activity = one.record
        assert isinstance(activity, Activity)
        if one.verb == "delete" or activity.kind not in CONTACTS or activity.happened_at > now:
            continue
        if activity.customer_id and activity.happened_at > latest.get(activity.customer_id, _LONG_AGO):
            latest[activity.customer_id] = activity.happened_at
    raise_last_contact(ctx, latest)


def raise_last_contact(ctx: Context, latest: Mapping[UUID, dt.datetime]) -> None:
    """Set the last contact of customers to these moments, where it is earlier or there is none."""
    if not latest:
        return
    model = registry.get("customer").model

    def wanted() -> list[Edit]:
        rows = model.objects.filter(pk__in=latest, deleted_at=None).values_list("pk", "last_contact_at")
        return [(pk, {"last_contact_at": latest[pk]}) for pk, at in rows if at is None or at < latest[pk]]

    _keep_right(ctx.as_system("last contact"), "customer", wanted)


def _keep_right(system: Context, type_key: str, wanted: Callable[[], list[Edit]]) -> None:
    """Write derived values. Somebody who saved the same record at this moment is no reason to refuse what a person
    did: what is wanted is worked out again from what they saved."""
    wrong: RapportError | None = None
    for _try in range(_TRIES):
        edits = wanted()
        errors = system.write_many(type_key, edits).errors.values() if edits else ()
        # A record that was deleted meanwhile needs no next step.
        wrong = next((e for e in errors if not isinstance(e, Gone)), None)
        if not isinstance(wrong, Conflict):
            break
    if wrong is not None:
        raise wrong


_TRIES = 10
_LONG_AGO = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
