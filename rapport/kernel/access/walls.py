"""The second wall between workspaces, on PostgreSQL: row-level security on every table with a workspace.

Made from the models after every migration, so a new type, also one of an add-on, has it without a word. A row is
shown, taken, changed or deleted only when its workspace is the one in force (`current.py`), or inside `unscoped`.
The code keeps workspaces apart without this; the wall is for the query that somebody gets wrong one day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

POLICY = "rapport_wall"
#: Asked once per statement: PostgreSQL evaluates a sub-select without outer references a single time (measured on 200,000
#: rows: 52 ms counted with sub-selects, 80 ms with plain calls of current_setting, 35 ms without a wall).
_WORKSPACE = "(SELECT nullif(current_setting('rapport.workspace', true), '')::uuid)"
_UNSCOPED = "(SELECT current_setting('rapport.unscoped', true) = 'yes')"

#: For PostgreSQL's own programs, which dump and load the rows of every workspace (PGOPTIONS).
OPTION_OF_DUMPS = "-c rapport.unscoped=yes"

#: Tables whose rows any workspace may read (never write), each with the reason. Reviewed by a test.
OPEN_FOR_READING = {
    "kernel_searchentry": (
        "PostgreSQL uses no trigram index behind a policy, because LIKE is not leakproof (measured: 48 ms instead of "
        "1 ms among 200,000 entries). Every query names the workspace, and what is found is read through the wall."
    ),
}


@dataclass(frozen=True)
class Wall:
    """The wall of one table."""

    table: str
    #: Rows without a workspace (jobs of the installation) belong to code outside any workspace.
    may_be_none: bool

    @property
    def condition(self) -> str:
        """Which rows are inside."""
        same = "IS NOT DISTINCT FROM" if self.may_be_none else "="
        return f"workspace_id {same} {_WORKSPACE} OR {_UNSCOPED}"

    def policies(self) -> Iterator[tuple[str, str]]:
        """Name and text of each policy."""
        inside = self.condition
        if self.table not in OPEN_FOR_READING:
            yield POLICY, f"FOR ALL USING ({inside}) WITH CHECK ({inside})"
            return
        yield f"{POLICY}_read", "FOR SELECT USING (true)"
        yield f"{POLICY}_add", f"FOR INSERT WITH CHECK ({inside})"
        yield f"{POLICY}_change", f"FOR UPDATE USING ({inside}) WITH CHECK ({inside})"
        yield f"{POLICY}_delete", f"FOR DELETE USING ({inside})"

    def mark(self) -> str:
        """What the table's policies are known by: they are made anew when this differs."""
        return hashlib.sha256(repr(list(self.policies())).encode()).hexdigest()[:16]


def walls() -> list[Wall]:
    """The wall of every table with a column `workspace_id`, by the models."""
    found = [Wall(model._meta.db_table, column.null) for model, column in models_with_workspace()]
    return sorted(found, key=lambda wall: wall.table)


def models_with_workspace() -> Iterator[tuple[type[models.Model], models.Field]]:
    """Every model whose table has a column `workspace_id`, with that column."""
    for model in apps.get_models(include_auto_created=True):
        column = next((f for f in model._meta.concrete_fields if f.column == "workspace_id"), None)
        if column is not None and model._meta.managed and not model._meta.proxy:
            yield model, column


def build(using: str = "default") -> list[str]:
    """Give every table its wall; returns the tables that were changed. Costs one query where all stand already."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return []
    missing = [wall for wall in walls() if wall.table in _lacking(connection)]
    for wall in missing:
        _make(connection, wall)
    return [wall.table for wall in missing]


def without_wall(using: str = "default") -> list[str]:
    """Tables whose wall is missing, is an old one, or has another policy beside it."""
    connection = connections[using]
    return sorted(_lacking(connection)) if connection.vendor == "postgresql" else []


def build_after_migrate(sender: object, using: str = "default", **_more: object) -> None:
    """Receiver of `post_migrate`."""
    build(using)


def _lacking(connection: BaseDatabaseWrapper) -> set[str]:
    wanted = {wall.table: wall for wall in walls()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, "
            "array_remove(array_agg(p.polname::text || '=' || coalesce(obj_description(p.oid, 'pg_policy'), '')), NULL) "
            "FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid "
            "WHERE c.relname = ANY(%s) AND c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) GROUP BY c.oid",
            [list(wanted)],
        )
        rows = cursor.fetchall()
    lacking = set()
    for table, stands, policies in rows:
        expected = {f"{name}={wanted[table].mark()}" for name, _text in wanted[table].policies()}
        if not stands or set(policies) != expected:
            lacking.add(table)
    return lacking


def _make(connection: BaseDatabaseWrapper, wall: Wall) -> None:
    """Drop whatever policies the table has and make ours, in one transaction: there is no moment without."""
    table = connection.ops.quote_name(wall.table)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT polname FROM pg_policy WHERE polrelid = %s::regclass", [table])
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP POLICY {connection.ops.quote_name(name)} ON {table}")
        for name, text in wall.policies():
            cursor.execute(f"CREATE POLICY {name} ON {table} {text}")
            cursor.execute(f"COMMENT ON POLICY {name} ON {table} IS '{wall.mark()}'")
        cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
