"""`python -m benchmarks.access`: what a wall costs. A list page and a search of one team member beside the owner's, in a company
of 500 teams, 2,000 people, 1,000,000 customers and 2,000,000 grants (smaller with --customers), on both databases.

The company is written with plain inserts: it is the reading that is measured.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEAMS, PEOPLE = 500, 2_000
_BATCH = 20_000


def main() -> int:
    """Measure each database in a process of its own; returns the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.access", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        _measure(args.customers, args.rounds)
        return 0
    from benchmarks.__main__ import in_each_database

    return in_each_database(args.databases, "benchmarks.access", "--customers", str(args.customers), "--rounds", str(args.rounds))


def _measure(customers: int, rounds: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.access.models import User, Workspace
    from rapport.kernel.access.setup import create_workspace

    call_command("migrate", verbosity=0)
    start = time.perf_counter()
    workspace = Workspace.objects.first()  # a folder that was kept from the run before
    is_new = workspace is None
    if is_new:
        workspace, _owner = create_workspace(
            "Wide", owner_name="Olga", email="olga@example.com", password="correct horse battery"
        )
    with use_workspace(workspace):
        if is_new:
            _fill(workspace, customers)
        people = [User.objects.get(name=name) for name in ("Mia Member", "Max Manager")]
        owner = User.objects.get(name="Olga")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        print(
            f"\n### {connection.vendor}: {customers:,} customers, {2 * customers:,} grants, {TEAMS} teams, {PEOPLE} people"
            f" (made in {time.perf_counter() - start:.0f} s)\n"
        )
        _report(owner, people, rounds)


def _fill(workspace: object, customers: int) -> None:
    """Teams in a tree, people in them (one manager each), customers of people, two grants for each customer on average."""
    from django.db import transaction

    from rapport.kernel.access.chart import access_changed
    from rapport.kernel.access.models import Role, Team, User
    from rapport.kernel.access.setup import add_user
    from rapport.kernel.changes.bulk import insert_rows
    from rapport.kernel.context import system_context
    from rapport.modules.customers.models import Customer

    drawn = random.Random(7)
    ctx = system_context(workspace, "bench")  # type: ignore[arg-type]
    role = Role.objects.get(key="sales")
    rights = {**role.rights, "customer": {**role.rights["customer"], "view": "team"}}
    Role.objects.filter(pk=role.pk).update(rights=rights)
    now = dt.datetime.now(dt.UTC)
    blank = {"workspace_id": workspace.pk, "created_at": now, "updated_at": now}  # type: ignore[attr-defined]
    teams = [Team(**blank, name=f"Team {n}", title_key=f"team {n}") for n in range(TEAMS)]
    for n, team in enumerate(teams[20:], 20):
        team.parent_id = teams[n % 20].pk
    Team.objects.bulk_create(teams)
    people = [User(**blank, name=f"Person {n}", title_key=f"person {n}", team=teams[n % TEAMS], role=role) for n in range(PEOPLE)]
    for n, person in enumerate(people[200:], 200):
        person.reports_to_id = people[n % 200].pk
    User.objects.bulk_create(people)
    member = add_user(
        ctx, "Mia Member", email="mia@example.com", role_key="sales", password="correct horse battery", team=teams[100].pk
    )
    manager = add_user(
        ctx, "Max Manager", email="max@example.com", role_key="sales", password="correct horse battery", team=teams[101].pk
    )
    User.objects.filter(pk__in=[p.pk for p in people[200:209]]).update(reports_to=manager)
    access_changed(workspace)  # type: ignore[arg-type]
    people.append(member)
    names = tuple(f.attname for f in Customer._meta.concrete_fields)
    ids = []
    for rows in _customers(customers, drawn, people, names, workspace):
        with transaction.atomic():
            insert_rows(Customer, names, rows)
        ids += [row[0] for row in rows]
    _grant(workspace, ids, drawn, people, teams)


def _customers(
    count: int, drawn: random.Random, people: list[object], names: tuple[str, ...], workspace: object
) -> Iterator[list]:
    from rapport.kernel.changes.values import blank_columns
    from rapport.kernel.ids import new_id
    from rapport.modules.customers.models import Customer

    words = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbour", "indigo", "juniper", "kelp", "lumen"]
    now = dt.datetime.now(dt.UTC)
    for at in range(0, count, _BATCH):
        rows = []
        for n in range(at, min(at + _BATCH, count)):
            person = drawn.choice(people)
            name = f"{drawn.choice(words)} {drawn.choice(words)} {drawn.randrange(10**6)}"
            stored = blank_columns(Customer) | {
                "id": new_id(), "workspace_id": workspace.pk, "owner_id": person.pk, "team_id": person.team_id,  # type: ignore[attr-defined]
                "name": name.title(), "title_key": name, "kind": "company", "created_at": now,
                "updated_at": now - dt.timedelta(seconds=n),
            }  # fmt: skip
            rows.append([stored[one] for one in names])
        yield rows


def _grant(workspace: object, ids: list, drawn: random.Random, people: list, teams: list) -> None:
    """Half of the grants to teams (a rule), half to persons (shares)."""
    from django.db import transaction

    from rapport.kernel.access.models import Role
    from rapport.kernel.access.rules import _COLUMNS
    from rapport.kernel.access.sharing_models import Grant, SharingRule
    from rapport.kernel.changes.bulk import insert_rows

    now = dt.datetime.now(dt.UTC)
    rule = SharingRule.objects.create(
        workspace_id=workspace.pk, created_at=now, updated_at=now, name="Bench", on_type="customer",  # type: ignore[attr-defined]
        to_role=Role.objects.get(key="owner"), settled_at=now,
    )  # fmt: skip
    for at in range(0, len(ids), _BATCH):
        rows = []
        for pk in ids[at : at + _BATCH]:
            team, person = drawn.choice(teams), drawn.choice(people)
            rows.append((workspace.pk, "customer", pk, f"t:{team.pk.hex}", 1, "rule", rule.pk, "", None, None, now))  # type: ignore[attr-defined]
            rows.append((workspace.pk, "customer", pk, f"u:{person.pk.hex}", 2, "share", None, "", None, None, now))  # type: ignore[attr-defined]
        with transaction.atomic():
            insert_rows(Grant, _COLUMNS, rows)


def _report(owner: object, people: list, rounds: int) -> None:
    from django.test import Client

    from rapport.kernel.access.models import Account

    addresses = {
        "list by name": "/customer/?sort=name", "list, last changed first": "/customer/?sort=-updated_at",
        "list of new ones": "/customer/", "rows after a filter": "/customer/rows?filter=name+contains+cedar&sort=name",
        "totals": "/customer/totals", "search": "/search?q=juniper", "api list": "/api/v1/customer?sort=name",
    }  # fmt: skip
    print(f"| page (median of {rounds}, ms) | owner | team member | times | manager of nine | times |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    clients = []
    for who in (owner, *people):
        client, program = Client(SERVER_NAME="localhost"), _program(who)
        client.force_login(Account.objects.get(pk=who.account_id))
        clients.append((client, program))
    for name, address in addresses.items():
        taken = []
        for client, program in clients:
            asker = program if address.startswith("/api") else client
            taken.append(_median(lambda asker=asker, address=address: asker.get(address), rounds))
        base = taken[0]
        print(
            f"| {name} | {base:.1f} | {taken[1]:.1f} | {taken[1] / base:.2f} | {taken[2]:.1f} | {taken[2] / base:.2f} |",
            flush=True,
        )


def _program(who: object) -> object:
    from django.test import Client

    from rapport.kernel.access.tokens import create_token

    return Client(
        SERVER_NAME="localhost", headers={"authorization": f"Bearer {create_token(who, 'bench')}", "accept": "application/json"}
    )  # type: ignore[arg-type]


def _median(turn: Callable[[], object], rounds: int) -> float:
    taken = []
    for _n in range(rounds + 3):
        start = time.perf_counter()
        answer = turn()
        taken.append((time.perf_counter() - start) * 1000)
        assert answer.status_code == 200, answer.content[:300]  # type: ignore[attr-defined]
    return sorted(taken[3:])[rounds // 2]


if __name__ == "__main__":
    sys.exit(main())
