"""The chart of a workspace: who reports to whom, which team is part of which, what roles, defaults and rules there are.

Small tables that every request needs and that change rarely. Each process keeps a copy under the workspace's access
version, which is read with the workspace at every request: another process's change is seen at once.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.access.models import Role, Team, User, Workspace

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

Rights = Mapping[str, Mapping[str, str]]
#: The principal of grants to everybody whose role knows the type (a view for everyone).
EVERYBODY = "e:"
#: Charts kept per process; a hosted process serves many workspaces.
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's place."""

    user_id: UUID
    name: str
    team_id: UUID | None
    role_id: UUID | None
    reports_to: UUID | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A sharing rule, as far as the gate and the explanation need it."""

    id: UUID
    name: str
    on_type: str
    matching: str
    principal: str
    level: int
    is_active: bool
    #: Active and in line: only then its grants count.
    is_live: bool


@dataclass
class Chart:
    """Everything about people that decides what one of them sees."""

    seats: dict[UUID, Seat] = field(default_factory=dict)
    reports: dict[UUID, list[UUID]] = field(default_factory=dict)
    team_parent: dict[UUID, UUID | None] = field(default_factory=dict)
    team_names: dict[UUID, str] = field(default_factory=dict)
    roles: dict[UUID, Rights] = field(default_factory=dict)
    role_names: dict[UUID, str] = field(default_factory=dict)
    role_groups: dict[UUID, Mapping[str, str]] = field(default_factory=dict)
    #: Type key -> "private", "team", "read" or "write".
    defaults: dict[str, str] = field(default_factory=dict)
    rules: dict[UUID, Rule] = field(default_factory=dict)

    def people_below(self, user_id: UUID | None) -> list[Seat]:
        """Everybody who reports to a person, directly or through others; a ring in the data ends the walk."""
        return [self.seats[one] for one in _walk_down(self.reports, user_id) if one in self.seats]

    def teams_below(self, team_id: UUID | None) -> list[UUID]:
        """The teams that are part of a team, at any depth, without itself."""
        children: dict[UUID, list[UUID]] = {}
        for team, parent in self.team_parent.items():
            if parent is not None:
                children.setdefault(parent, []).append(team)
        return list(_walk_down(children, team_id))

    def teams_up(self, team_id: UUID | None) -> list[UUID]:
        """A team and every team it is part of."""
        found: list[UUID] = []
        while team_id is not None and team_id not in found:
            found.append(team_id)
            team_id = self.team_parent.get(team_id)
        return found

    def managers_of(self, user_id: UUID | None) -> list[UUID]:
        """Everybody a person reports to, directly or through others."""
        found: list[UUID] = []
        while user_id in self.seats and (user_id := self.seats[user_id].reports_to) and user_id not in found:
            found.append(user_id)
        return found

    def principals(self, user_id: UUID, team_id: UUID | None, role_id: UUID | None) -> list[str]:
        """Under which names grants are given to a person: themselves, their role, their team, the teams above it."""
        found = [f"u:{user_id.hex}", EVERYBODY]
        if role_id is not None:
            found.append(f"r:{role_id.hex}")
        if team_id is not None:
            found.append(f"t:{team_id.hex}")
        return found + [f"b:{team.hex}" for team in self.teams_up(team_id)]

    def silent_rules(self) -> list[UUID]:
        """Rules whose grants do not count: switched off, or just being brought into line (fail closed)."""
        return [rule.id for rule in self.rules.values() if not rule.is_live]


def _walk_down(children: Mapping[UUID, list[UUID]], start: UUID | None) -> Iterator[UUID]:
    seen, todo = {start}, [start]
    while todo:
        for child in children.get(todo.pop(), ()):  # type: ignore[arg-type]
            if child not in seen:
                seen.add(child)
                todo.append(child)
                yield child


_charts: OrderedDict[UUID, tuple[int, Chart]] = OrderedDict()


def chart_of(workspace: Workspace) -> Chart:
    """The chart of a workspace, read anew when its access version moved. Inside `use_workspace`."""
    kept = _charts.get(workspace.pk)
    if kept is None or kept[0] != workspace.access_version:
        kept = (workspace.access_version, _read(workspace.pk))
        _charts[workspace.pk] = kept
        while len(_charts) > _KEPT:
            _charts.popitem(last=False)
    _charts.move_to_end(workspace.pk)
    return kept[1]


def access_changed(workspace: Workspace) -> None:
    """Have every process read the chart again; in the transaction that changes teams, people, roles or rules."""
    workspace.access_version = secrets.randbits(62)
    Workspace.objects.filter(pk=workspace.pk).update(access_version=workspace.access_version)


def note_access_changed(ctx: Context, written: list[Written]) -> None:
    """The effect of every type that the chart is made of."""
    access_changed(ctx.workspace)


def _read(workspace_id: UUID) -> Chart:
    from rapport.kernel.access.sharing_models import LEVELS, AccessDefault, SharingRule

    chart = Chart()
    people = User.objects.filter(workspace_id=workspace_id)
    columns = ("pk", "name", "team_id", "role_id", "reports_to_id", "is_active", "deleted_at")
    for pk, name, team, role, boss, active, gone in people.values_list(*columns):
        chart.seats[pk] = Seat(pk, name, team, role, boss, active and gone is None)
        if boss is not None:
            chart.reports.setdefault(boss, []).append(pk)
    for pk, name, parent in Team.objects.filter(workspace_id=workspace_id, deleted_at=None).values_list(
        "pk", "name", "parent_id"
    ):
        chart.team_parent[pk], chart.team_names[pk] = parent, name
    for role in Role.objects.filter(workspace_id=workspace_id, deleted_at=None):
        chart.roles[role.pk], chart.role_groups[role.pk], chart.role_names[role.pk] = role.rights, role.field_groups, role.name
    living = {"workspace_id": workspace_id, "deleted_at": None}
    chart.defaults = dict(AccessDefault.objects.filter(**living).values_list("on_type", "reach"))
    for row in SharingRule.objects.filter(workspace_id=workspace_id):
        is_active = row.is_active and row.deleted_at is None
        chart.rules[row.pk] = Rule(
            row.pk,
            row.name,
            row.on_type,
            row.matching,
            principal_of(row),
            LEVELS[row.level],
            is_active,  # type: ignore[index]
            is_active and row.settled_at is not None,
        )
    return chart


def principal_of(rule: object) -> str:
    """The principal a sharing rule shares with; "" when it names nobody."""
    if rule.to_role_id is not None:  # type: ignore[attr-defined]
        return f"r:{rule.to_role_id.hex}"  # type: ignore[attr-defined]
    if rule.to_team_id is not None:  # type: ignore[attr-defined]
        return f"{'b' if rule.with_below else 't'}:{rule.to_team_id.hex}"  # type: ignore[attr-defined]
    return f"u:{rule.to_user_id.hex}" if rule.to_user_id is not None else ""  # type: ignore[attr-defined]
