"""The rows of the cast, kept by each test process: making two workspaces through the door took 0.4 s on a busy machine,
putting their rows back 0.005 s on SQLite and 0.04 s on PostgreSQL, and most tests ask for them. The first test of a process
makes them the long way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection

from rapport.kernel.access import chart
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.custom import fields as custom_fields
from rapport.kernel.query import reaching

if TYPE_CHECKING:
    from tests.cast import Cast

Table = tuple[list[str], list[tuple[object, ...]]]
_kept: tuple[dict[str, Table], dict[str, object]] | None = None
_FTS = "kernel_search_fts"


def cast_from_rows(make: Callable[[], Cast]) -> Cast:
    """The cast as `make` makes it, from its rows when this process has made it before."""
    global _kept
    # What processes remember of a workspace goes by its version, and the same workspace comes again in every test.
    chart._charts.clear()
    reaching._counted.clear()
    custom_fields._cache.clear()
    if connection.vendor == "sqlite":
        # A test in real transactions ends with emptied tables; Django does not know this one, and words of its rows would be
        # found as those of whatever has their numbers now.
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {_FTS}({_FTS}) VALUES ('delete-all')")
    if _kept is None:
        before = set(_rows())
        made = make()
        rows = {name: table for name, table in _rows().items() if name not in before}
        _kept = rows, {one.name: getattr(made, one.name).pk for one in fields(made)}
        return made
    rows, ids = _kept
    with unscoped("the rows of the cast are put back"), connection.cursor() as cursor:
        for name, (columns, values) in rows.items():
            listed = ", ".join(f'"{column}"' for column in columns)
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f'INSERT INTO "{name}" ({listed}) VALUES ({places})', values)
    spaces = Workspace.objects.in_bulk(list(ids.values()))
    people: dict[object, User] = {}
    for space in spaces.values():
        with use_workspace(space):
            people.update(User.objects.select_related("account").in_bulk([pk for pk in ids.values() if pk not in spaces]))
    from tests.cast import Cast

    return Cast(**{name: spaces.get(pk) or people[pk] for name, pk in ids.items()})  # type: ignore[arg-type]


def _rows() -> dict[str, Table]:
    """Every table that has rows. What migrations put into some tables is there before, and never part of the cast."""
    names = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
    found: dict[str, Table] = {}
    with unscoped("the rows of the cast are kept"), connection.cursor() as cursor:
        for name in dict.fromkeys(names):
            cursor.execute(f'SELECT * FROM "{name}"')
            rows = cursor.fetchall()
            if rows:
                found[name] = [column[0] for column in cursor.description], rows
        if connection.vendor == "sqlite" and "kernel_searchentry" in found:
            cursor.execute(f"SELECT rowid, text FROM {_FTS}")
            if rows := cursor.fetchall():
                found[_FTS] = ["rowid", "text"], rows
    return found
