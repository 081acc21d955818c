"""What access says, written down: for every role, type, action and field one answer, and a sample of people and records.

The answers come from the gate itself, so whatever decides (rights, scopes, defaults, field groups, roll-ups, parents) is in
them. Workspaces whose roles answer alike share a table, so that many workspaces stay a small file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from uuid import UUID

from django.db import connection

from rapport import __version__
from rapport.kernel.access import gate
from rapport.kernel.access.chart import chart_of
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Role, User, Workspace
from rapport.kernel.access.viewer import Viewer
from rapport.kernel.actions.registry import VERBS, actions_of
from rapport.kernel.context import Context, context_for, system_context
from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.records.registry import TypeInfo, registry

#: Workspaces whose roles are asked, and those of them whose people and records are; the rest follow the same code.
MOST_WORKSPACES, MOST_SAMPLED = 500, 20
_PEOPLE, _RECORDS = 6, 3
#: An id that nobody has: a role answers for whoever holds it, not for a person.
_NOBODY = UUID(int=0)
#: {type: {"do": {verb: scope}, "fields": {key: "hidden" | "read" | "edit"}}}
Table = dict[str, dict[str, dict[str, str]]]


@dataclass
class Space:
    """The answers of one workspace."""

    name: str
    #: What the answers were drawn from: changes of people, roles, rules and fields move it, a migration does not.
    mark: str
    #: What the sample was drawn from: any write moves it.
    written: int
    #: Role id -> (name, hash of its table).
    roles: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: "person / type / record / verb" -> yes or no.
    sample: dict[str, bool] = field(default_factory=dict)


@dataclass
class Fingerprint:
    """All answers of an installation."""

    version: str = __version__
    tables: dict[str, Table] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """One value over all answers, the same on every machine with the same data and code."""
        spaces = {pk: [sorted(one.roles.items()), sorted(one.sample.items())] for pk, one in self.spaces.items()}
        return _hash(spaces)

    def as_json(self) -> str:
        """To keep in a file."""
        return json.dumps(asdict(self), sort_keys=True)


def from_json(text: str) -> Fingerprint:
    """What `as_json` wrote; raises ValueError, KeyError or TypeError for anything else."""
    found = json.loads(text)
    spaces = {pk: Space(**one) for pk, one in found["spaces"].items()}
    for one in spaces.values():
        one.roles = {role: (name, mark) for role, (name, mark) in one.roles.items()}
    return Fingerprint(found["version"], found["tables"], spaces)


def marks() -> dict[str, tuple[str, int]]:
    """Workspace -> (mark, how much was written), by columns that every version has: also before migrating."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, access_version, schema_version, change_number FROM kernel_workspace")
        rows = cursor.fetchall()
    return {str(pk).replace("-", ""): (f"{access}.{schema}", int(number)) for pk, access, schema, number in rows}


def take() -> Fingerprint:
    """Ask the gate everything. Raises DatabaseError where the tables are not those of this code."""
    found, known = Fingerprint(), marks()
    for number, space in enumerate(Workspace.objects.order_by("pk")[:MOST_WORKSPACES]):
        with use_workspace(space):
            mark, written = known[space.pk.hex]
            one = Space(space.name, mark, written)
            for role in Role.objects.filter(workspace_id=space.pk, deleted_at=None).order_by("pk"):
                table = _table(_as_role(space, role))
                mark = _hash(table)
                found.tables.setdefault(mark, table)
                one.roles[role.pk.hex] = (role.name, mark)
            if number < MOST_SAMPLED:
                one.sample = _sample(space)
            found.spaces[space.pk.hex] = one
    return found


def _as_role(space: Workspace, role: Role) -> Context:
    ctx = system_context(space, "access fingerprint")
    viewer = Viewer(
        user_id=_NOBODY, name=role.name, rights=role.rights, field_groups=role.field_groups, role_id=role.pk, role_key=role.key,
        chart=chart_of(space),
    )  # fmt: skip
    return Context(workspace=space, viewer=viewer, surface="system", format=ctx.format)


def _table(ctx: Context) -> Table:
    return {info.key: {"do": _verbs(ctx, info), "fields": _fields(ctx, info)} for info in registry.all()}


def _verbs(ctx: Context, info: TypeInfo) -> dict[str, str]:
    return {verb: gate.scope_of(ctx, info, verb) for verb in (*VERBS, *actions_of(info.key))}


def _fields(ctx: Context, info: TypeInfo) -> dict[str, str]:
    seen, changed = gate.fields(ctx, info), gate.fields(ctx, info, edit=True)
    every = {**info.fields, **custom_fields(ctx.workspace, info.key)}
    return {key: "edit" if key in changed else "read" if key in seen else "hidden" for key in every}


def _sample(space: Workspace) -> dict[str, bool]:
    """The oldest people and the oldest records of each type: fixed, so that two fingerprints ask the same."""
    system = system_context(space, "access fingerprint")
    records = {
        info.key: list(gate.visible(system, info).order_by("pk").values_list("pk", flat=True)[:_RECORDS])
        for info in registry.all()
    }
    found = {}
    people = User.objects.filter(workspace_id=space.pk, deleted_at=None, is_active=True).select_related("role")
    for user in people.order_by("pk")[:_PEOPLE]:
        ctx = context_for(user, "system", workspace=space)
        for key, ids in records.items():
            for verb in ("view", "edit") if ids else ():
                may = set(gate.visible(ctx, registry.get(key), verb).filter(pk__in=ids).values_list("pk", flat=True))
                found |= {f"{user.pk.hex} / {key} / {pk.hex} / {verb}": pk in may for pk in ids}
    return found


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
