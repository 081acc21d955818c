"""`python -m benchmarks.views`: sorting by several keys, groups with sums, and the board, among 100,000 deals (or --deals) on
both databases. A fifth of all deals shares each amount, so that the ties of the first key are far too many to be sorted.

The deals are written with plain inserts: it is the reading that is measured.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import re
import statistics
import sys
import time
from html import unescape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BATCH = 20_000
PAGES = {
    "one key (amount)": "/deal/?filter=&sort=-amount",
    "two keys, a fifth ties": "/deal/?filter=&sort=-amount,name",
    "three keys": "/deal/?filter=&sort=-amount,close_on,name",
    "few ties first": "/deal/?filter=&sort=close_on,-amount,name",
    "two keys of the open ones": "/deal/?sort=close_on,-amount",
    "ties at the far end (refused)": "/deal/?filter=&sort=opened_on,name",
    "grouped by owner": "/deal/?filter=&group=owner",
    "grouped by stage": "/deal/?filter=&group=stage",
    "grouped by month": "/deal/?filter=&group=close_on",
    "grouped, up to 10,000": "/deal/?group=owner",
    "board of 5,000 open": "/deal/board",
    "board in lanes": "/deal/board?lanes=owner",
}


def main() -> int:
    """Measure each database in a process of its own; returns the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.views", description=__doc__)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        _measure(args.deals, args.rounds)
        return 0
    from benchmarks.__main__ import in_each_database

    return in_each_database(args.databases, "benchmarks.views", "--deals", str(args.deals), "--rounds", str(args.rounds))


def _measure(deals: int, rounds: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.access.setup import create_workspace

    call_command("migrate", verbosity=0)
    workspace, owner = create_workspace("Views", owner_name="Olga", email="olga@example.com", password="correct horse battery")
    with use_workspace(workspace):
        card, columns = _fill(workspace, deals)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(f"\n### {connection.vendor}: {deals:,} deals, 5,000 open, 5 amounts, 20 owners\n")
    _report(owner, rounds, card, columns)


def _fill(workspace: object, deals: int) -> tuple[object, list[object]]:
    """Deals of twenty people: 5,000 open ones, the rest won; returns a card and the column it may go to."""
    from django.db import transaction

    from rapport.kernel.access.setup import add_user
    from rapport.kernel.changes.bulk import insert_rows
    from rapport.kernel.changes.values import blank_columns
    from rapport.kernel.context import system_context
    from rapport.kernel.ids import new_id
    from rapport.modules.sales.models import Deal, Stage

    ctx, drawn = system_context(workspace, "bench"), random.Random(7)  # type: ignore[arg-type]
    people = [add_user(ctx, f"Person {n}") for n in range(20)]
    stages = list(Stage.objects.order_by("position"))
    opened = [s for s in stages if s.outcome == "open"]
    won = next(s for s in stages if s.outcome == "won")
    names = tuple(f.attname for f in Deal._meta.concrete_fields)
    now, card = dt.datetime.now(dt.UTC), None
    for at in range(0, deals, _BATCH):
        rows = []
        for n in range(at, min(at + _BATCH, deals)):
            stage, amount = (opened[n % len(opened)] if n < 5_000 else won), drawn.choice([100, 500, 900, 2500, 9900])
            stored = blank_columns(Deal) | {
                "id": new_id(), "workspace_id": workspace.pk, "owner_id": drawn.choice(people).pk, "name": f"Deal {n:07}",  # type: ignore[attr-defined]
                "title_key": f"deal {n:07}", "stage_id": stage.pk, "pipeline_id": stage.pipeline_id, "amount": amount * 100,
                "amount_currency": "EUR", "amount_base": amount * 100, "created_at": now, "updated_at": now,
                "close_on": dt.date(2026, 1, 1) + dt.timedelta(days=drawn.randrange(1000)), "moved_at": now,
                # All of the first day lies at the end of the names: the worst that a second key can meet.
                "opened_on": dt.date(2026, 1, 2 if n < deals * 0.8 else 1),
            }  # fmt: skip
            card = card or stored["id"]
            rows.append([stored[one] for one in names])
        with transaction.atomic():
            insert_rows(Deal, names, rows)
    return card, [opened[1].pk, opened[0].pk]


def _report(owner: object, rounds: int, card: object, columns: list[object]) -> None:
    from django.test import Client

    from rapport.kernel.access.models import Account

    client = Client(SERVER_NAME="localhost")
    client.force_login(Account.objects.get(pk=owner.account_id))  # type: ignore[attr-defined]
    print(f"| page (median of {rounds}) | first page ms | next page ms | answer |\n| --- | ---: | ---: | ---: |")
    for name, address in PAGES.items():
        first, answer = _timed(client, address, rounds)
        more = re.search(r'hx-get="([^"]*(?:rows|board/column|board/lane|/group)\?[^"]+)"', answer.content.decode())
        later = f"{_timed(client, unescape(more[1]), rounds)[0]:.0f}" if more else "–"
        print(f"| {name} | {first:.0f} | {later} | {answer.status_code} |")
    took = []
    for n in range(rounds):
        start = time.perf_counter()
        client.post("/deal/board/move", {"record": card, "column": columns[n % 2]}, headers={"HX-Request": "true"})
        took.append((time.perf_counter() - start) * 1000)
    print(f"| move a card | {statistics.median(took):.0f} | – | 200 |")


def _timed(client: object, address: str, rounds: int) -> tuple[float, object]:
    headers = {"HX-Request": "true"} if re.search(r"/(rows|column|lane|group)\b", address) else {}
    took = []
    for _n in range(rounds):
        start = time.perf_counter()
        answer = client.get(address, headers=headers)  # type: ignore[attr-defined]
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took), answer


if __name__ == "__main__":
    sys.exit(main())
