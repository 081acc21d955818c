"""How fast the audit log is at a million entries: `python -m benchmarks.audit_log [entries]` in a data folder of its own.

Set DATABASE_URL for PostgreSQL (an empty database); without it a SQLite file in a temporary folder is used. Prints, for
each question, the time to the first page through the gate (median of five), and how long a whole `audit verify` takes.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from uuid import UUID

SEED, BATCH = 7, 20_000
TYPES = ["customer"] * 60 + ["deal"] * 15 + ["task"] * 14 + ["activity"] * 10 + ["stage"]


def main() -> int:
    """Fill, then ask."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="rapport-audit-bench-") as folder:
        os.environ["RAPPORT_DATA"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.project.settings")
        from rapport.project.sqlite import use_bundled_sqlite

        use_bundled_sqlite()
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        measure(count)
    return 0


def measure(count: int) -> None:
    """Print a line per question."""
    from django.db import connection

    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.access.setup import create_workspace
    from rapport.kernel.changes.audit import audit_page
    from rapport.kernel.changes.verify import verify_log
    from rapport.kernel.context import context_for

    workspace, owner = create_workspace(
        "Bench", owner_name="Bench", email=f"bench{time.time_ns()}@example.com", password="correct horse battery staple"
    )
    with use_workspace(workspace):
        started = time.perf_counter()
        people, records = fill(workspace, count)
        print(f"{connection.vendor}: {count:,} entries in {time.perf_counter() - started:.0f} s")
        ctx = context_for(owner, "bench")
        now = dt.datetime.now(dt.UTC)
        middle = now - dt.timedelta(seconds=count / 2)
        seller = restricted(owner)
        questions: dict[str, Callable[[], object]] = {
            "newest": lambda: audit_page(ctx),
            "page after 500,000": lambda: audit_page(ctx, cursor=str(count // 2)),
            "one common type": lambda: audit_page(ctx, type_key="customer"),
            "one rare type": lambda: audit_page(ctx, type_key="stage"),
            "rare verb": lambda: audit_page(ctx, verb="exported"),
            "one person": lambda: audit_page(ctx, actor_id=people[3]),
            "one record": lambda: audit_page(ctx, record_id=records[5]),
            "type and rare verb": lambda: audit_page(ctx, type_key="customer", verb="exported"),
            "type and verb that never meet": lambda: audit_page(ctx, type_key="stage", verb="denied"),
            "person, type and verb": lambda: audit_page(ctx, actor_id=people[3], type_key="deal", verb="update"),
            "a day in the middle": lambda: audit_page(ctx, since=middle, until=middle + dt.timedelta(days=1)),
            "words that occur": lambda: audit_page(ctx, text="note 7"),
            "words that never occur": lambda: audit_page(ctx, text="nowhere to be found"),
            "a role with two types": lambda: audit_page(seller),
        }
        for name, ask in questions.items():
            times = []
            for _again in range(5):
                began = time.perf_counter()
                ask()
                times.append(time.perf_counter() - began)
            print(f"  {name:<32}{statistics.median(times) * 1000:8.1f} ms")
        began = time.perf_counter()
        verdict = verify_log(workspace)
        print(f"  {'rapport audit verify':<32}{time.perf_counter() - began:8.1f} s  {verdict.problem or 'whole'}")


def restricted(owner: object) -> object:
    """A context that may read the log of two types only."""
    from dataclasses import replace

    from rapport.kernel.context import context_for

    ctx = context_for(owner, "bench")  # type: ignore[arg-type]
    rights = {key: {"view": "all", "audit": "all"} for key in ("stage", "activity")}
    return replace(ctx, viewer=replace(ctx.viewer, rights=rights), memory={})


def fill(workspace: object, count: int) -> tuple[list[UUID], list[UUID]]:
    """Entries of a busy company, one a second, chained as the unit of work chains them."""
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.changes import chain
    from rapport.kernel.changes.bulk import insert_rows
    from rapport.kernel.changes.models import Change
    from rapport.kernel.changes.unit import _COLUMNS, NewChange
    from rapport.kernel.ids import new_id

    draw = random.Random(SEED)
    people, records = [new_id() for _n in range(200)], [new_id() for _n in range(50_000)]
    row = Workspace.objects.get(pk=workspace.pk)  # type: ignore[attr-defined]
    number, before, start = row.change_number, row.change_hash, dt.datetime.now(dt.UTC) - dt.timedelta(seconds=count)
    for at in range(0, count, BATCH):
        rows = []
        for offset, salt in enumerate(chain.new_salts(min(BATCH, count - at))):
            verb = draw.choices(("update", "create", "exported", "denied"), (80, 19.8, 0.1, 0.1))[0]
            type_key = "customer" if verb == "denied" else draw.choice(TYPES)
            number += 1
            one = NewChange(
                id=new_id(), workspace_id=row.pk, type=type_key, record_id=draw.choice(records), version=1, verb=verb,
                action="", actor_id=draw.choice(people), actor_name="Somebody", surface="web", cause_id=None,
                at=start + dt.timedelta(seconds=at + offset), diff={"note": ["before", f"note {offset}"]}, number=number,
                salt=salt,
            )  # fmt: skip
            one.digest = chain.digest_of(one, chain.body_of(one))
            before = one.hash = chain.link(before, number, one.digest)
            rows.append(tuple(getattr(one, name) for name in _COLUMNS))
        insert_rows(Change, _COLUMNS, rows)
    Workspace.objects.filter(pk=row.pk).update(change_number=number, change_hash=before)
    return people, records


if __name__ == "__main__":
    raise SystemExit(main())
