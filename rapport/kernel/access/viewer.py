"""The viewer: who is asking, with the rights of their role, resolved once per request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from rapport.kernel.access.models import Team, User

SCOPES = ("none", "own", "team", "all")


@dataclass(frozen=True)
class Viewer:
    """A user with rights, or the named system. There is no anonymous viewer: no viewer, no records."""

    user_id: UUID | None
    name: str
    rights: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    field_groups: Mapping[str, str] = field(default_factory=dict)
    #: Teams whose records count as "team": the user's own and all below it.
    team_ids: frozenset[UUID] = frozenset()
    team_id: UUID | None = None
    is_system: bool = False
    role_key: str = ""

    def scope(self, type_key: str, verb: str) -> str:
        """The widest scope in which the viewer may do `verb` to records of the type; "none" when not granted."""
        if self.is_system:
            return "all"
        for key in (type_key, "*"):
            granted = self.rights.get(key)
            if granted is not None:
                found = granted.get(verb, granted.get("*", "none"))
                return found if found in SCOPES else "none"
        return "none"

    def named(self, type_key: str) -> bool:
        """Whether the role says anything about this very type."""
        return type_key in self.rights

    def group(self, group: str) -> str:
        """"hidden", "read" or "edit" for a field group; the open group "" is always "edit"."""
        if not group or self.is_system:
            return "edit"
        return self.field_groups.get(group, self.field_groups.get("*", "hidden"))


def system_viewer(name: str) -> Viewer:
    """The viewer of work nobody asked for in person (jobs, seeds); its name stands in the change log."""
    return Viewer(user_id=None, name=name, is_system=True)


def load_viewer(user: User) -> Viewer:
    """The viewer a user is, from the role and the tree of teams (at most two queries). Inside `use_workspace`."""
    role = user.role
    if not user.is_active or role is None or role.deleted_at is not None or user.deleted_at is not None:
        return Viewer(user_id=user.pk, name=user.name)
    return Viewer(
        user_id=user.pk, name=user.name, rights=role.rights, field_groups=role.field_groups,
        team_ids=teams_below(user.team_id), team_id=user.team_id, role_key=role.key,
    )  # fmt: skip


def teams_below(team_id: UUID | None) -> frozenset[UUID]:
    """A team and every team below it; a cycle in the data ends the walk."""
    if team_id is None:
        return frozenset()
    children: dict[UUID | None, list[UUID]] = {}
    for pk, parent in Team.objects.filter(deleted_at=None).values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found, todo = {team_id}, [team_id]
    while todo:
        for child in children.get(todo.pop(), ()):
            if child not in found:
                found.add(child)
                todo.append(child)
    return frozenset(found)
