"""The viewer: who is asking, with the rights of their role and their place in the chart, resolved once per request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from rapport.kernel.access.chart import Chart, Rights, chart_of
from rapport.kernel.access.models import Role, User, Workspace
from rapport.kernel.access.private import capped

#: From the narrowest to the widest.
SCOPES = ("none", "own", "team", "below", "all")
#: Verbs that only look: the least level of sharing opens them.
READING = ("view", "export")
#: Verbs that need the full level of sharing; every other verb needs the level that lets change.
FULL_VERBS = ("delete", "share", "reassign", "erase")


@dataclass(frozen=True)
class Viewer:
    """A user with rights, or the named system. There is no anonymous viewer: no viewer, no records."""

    user_id: UUID | None
    name: str
    rights: Rights = field(default_factory=dict)
    field_groups: Mapping[str, str] = field(default_factory=dict)
    team_id: UUID | None = None
    role_id: UUID | None = None
    is_system: bool = False
    role_key: str = ""
    chart: Chart = field(default_factory=Chart, compare=False, repr=False)
    #: The name of the role that somebody looks through without having it: everything is read-only then.
    preview_of: str = ""

    def scope(self, type_key: str, verb: str) -> str:
        """The scope in which the role may do `verb` to records of the type; "none" when not granted."""
        return "all" if self.is_system else granted_scope(self.rights, type_key, verb)

    def named(self, type_key: str) -> bool:
        """Whether the role says anything about this very type."""
        return type_key in self.rights

    def group(self, group: str) -> str:
        """"hidden", "read" or "edit" for a field group; the open group "" is always "edit"."""
        if not group or self.is_system:
            return "edit"
        return self.field_groups.get(group, self.field_groups.get("*", "hidden"))

    def principals(self) -> list[str]:
        """The names under which grants are given to this person."""
        return self.chart.principals(self.user_id, self.team_id, self.role_id) if self.user_id else []


def granted_scope(rights: Rights, type_key: str, verb: str) -> str:
    """The scope that a role's rights give for a verb on a type."""
    for key in (type_key, "*"):
        granted = rights.get(key)
        if granted is not None:
            found = granted.get(verb, granted.get("*", "none"))
            return capped(type_key, verb, found if found in SCOPES else "none")
    return "none"


def wider(one: str, other: str) -> str:
    """The wider of two scopes."""
    return max(one, other, key=SCOPES.index)


def system_viewer(name: str) -> Viewer:
    """The viewer of work nobody asked for in person (jobs, seeds); its name stands in the change log."""
    return Viewer(user_id=None, name=name, is_system=True)


def load_viewer(user: User, workspace: Workspace) -> Viewer:
    """The viewer a user is, from their role and the chart. Inside `use_workspace`."""
    role = user.role
    if not user.is_active or role is None or role.deleted_at is not None or user.deleted_at is not None:
        return Viewer(user_id=user.pk, name=user.name)
    return Viewer(
        user_id=user.pk, name=user.name, rights=role.rights, field_groups=role.field_groups, team_id=user.team_id,
        role_id=role.pk, role_key=role.key, chart=chart_of(workspace),
    )  # fmt: skip


def looking_as(viewer: Viewer, role: Role) -> Viewer:
    """The same person with another role's eyes, to look and not to touch."""
    return replace(
        viewer, rights=role.rights, field_groups=role.field_groups, role_id=role.pk, role_key=role.key, preview_of=role.name
    )
