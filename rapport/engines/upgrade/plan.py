"""The steps from the database that is there to the one this program needs, with what they cost and what forbids them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, run_checks
from django.db import connection, migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from rapport.engines.backup.databases import database_size
from rapport.engines.backup.files import files_size
from rapport.engines.backup.place import existing, folder
from rapport.engines.upgrade.fingerprint import kept
from rapport.kernel.access.current import unscoped

#: Rows a second that a table with its indexes is copied with on a machine of two cores (docs/decisions/0019-backup.md).
ROWS_A_SECOND = 60_000
#: Operations that make SQLite copy the whole table, and PostgreSQL read it.
_REWRITING = (
    migrations.AddField, migrations.AlterField, migrations.RemoveField, migrations.AddConstraint, migrations.RemoveConstraint,
    migrations.AddIndex, migrations.RunPython, migrations.RunSQL,
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One migration, and the rows of the largest table it goes over."""

    name: str
    rows: int


@dataclass
class Plan:
    """What is to do, what stands in the way, what to know."""

    steps: list[Step] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bytes_needed: int = 0
    seconds: float = 0.0
    #: Nothing is there yet.
    is_new: bool = False


def open_migrations() -> list[Migration]:
    """The migrations of this code that the database does not have, in their order."""
    executor = MigrationExecutor(connection)
    return [migration for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def plan_of() -> Plan:
    """Look at the database; changes nothing."""
    loader = MigrationLoader(connection)
    applied, known = loader.applied_migrations, loader.disk_migrations
    found = Plan(is_new=not applied)
    installed = {config.label for config in apps.get_app_configs()}
    unknown = sorted(key for key in applied if key not in known and key not in loader.replacements)
    newer = [f"{app}.{name}" for app, name in unknown if app in installed]
    if newer:
        found.obstacles.append(
            f"The database was made by a newer Rapport ({', '.join(newer[:3])}); install that version or a later one. "
            "Nothing was changed."
        )
    gone = sorted({app for app, _name in unknown if app not in installed})
    if gone:
        found.notes.append(f"add-ons that are not installed here have tables: {', '.join(gone)}; they are left as they are")
    found.obstacles += [f"{one.msg}" for one in run_checks() if isinstance(one, Error)][:3]
    if newer:
        return found
    todo = open_migrations()
    state = loader.project_state(list(applied)) if applied else ProjectState()
    found.steps = list(_steps(todo, state)) if todo else []
    found.seconds = sum(step.rows for step in found.steps) / ROWS_A_SECOND
    if todo and not found.is_new:
        found.notes += _notes(todo)
    _weigh(found)
    return found


def _steps(todo: list[Migration], state: ProjectState) -> Iterator[Step]:
    tables = set(connection.introspection.table_names())
    for migration in todo:
        rows = 0
        for operation in migration.operations:
            if isinstance(operation, _REWRITING):
                names = [getattr(operation, "model_name", "")] if getattr(operation, "model_name", "") else _all(state, migration)
                rows = max([rows, *(_rows(state, migration.app_label, name, tables) for name in names)])
            operation.state_forwards(migration.app_label, state)
        yield Step(f"{migration.app_label}.{migration.name}", rows)


def _all(state: ProjectState, migration: Migration) -> list[str]:
    return [name for app, name in state.models if app == migration.app_label]


def _rows(state: ProjectState, app: str, name: str, tables: set[str]) -> int:
    model = state.models.get((app, name.lower()))
    table = (model.options.get("db_table") if model else "") or f"{app}_{name.lower()}"
    if table not in tables:
        return 0
    with unscoped("an upgrade counts the rows of tables it would rewrite"), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
        return int(cursor.fetchone()[0])


def _weigh(found: Plan) -> None:
    """Room for the snapshot and the place where it is proven; on SQLite also for the copy of a table that is rebuilt, which
    comes when that place is gone again and takes no more than it did."""
    if not found.steps or found.is_new:
        return
    size = database_size() + files_size()
    found.bytes_needed = 3 * size
    for where in dict.fromkeys((Path(settings.DATA), existing(folder()))):
        free = shutil.disk_usage(where).free
        if free < found.bytes_needed:
            found.obstacles.append(
                f"{where} has {free / 2**30:.1f} GB free, {found.bytes_needed / 2**30:.1f} GB are needed; make room first."
            )


def _notes(todo: list[Migration]) -> list[str]:
    """What people must know: a migration that takes something away, or changes what is used to, says so in `breaking`."""
    said = [f"{one.app_label}.{one.name}: {one.breaking}" for one in todo if getattr(one, "breaking", "")]
    if todo and kept() is None:
        said.append("no access fingerprint of the version before is kept: only what a migration itself changes will be compared")
    return said
