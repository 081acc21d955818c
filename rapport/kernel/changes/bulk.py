"""Fast set-wise inserts and updates: COPY and one UPDATE on PostgreSQL, executemany on SQLite.

Raw SQL, because it is the hot path of imports: measured for this project (shared knowledge, section 6) at 40,000
rows/s with six indexes against 8,400 for bulk_create. Only the write door and its indexers call it, with column names
from the code; values are always bound.

PostgreSQL refuses COPY into a table with row-level security, so many rows are copied into a temporary table and
inserted from there, through the wall (2,000 rows: 35 ms by COPY, 56 ms so, 92 ms with arrays, 145 ms with VALUES); a
few go by VALUES, which is the quickest for one row and needs no table.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from uuid import UUID

import orjson
from django.db import connection, models, transaction

#: Values that both drivers take as they are.
_PLAIN = {str, int, bool, type(None)}
#: Rows prepared at a time, so that memory stays flat whatever the size of a write.
_ROWS = 2_000
#: Up to so many rows go by VALUES on PostgreSQL: a temporary table costs 2.5 ms, a row by VALUES 0.05 ms more.
_FEW = 100
_LENGTH = re.compile(r"\(\d+(,\s*\d+)?\)| COLLATE \S+")


def insert_rows(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Insert rows of plain Python values given in the order of the attribute `names` (attnames)."""
    if not rows:
        return
    fields = _fields(model, tuple(names))
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(f.column) for f in fields)
    if connection.vendor == "postgresql" and len(rows) > _FEW:
        _copy_through(table, columns, fields, rows)
        return
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            ready = zip(*_prepared(fields, rows), strict=True)
            all_marks = ", ".join([f"({marks})"] * len(rows))
            cursor.execute(f"INSERT INTO {table} ({columns}) VALUES {all_marks}", [v for row in ready for v in row])
            return
        for at in range(0, len(rows), _ROWS):
            ready = list(zip(*_prepared(fields, rows[at : at + _ROWS]), strict=True))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", ready)


def _copy_through(table: str, columns: str, fields: Sequence[models.Field], rows: Sequence[Sequence[object]]) -> None:
    """COPY into a temporary table, and from there through the wall. Dropped at once: a pooler may hand the connection on."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE rapport_rows ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA")
        with cursor.copy(f"COPY rapport_rows ({columns}) FROM STDIN") as copy:
            for at in range(0, len(rows), _ROWS):
                for row in zip(*_prepared(fields, rows[at : at + _ROWS]), strict=True):
                    copy.write_row(row)
        cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM rapport_rows")
        cursor.execute("DROP TABLE rapport_rows")


def update_rows(
    model: type[models.Model], names: Sequence[str], rows: Sequence[tuple[UUID, int, Sequence[object]]]
) -> set[UUID]:
    """Set the attributes `names` of rows given as (id, version it had, values); returns the ids that were updated.

    A row whose version moved meanwhile stays as it is: the compare-and-swap of the door, for many rows at once.
    """
    if not rows:
        return set()
    fields = _fields(model, ("id", "version", *names))
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    ready = _prepared(fields, [(pk, was, *values) for pk, was, values in rows])
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{_LENGTH.sub('', f.db_type(connection))}[]" for f in fields)
        given = ", ".join(f"c{n}" for n in range(len(fields)))
        sets = ", ".join(f"{quote(f.column)} = given.c{n}" for n, f in enumerate(fields) if n > 1)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS given({given})"
                f" WHERE {table}.id = given.c0 AND {table}.version = given.c1 RETURNING {table}.id",
                [list(column) for column in ready],
            )
            return {row[0] for row in cursor.fetchall()}
    sets = ", ".join(f"{quote(f.column)} = %s" for f in fields[2:])
    found = set()
    with connection.cursor() as cursor:
        # One by one within this call: SQLite has no round trips to save, and the count says which row was not there.
        for (pk, _was, _values), (ident, version, *values) in zip(rows, zip(*ready, strict=True), strict=True):
            cursor.execute(f"UPDATE {table} SET {sets} WHERE id = %s AND version = %s", [*values, ident, version])
            if cursor.rowcount:
                found.add(pk)
    return found


def _prepared(fields: Sequence[models.Field], rows: Sequence[Sequence[object]]) -> list[Sequence[object]]:
    """The rows as columns of driver values. Column by column, because most need nothing (measured: asking every
    field for every value took a third of an import)."""
    columns: list[Sequence[object]] = []
    for field, column in zip(fields, zip(*rows, strict=True), strict=True):
        convert = _converter(connection.vendor, field)
        if convert is None and set(map(type, column)) <= _PLAIN:
            columns.append(column)
        else:
            columns.append((convert or _by_field(field))(column))
    return columns


@lru_cache(maxsize=1024)
def _fields(model: type[models.Model], names: tuple[str, ...]) -> list[models.Field]:
    by_attname = {f.attname: f for f in model._meta.concrete_fields}
    return [by_attname[name] for name in names]


Column = Callable[[Sequence[object]], Sequence[object]]


def _by_field(field: models.Field) -> Column:
    """Django's own way, which takes anything."""
    return lambda column: [field.get_db_prep_save(v, connection) for v in column]


@lru_cache(maxsize=4096)
def _converter(vendor: str, field: models.Field) -> Column | None:
    """A quick way to driver values for a column, equal to Django's; None where plain values need none."""
    target = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    if isinstance(target, models.JSONField) and target.encoder is None:
        return lambda column: [_json(v) for v in column]
    if isinstance(target, models.UUIDField):
        return _quick(field, UUID, None if vendor == "postgresql" else UUID.hex.fget)
    if isinstance(target, models.DateTimeField):
        return _quick(field, dt.datetime, None if vendor == "postgresql" else _utc_text, in_utc=True)
    if type(target) is models.DateField:
        return _quick(field, dt.date, None if vendor == "postgresql" else dt.date.isoformat)
    ways = type(target).get_db_prep_value, type(target).get_prep_value
    return None if all(way in _PASSING for way in ways) else _by_field(field)


def _quick(field: models.Field, wanted: type, make: Callable | None, *, in_utc: bool = False) -> Column:
    """Convert columns that hold nothing but values of one type and None; anything else goes Django's way."""

    def convert(column: Sequence[object]) -> Sequence[object]:
        if not set(map(type, column)) <= {wanted, type(None)}:
            return _by_field(field)(column)
        if in_utc and any(v is not None and v.tzinfo is not dt.UTC for v in column):  # type: ignore[attr-defined]
            return _by_field(field)(column)
        if make is None:
            return column
        first = column[0]
        if first is column[-1] and all(v is first for v in column):
            return [None if first is None else make(first)] * len(column)
        return [None if v is None else make(v) for v in column]

    return convert


def _utc_text(value: dt.datetime) -> str:
    """As Django writes a UTC time on SQLite."""
    return value.isoformat(" ")[:-6]


#: Ways of Django's plain fields, which leave text, whole numbers and yes/no as they are.
_PASSING = {
    way
    for cls in (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.Field)
    for way in (cls.get_prep_value, cls.get_db_prep_value)
}


def _json(value: object) -> str | None:
    """The JSON text of a value; empty lists and dictionaries, which are most, without asking the encoder."""
    if value == [] or value == {}:
        return "[]" if isinstance(value, list) else "{}"
    if value is None:
        return None
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # numbers beyond 64 bits, keys that are no text
        return json.dumps(value)
