"""A sample company made a hundred times as large inside the database: a million customers in minutes instead of an hour.

Every copy of a record is one of its own: other id, name, search words and match keys, an owner of its own; the
copies of deals, tasks and leads are closed, so that the board and the day stay those of a company. What is derived from
records (search, value index, timeline, change log) is copied with them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models, transaction

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.access.setup import add_user
from rapport.kernel.context import system_context
from rapport.kernel.records.registry import registry

#: What is copied; everything else (people, roles, stages, fields) stands once.
_COPIED = (
    "customers.Customer", "customers.Affiliation", "customers.Relationship", "customers.Preference", "activities.Activity",
    "activities.ActivityPerson", "activities.Task", "sales.Deal", "sales.Lead", "sales.DealPerson", "timeline.TimelineLink",
    "kernel.IndexedValue", "kernel.SearchEntry", "kernel.Change",
)  # fmt: skip
#: Ids that name somebody or something that stands once.
_ONCE = ("workspace_id", "owner_id", "team_id", "created_by_id", "actor_id", "pipeline_id", "stage_id", "cause_id")
_SYLLABLES = ("ka", "lo", "mi", "ru", "te", "vo", "sha", "bel", "dor", "fen")
_PEOPLE = 100


def multiply(workspace: Workspace, times: int) -> Iterator[str]:
    """Add `times` - 1 copies of everything in the workspace; one line per table."""
    words = ["".join(one) for one in itertools.product(_SYLLABLES, repeat=3)][:times]
    with use_workspace(workspace):
        ctx = system_context(workspace, "bench")
        people = [add_user(ctx, f"Agent {word.title()}").pk for word in words[:_PEOPLE]]
        won = registry.get("stage").model.objects.filter(outcome="won").values_list("pk", flat=True)[0]
        opened = list(registry.get("stage").model.objects.filter(outcome="open").values_list("pk", flat=True))
    with use_workspace(workspace):
        for label in _COPIED:
            model = apps.get_model(label)
            base = _highest(model)
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE TEMP TABLE bench_rows AS SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            for at in range(1, times):
                with transaction.atomic(), connection.cursor() as cursor:
                    _copy(cursor, model, at, words[at], people[at % len(people)], base, won, opened)
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE bench_rows")
            if "number" in base:
                Workspace.objects.filter(pk=workspace.pk).update(change_number=models.F("change_number") * times)
            yield f"{model._meta.db_table}: {model._base_manager.count():,}"


def _highest(model: type[models.Model]) -> dict[str, int]:
    """The highest numbers that count on: of the change log, and of SQLite's word index."""
    found = {}
    for name in ("number", "id"):
        field = next((f for f in model._meta.concrete_fields if f.name == name), None)
        if isinstance(field, models.IntegerField):
            found[name] = model._base_manager.aggregate(top=models.Max(name))["top"] or 0
    return found


def _copy(cursor, model, at, word, person, base, won, opened) -> None:  # type: ignore[no-untyped-def]
    """One copy of the rows that were there before any copy."""
    table, names, shown = connection.ops.quote_name(model._meta.db_table), [], []
    params: list[object] = []
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField) and not (connection.vendor == "sqlite" and model.__name__ == "SearchEntry"):
            continue
        text, given = _column(model, field, at, word, person, base, won, opened)
        names.append(connection.ops.quote_name(field.column))
        shown.append(text)
        params += given
    cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(shown)} FROM bench_rows", params)
    if connection.vendor == "sqlite" and model.__name__ == "SearchEntry":
        cursor.execute(
            "INSERT INTO kernel_search_fts(rowid, text) SELECT id, text FROM kernel_searchentry WHERE id > %s AND id <= %s",
            [at * base["id"], (at + 1) * base["id"]],
        )


def _column(model, field, at, word, person, base, won, opened) -> tuple[str, list[object]]:  # type: ignore[no-untyped-def]
    column = connection.ops.quote_name(field.column)
    as_id = (lambda value: value.hex) if connection.vendor == "sqlite" else (lambda value: value)
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if field.column == "owner_id":
        cast = "" if connection.vendor == "sqlite" else "::uuid"
        return f"CASE WHEN {column} IS NULL THEN NULL ELSE %s{cast} END", [as_id(person)]
    if isinstance(target, models.UUIDField) and field.column not in _ONCE:
        # Version 8 and three digits in the middle: the time at the front stays, so that copies lie among their likes.
        text, at_version, at_number = (column, 13, 18) if connection.vendor == "sqlite" else (f"{column}::text", 15, 21)
        made = f"substr({text}, 1, {at_version - 1}) || '8' || substr({text}, {at_version + 1}, {at_number - at_version - 1})"
        made += f" || %s || substr({text}, {at_number + 3})"
        return (made if connection.vendor == "sqlite" else f"({made})::uuid"), [f"{at:03x}"]
    if field.column in base:
        return f"{column} + %s", [at * base[field.column]]
    if field.column == "name" or (field.column in ("title_key", "text")):
        more = f" {word.title()}" if field.column == "name" else f" {word}"
        return f"CASE WHEN {column} = '' THEN {column} ELSE {column} || %s END", [more]
    if field.column == "key" and model.__name__ == "IndexedValue":
        return f"CASE WHEN field IN ('emails', 'phones') THEN %s || {column} ELSE {column} END", [str(at)]
    if model.__name__ == "Deal" and field.column == "stage_id":
        marks = ", ".join(["%s"] * len(opened))
        return f"CASE WHEN stage_id IN ({marks}) THEN %s ELSE stage_id END", [*map(as_id, opened), as_id(won)]
    if model.__name__ in ("Task", "Lead") and field.column == "state":
        return "%s", ["done" if model.__name__ == "Task" else "dropped"]
    return column, []
