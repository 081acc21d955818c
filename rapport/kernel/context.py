"""The context every piece of work runs in: which workspace, which viewer, through which surface, because of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rapport.kernel.access.current import note_schema, use_workspace
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.access.resolver import GateResolver
from rapport.kernel.access.viewer import Viewer, load_viewer, system_viewer
from rapport.kernel.changes import door
from rapport.kernel.changes.many import ManyResult, write_many
from rapport.kernel.changes.many_new import create_many
from rapport.kernel.kinds.base import Cleaning, Format
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry


@dataclass(frozen=True)
class Context:
    """Passed to everything that reads or writes. Immutable; `as_system` and `acting` give changed copies."""

    workspace: Workspace
    viewer: Viewer
    surface: str
    format: Format
    #: Key of the action being run, "" for plain create, edit, delete.
    action: str = ""
    #: Records that the running action may write whatever the plain edit right says (its subjects).
    subjects: frozenset[UUID] = frozenset()
    #: The action hands records over: they may leave the viewer's reach.
    hands_over: bool = False
    cause_id: UUID | None = None
    #: Who is logged; differs from the viewer when the system works on a person's behalf.
    actor_id: UUID | None = None
    actor_name: str = ""
    #: What this context has worked out already (fields, resolved names); never outlives the request.
    memory: dict[object, object] = field(default_factory=dict, compare=False)

    # -- writing ------------------------------------------------------------------------------------------------

    def create(self, type_key: str, /, **values: object) -> Record:
        """Create a record; see `changes.door.create`."""
        return door.create(self, registry.get(type_key), values)

    def write(self, record: Record, /, *, expected_version: int | None = None, **values: object) -> Record:
        """Change a record; see `changes.door.write`."""
        return door.write(self, record, values, expected_version=expected_version)

    def delete(self, record: Record) -> None:
        """Put a record into the bin."""
        door.delete(self, record)

    def restore(self, record: Record) -> None:
        """Take a record out of the bin."""
        door.restore(self, record)

    def create_many(
        self, type_key: str, rows: Sequence[Mapping[str, object]], *, cleaned: bool = False
    ) -> ManyResult:
        """Create many records at once; see `changes.many.create_many`."""
        return create_many(self, registry.get(type_key), rows, cleaned=cleaned)

    def write_many(self, type_key: str, edits: Sequence[tuple[UUID, Mapping[str, object]]]) -> ManyResult:
        """Change many records at once; see `changes.many.write_many`."""
        return write_many(self, registry.get(type_key), edits)

    def may_write(self, record_id: UUID) -> bool:
        """Whether the running action's own right covers this record."""
        return record_id in self.subjects

    # -- other contexts -----------------------------------------------------------------------------------------

    def acting(self, action: str, subjects: Sequence[UUID], *, hands_over: bool = False) -> Context:
        """The context in which an action runs on its subjects."""
        return replace(self, action=action, subjects=frozenset(subjects), hands_over=hands_over, memory={})

    def as_system(self, why: str) -> Context:
        """The context in which Rapport keeps derived facts right; the person stays the logged actor."""
        return replace(self, viewer=system_viewer(why), action=self.action or why, memory={})

    # -- help for the door --------------------------------------------------------------------------------------

    def cleaning(self) -> Cleaning:
        """What kinds need to clean values; its resolver remembers within this context."""
        found = self.memory.get("cleaning")
        if not isinstance(found, Cleaning):
            found = Cleaning(self.format, GateResolver(self))
            self.memory["cleaning"] = found
        return found

    def team_of(self, user_id: object) -> UUID | None:
        """The team of a user (remembered: imports ask for the same owners again and again)."""
        teams = self.memory.setdefault("teams", {})
        assert isinstance(teams, dict)
        if user_id not in teams:
            teams[user_id] = User.objects.filter(pk=user_id).values_list("team_id", flat=True).first()
        return teams[user_id]


def context_for(user: User, surface: str, *, workspace: Workspace | None = None) -> Context:
    """The context of a user; call it inside `use_workspace`."""
    space = workspace or Workspace.objects.get(pk=user.workspace_id)
    note_schema(space)
    viewer = load_viewer(user, space)
    return Context(
        workspace=space, viewer=viewer, surface=surface, actor_id=user.pk, actor_name=user.name,
        format=Format(
            language=user.language or space.language, zone=_zone(user.time_zone or space.time_zone),
            currency=space.currency, country=space.country,
        ),
    )  # fmt: skip


def system_context(workspace: Workspace, name: str) -> Context:
    """The context of work nobody asked for in person: jobs, seeds, samples. Named, and logged under that name."""
    note_schema(workspace)
    return Context(
        workspace=workspace, viewer=system_viewer(name), surface="system", actor_name=name,
        format=Format(
            language=workspace.language, zone=_zone(workspace.time_zone), currency=workspace.currency,
            country=workspace.country,
        ),
    )  # fmt: skip


@contextmanager
def working_as_system(workspace: Workspace, name: str) -> Iterator[Context]:
    """Enter a workspace as the named system."""
    with use_workspace(workspace):
        yield system_context(workspace, name)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


__all__ = ["Context", "TypeInfo", "context_for", "system_context", "working_as_system"]
