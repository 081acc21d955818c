"""What the database does for a page: its statements, their time by the bare driver, and whether an index served each."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from django.db import connection

from rapport.kernel.access.current import unscoped

Statement = tuple[str, tuple[object, ...]]
#: A table below this many rows may be read whole.
_SMALL = 2_000
_ALIAS = re.compile(r'"(\w+)"(?: (?:AS )?"?([A-Z]\w*)"?)?')


def captured(run: Callable[[], object]) -> list[Statement]:
    """The reading statements of a run, as they went to the database."""
    found: list[Statement] = []

    def keep(execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(("SELECT", "WITH")) and not many:
            found.append((sql, tuple(params or ())))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        run()
    return found


def raw_time(statements: Sequence[Statement], *, rounds: int = 15) -> float:
    """Milliseconds (median) for all statements of a page by the bare driver, rows fetched."""
    connection.ensure_connection()
    with unscoped("the statements name their workspace; the bare driver tells the server none"):
        return _raw_time(statements, rounds)


def _raw_time(statements: Sequence[Statement], rounds: int) -> float:
    times = []
    for _round in range(rounds):
        started = time.perf_counter()
        for sql, params in statements:
            if connection.vendor == "sqlite":
                connection.connection.execute(sql.replace("%s", "?").replace("%%", "%"), params).fetchall()
            else:
                with connection.create_cursor() as cursor:
                    cursor.execute(sql, params)
                    cursor.fetchall()
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)[len(times) // 2]


def judge(statements: Sequence[Statement]) -> list[str]:
    """What to worry about, one sentence per finding; empty when an index served everything."""
    found: dict[str, None] = {}
    for sql, params in statements:
        for sentence in _sqlite(sql, params) if connection.vendor == "sqlite" else _postgresql(sql, params):
            found[f"{sentence}: {_short(sql)}"] = None
    return list(found)


def _sqlite(sql: str, params: tuple[object, ...]) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + sql, params)
        details = [str(row[3]) for row in cursor.fetchall()]
    tables = {alias or table: table for table, alias in _ALIAS.findall(sql)}
    for detail in details:
        words = detail.split()
        if words[0] == "SCAN" and "VIRTUAL" not in words and _rows(tables.get(words[1], words[1])) > _SMALL:
            yield detail
        if detail.startswith("USE TEMP B-TREE FOR ORDER BY") and "LIMIT" in sql:
            yield "sorts before the limit"


def _postgresql(sql: str, params: tuple[object, ...]) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + sql, params)
        answer = cursor.fetchone()[0]
    plan = json.loads(answer) if isinstance(answer, str) else answer
    todo = [plan[0]["Plan"]]
    while todo:
        node = todo.pop()
        todo += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan" and _rows(node["Relation Name"]) > _SMALL:
            yield f"Seq Scan on {node['Relation Name']}"
        if node["Node Type"] == "Sort" and node["Plan Rows"] > _SMALL:
            yield f"sorts {node['Plan Rows']:,} rows"


@cache
def _rows(table: str) -> int:
    with unscoped("how large a table is, all workspaces together"), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = %s", [table])
            if cursor.fetchone() is None:
                return 0
        first = f"SELECT 1 AS one FROM {connection.ops.quote_name(table)} LIMIT {_SMALL + 1}"
        cursor.execute(f"SELECT count(*) FROM ({first}) AS first_rows")
        return int(cursor.fetchone()[0])


def _short(sql: str) -> str:
    where = sql.find(" FROM ")
    return " ".join(sql[max(where, 0) :].split())[:230]
