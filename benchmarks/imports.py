"""How fast rows come in set-wise: through the write door, and bare into the same table."""

from __future__ import annotations

import time

from django.db import connection, transaction

from benchmarks.cases import World
from rapport.kernel.access.current import use_workspace
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.context import system_context
from rapport.kernel.ids import new_id
from rapport.kernel.records.registry import registry

ROWS, AT_ONCE = 10_000, 2_000


def import_pace(world: World) -> dict[str, float]:
    """Rows a second: customers with name, e-mail, phone, city and tags; the same rows bare, without log and search."""
    with use_workspace(world.workspace):
        ctx = system_context(world.workspace, "bench")
        rows = [_row(n) for n in range(ROWS)]
        started = time.perf_counter()
        for at in range(0, ROWS, AT_ONCE):
            result = ctx.create_many("customer", rows[at : at + AT_ONCE])
            assert not result.errors, result.errors
        through_door = ROWS / (time.perf_counter() - started)
        return {"door": through_door, "bare": _bare(list(result.ids.values()))}


def _row(n: int) -> dict[str, object]:
    return {
        "name": f"Imported Aviation {n}", "emails": f"office{n}@imported{n % 977}.example", "phones": f"+3531555{n:04d}",
        "addresses": [{"street": f"{n % 90} Airport Road", "city": "Cork", "country": "IE"}], "tags": "imported",
        "industry": "Flying club", "employees": n % 200, "stage": "prospect",
    }  # fmt: skip


def _bare(ids: list[object]) -> float:
    """The same columns and indexes, nothing else: what the database itself can do."""
    model = registry.get("customer").model
    names = [f.attname for f in model._meta.concrete_fields]
    some = [[getattr(one, name) for name in names] for one in model.objects.filter(pk__in=ids)]
    rows = [[new_id() if name == "id" else value for name, value in zip(names, row, strict=True)] for row in some * 5]
    started = time.perf_counter()
    with transaction.atomic():
        insert_rows(model, names, rows)
        seconds = time.perf_counter() - started
        transaction.set_rollback(True)
    assert connection.connection is not None
    return len(rows) / seconds
