"""Opening one record to one person: a share with a level and an end, or a place in the record's own team."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.access.chart import chart_of
from rapport.kernel.access.rules import demand_own_sharing
from rapport.kernel.access.sharing_models import LEVELS, Grant, Level
from rapport.kernel.changes.events import note_event
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_LEVEL_OF = {number: level for level, number in LEVELS.items()}
#: The verb that shows a person has a level themselves.
PROOF = {Level.READ: "view", Level.EDIT: "edit", Level.FULL: "delete"}
#: A record with more guests than this is better served by a rule.
MOST = 200


@dataclass(frozen=True)
class Guest:
    """A person a record is shared with."""

    id: int
    user_id: UUID
    name: str
    level: str
    part: str
    is_member: bool
    until: dt.datetime | None


def share(
    ctx: Context, record: Record, user_id: UUID, *, level: str = Level.READ, until: dt.datetime | None = None, part: str = "",
    as_member: bool = False,
) -> Guest:  # fmt: skip
    """Open the record to a person; a second call changes level, part and end. Raises Refused, Gone, Invalid."""
    info = registry.of(record)
    _demand_share(ctx, info, record)
    if level not in LEVELS:
        raise Invalid(_("Choose how much they may: see, change, or everything their role allows."), field="level")
    if not gate.may(ctx, info, record, PROOF[Level(level)]):
        raise Refused(
            _("You cannot give more than you may do with this %(type)s yourself.") % {"type": info.label}, code="too_wide"
        )
    if until is not None and until <= ctx.format.now:
        raise Invalid(_("The end lies in the past; choose a later day, or none."), field="until")
    seat = chart_of(ctx.workspace).seats.get(user_id)
    if seat is None or not seat.is_active or not _known(ctx, user_id):
        raise Invalid(_("There is no active person of that name that you can see."), field="user")
    cause = "member" if as_member else "share"
    principal = f"u:{user_id.hex}"
    with unit_of_work(ctx):
        if Grant.objects.filter(workspace_id=ctx.workspace.pk, record_id=record.pk, rule_id=None).count() >= MOST:
            raise Invalid(_("At most %(most)d people; share with a team by a sharing rule instead.") % {"most": MOST})
        row, _made = Grant.objects.update_or_create(
            workspace_id=ctx.workspace.pk, type=info.key, record_id=record.pk, principal=principal, cause=cause, rule_id=None,
            defaults={"level": LEVELS[Level(level)], "part": part.strip()[:80], "until": until, "given_by": ctx.actor_id,
                      "created_at": ctx.format.now},
        )  # fmt: skip
        note_event(
            ctx, "shared", record=record, person=str(user_id), name=seat.name, level=str(level), part=row.part,
            until=until.isoformat() if until else "", as_member=as_member,
        )  # fmt: skip
    return Guest(row.pk, user_id, seat.name, str(level), row.part, as_member, until)


def unshare(ctx: Context, record: Record, grant_id: int) -> Guest:
    """Take a person off the record; whoever may share may do it, and a person may leave by themselves."""
    info = registry.of(record)
    guest = next((one for one in guests(ctx, record) if one.id == grant_id), None)
    if guest is None:
        raise Gone(_("This record is not shared with them any more."))
    if guest.user_id != ctx.viewer.user_id:
        _demand_share(ctx, info, record)
    with unit_of_work(ctx):
        Grant.objects.filter(pk=grant_id, record_id=record.pk, workspace_id=ctx.workspace.pk).delete()
        note_event(ctx, "unshared", record=record, person=str(guest.user_id), name=guest.name)
    return guest


def guests(ctx: Context, record: Record) -> list[Guest]:
    """The people a record is shared with, members of its team first. The caller has passed the record through the gate."""
    # Grants to a team or to everybody follow from the record's own words; nobody takes them off here.
    rows = Grant.objects.filter(workspace_id=ctx.workspace.pk, record_id=record.pk, rule_id=None, principal__startswith="u:")
    rows = rows.filter(Q(until=None) | Q(until__gt=ctx.format.now)).order_by("cause", "pk")
    seats = chart_of(ctx.workspace).seats
    found = []
    for row in rows:
        pk = UUID(row.principal.partition(":")[2])
        if pk in seats and _known(ctx, pk):
            found.append(
                Guest(row.pk, pk, seats[pk].name, str(_LEVEL_OF[row.level].value), row.part, row.cause == "member", row.until)
            )
    return found


def may_share(ctx: Context, record: Record) -> bool:
    """Whether the viewer may open this record to others."""
    info = registry.of(record)
    return not info.declared.under and not info.declared.private and gate.may(ctx, info, record, "share")


def _demand_share(ctx: Context, info: TypeInfo, record: Record) -> None:
    gate.get(ctx, info, record.pk, "share")
    demand_own_sharing(info)


def _known(ctx: Context, user_id: UUID) -> bool:
    """Whether the viewer may know of a person at all; everybody knows themselves."""
    return user_id == ctx.viewer.user_id or bool(ctx.cleaning().resolver.exists("user", [user_id]))  # type: ignore[union-attr]
