"""`column among (subquery)`, said so that each database may combine it with other conditions by their indexes."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet, Subquery


class IsAmong(Func):
    """Whether a column is among what a one-column query returns.

    PostgreSQL cannot use an index for `a = 1 OR id IN (SELECT …)` and reads the whole table; it can for
    `a = 1 OR id = ANY(ARRAY(SELECT …))`, because the array is worked out first. SQLite takes the plain form.
    """

    output_field = BooleanField()
    template = "%(expressions)s"
    arg_joiner = " IN "

    def __init__(self, column: str, rows: QuerySet) -> None:
        """`column` is a path of the filtered model; `rows` selects one column."""
        super().__init__(F(column), Subquery(rows))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[object]]:
        """As an array that is made before the rows are read."""
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(ARRAY", **context)
