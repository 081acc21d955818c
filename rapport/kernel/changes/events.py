"""Events in the change log: what is no write, and must be found later all the same (denied, exported, signed in, shared)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from django.db import Error, transaction

from rapport.kernel.access import events as access_events
from rapport.kernel.access.accounts import users_of
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.events import Event
from rapport.kernel.access.models import Account, User, Workspace
from rapport.kernel.changes.models import WRITES
from rapport.kernel.changes.unit import NewChange, unit_of_work
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import Gone, Refused
from rapport.kernel.ids import as_id, new_id
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry

log = logging.getLogger("rapport.changes")
_LONGEST = 1000


def note_event(
    ctx: Context, verb: str, record: Record | None = None, type_key: str = "", *, record_id: UUID | None = None,
    **details: object,
) -> None:  # fmt: skip
    """Write one entry: as part of the open unit of work, else in one of its own. `record_id` names what was asked for
    when there is no record to give. Raises when the database does; see `note_quietly` for what must not."""
    if verb in WRITES:
        raise ValueError(f"{verb} is the verb of a write, which the write door logs.")
    if record is not None:
        type_key, record_id = registry.of(record).key, record.pk
    with unit_of_work(ctx) as unit:
        unit.changes.append(
            NewChange(
                id=new_id(), workspace_id=ctx.workspace.pk, type=type_key, record_id=record_id, version=0, verb=verb,
                action=ctx.action, actor_id=ctx.actor_id, actor_name=ctx.actor_name[:150], surface=ctx.surface,
                cause_id=ctx.cause_id, at=dt.datetime.now(dt.UTC), diff={},
                details={key: _plain(value) for key, value in details.items() if value not in (None, "")},
            )
        )  # fmt: skip


def note_quietly(ctx: Context, verb: str, *, type_key: str = "", record_id: UUID | None = None, **details: object) -> None:
    """As `note_event`, for the edge of a surface: when the database refuses, the log file says so and the answer goes
    out all the same."""
    try:
        with use_workspace(ctx.workspace), transaction.atomic():
            note_event(ctx, verb, type_key=type_key, record_id=record_id, **details)
    except Error:
        log.exception("The audit log could not be written: %s %s by %s.", verb, type_key, ctx.actor_id)


def note_denied(
    ctx: Context, error: Exception, *, type_key: object = "", record_id: object = None, writes: bool, path: str,
    **details: object,
) -> None:  # fmt: skip
    """Log that a request was refused, after its transaction is undone. An id that nobody has gets the very entry of a
    record that the viewer may not see, so neither the log nor the time it takes tells one from the other."""
    if not isinstance(error, (Refused, Gone)):
        return
    is_type = isinstance(type_key, str) and type_key in registry
    if not is_type and not writes and isinstance(error, Gone):
        return  # a mere wrong address
    asked = as_id(record_id) if record_id is not None else None
    details |= {"status": 403 if isinstance(error, Refused) else 404, "path": path[:200], "writes": writes}
    if record_id is not None and asked is None:
        details["asked"] = str(record_id)[:80]
    note_quietly(ctx, "denied", type_key=str(type_key) if is_type else "", record_id=asked, **details)


def _plain(value: object) -> object:
    """A value as JSON, short."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Mapping):
        return {str(key)[:60]: _plain(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(one) for one in list(value)[:200]]
    # No database stores these characters, and an event must not fail over what somebody sent.
    return "".join(c for c in str(value)[:_LONGEST] if c != "\0" and not "\ud800" <= c <= "\udfff")


def listen(event: Event) -> None:
    """Put what happened at the doors into the log of every workspace it concerns: the one named, that of the user,
    else all in which the account is a user. An address that belongs to nobody concerns none."""
    try:
        for workspace, who in _concerned(event):
            with use_workspace(workspace):
                ctx = replace(
                    system_context(workspace, who.name if who else event.kind), surface=event.surface,
                    actor_id=who.pk if who else None,
                )  # fmt: skip
                note_quietly(ctx, event.kind, type_key="", address=event.address, **event.details)
    except Error:
        log.exception("The audit log could not be written: %s.", event.kind)


def _concerned(event: Event) -> list[tuple[Workspace, User | None]]:
    """The workspaces concerned, each with the person in it."""
    account = Account.objects.filter(pk=event.account_id).first() if event.account_id else None
    people = {one.workspace_id: one for one in users_of(account)} if account is not None else {}
    wanted = [event.workspace_id] if event.workspace_id is not None else list(people)
    found = []
    for workspace in Workspace.objects.filter(pk__in=wanted):
        who = people.get(workspace.pk)
        if who is None and event.user_id is not None:
            with use_workspace(workspace):
                who = User.objects.filter(pk=event.user_id).first()
        found.append((workspace, who))
    return found


access_events.listeners.append(listen)
