"""Every walk of a rule goes along an index: nothing reads a table from end to end, however many records there are."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.followups.models import FollowUpState
from rapport.engines.followups.registry import presets
from tests.cast import Cast
from tests.factory import make
from tests.followups.test_rules import NOW, rule_of, run

#: The one entry of an index that a walk begins at, or none: what SQLite says when it reads a whole table.
_WHOLE = re.compile(r"SCAN (customers_customer|sales_deal|sales_lead|kernel_indexedvalue)\b(?! USING COVERING INDEX \w*_id_ix)")


@pytest.mark.sqlite_only
@pytest.mark.parametrize("key", [one.key for one in presets()])
def test_no_walk_reads_a_whole_table(cast: Cast, key: str) -> None:
    """Asked of SQLite's own plan for every statement of a run; on PostgreSQL small tables are read whole by design."""
    rule = rule_of(cast, key)
    for n in range(3):
        make(cast.system, "customer", kind="person", name=f"C{n}", birthday=dt.date(1980, 1, 1 + n), owner=cast.ben.pk)
    FollowUpState.objects.filter(rule_id=rule.pk, workspace_id=cast.home.pk).update(
        starts_at=NOW - dt.timedelta(days=9), reached_at=NOW - dt.timedelta(days=2)
    )
    with CaptureQueriesContext(connection) as queries:
        run(cast, rule)
    looked = 0
    for one in queries:
        if one["sql"].startswith("SELECT") and "EXPLAIN" not in one["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}".replace("%", "%%"))
                plan = " / ".join(str(row[-1]) for row in cursor.fetchall())
            looked += 1
            assert not _WHOLE.search(plan), f"{plan}\n{one['sql']}"
    assert looked > 3
