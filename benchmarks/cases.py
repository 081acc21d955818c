"""What is measured: each case asks a real surface, every turn for something else."""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from django.test import Client

from rapport.engines.sample.workspace import make_sample_workspace, newest_sample_workspace
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, User, Workspace
from rapport.kernel.access.tokens import create_token
from rapport.kernel.context import system_context
from rapport.kernel.records.registry import registry

#: Parts of names as people type them: common, rare, in the middle of a word, unknown.
PARTS = ("falcon", "flying club", "air ambulance cork", "murphy", "zürich", "estrel", "schmidt", "nobody at all")
BUSY_ENTRIES = 10_000


@dataclass(frozen=True)
class Case:
    """One thing that people do."""

    name: str
    run: Callable[[World, int], object]
    writes: bool = False


@dataclass
class World:
    """The sample workspace with a browser and a program signed in as the owner, a browser as a seller."""

    workspace: Workspace
    owner: Client
    seller: Client
    api: Client
    customers: list[str]
    deals: list[str]
    busy: str

    @classmethod
    def of_size(cls, customers: int, entries: int = BUSY_ENTRIES) -> tuple[World, dict[str, float]]:
        """A sample of so many customers, and how fast it was made."""
        started = time.perf_counter()
        workspace, records = newest_sample_workspace(), 0
        if workspace is None:
            workspace, _people = make_sample_workspace(customers, 1)
            records = workspace_records(workspace)
        seconds = time.perf_counter() - started
        with use_workspace(workspace):
            staff = User.objects.select_related("role").exclude(account=None).order_by("-pk")
            users = {user.role.key: user for user in staff}
            chance = random.Random(1)
            pick = list(registry.get("customer").model.objects.values_list("pk", flat=True)[:20_000])
            deals = list(registry.get("deal").model.objects.filter(stage__outcome="open").values_list("pk", flat=True)[:2_000])
            token = create_token(users["owner"], "bench")
            busy = _busy(workspace, entries)
        made = cls(
            workspace, _browser(users["owner"]), _browser(users["sales"]), _program(token),
            [str(pk) for pk in chance.sample(pick, min(200, len(pick)))],
            [str(pk) for pk in chance.sample(deals, min(200, len(deals)))], busy,
        )  # fmt: skip
        return made, {"seconds": seconds, "records": records, "customers": customers}


def _browser(user: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(Account.objects.get(pk=user.account_id))
    return client


def _program(token: str) -> Client:
    return Client(headers={"authorization": f"Bearer {token}", "accept": "application/json", "host": "localhost"})


def workspace_records(workspace: Workspace) -> int:
    """Everything that was created, by the change log."""
    workspace.refresh_from_db()
    return workspace.change_number


def _busy(workspace: Workspace, entries: int) -> str:
    """The customer with so many activities, made once."""
    model = registry.get("customer").model
    there = model.objects.filter(external_id="bench-busy").first()
    if there is None:
        ctx = system_context(workspace, "bench")
        there = ctx.create("customer", name="Busy Bees Aviation", external_id="bench-busy")
        start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        for at in range(0, entries, 2_000):
            ctx.create_many("activity", [
                {"kind": "note", "subject": f"Entry {n}", "body": "As agreed on the phone.", "customer": there.pk,
                 "happened_at": start + dt.timedelta(hours=5 * n)}
                for n in range(at, min(at + 2_000, entries))
            ])  # fmt: skip
    return str(there.pk)


def _page(path: str, who: str = "owner") -> Callable[[World, int], object]:
    def run(world: World, turn: int) -> object:
        text = path.format(
            customer=world.customers[turn % len(world.customers)], deal=world.deals[turn % len(world.deals)],
            part=quote(PARTS[turn % len(PARTS)]), busy=world.busy,
        )  # fmt: skip
        answer = getattr(world, who).get(text)
        if answer.status_code != 200:
            raise RuntimeError(f"{text} answered {answer.status_code}: {answer.content[:300]!r}")
        return answer

    return run


def _jot(world: World, turn: int) -> object:
    """Reading "write it down" while somebody types."""
    line = f"Ann Lee, ann@example{turn}.com, {PARTS[turn % len(PARTS)].title()}, met at Farnborough, call Tuesday"
    return _sent(world.owner.post("/quick-add/read", {"text": line}))


def _edit(world: World, turn: int) -> object:
    path = f"/api/v1/customer/{world.customers[turn % len(world.customers)]}"
    return _sent(world.api.patch(path, json.dumps({"note": f"Turn {turn} {time.time()}"}), "application/json"))


def _log_call(world: World, turn: int) -> object:
    values = {"kind": "call", "subject": "Short call", "customer": world.customers[turn % len(world.customers)]}
    return _sent(world.api.post("/api/v1/activity", json.dumps(values), "application/json"))


def _new_customer(world: World, turn: int) -> object:
    values = {"name": f"New Wings {turn}", "emails": [f"hello{turn}@newwings.example"], "phones": ["+353 1 555 0142"]}
    return _sent(world.api.post("/api/v1/customer", json.dumps(values), "application/json"))


def _move_deal(world: World, turn: int) -> object:
    with use_workspace(world.workspace):
        stages = list(registry.get("stage").model.objects.filter(outcome="open").values_list("pk", flat=True))
    path = f"/api/v1/deal/{world.deals[turn % len(world.deals)]}/move"
    return _sent(world.api.post(path, json.dumps({"stage": str(stages[turn % len(stages)])}), "application/json"))


def _sent(answer: object) -> object:
    if answer.status_code not in (200, 201):  # type: ignore[attr-defined]
        raise RuntimeError(f"The API answered {answer.status_code}: {answer.content[:300]!r}")  # type: ignore[attr-defined]
    return answer


def cases(world: World) -> list[Case]:
    """Every case, pages first."""
    name = "/customer/?filter=name%20contains%20%22{part}%22"
    return [
        Case("home", _page("/")),
        Case("home, a seller's", _page("/", "seller")),
        Case("calendar, a week", _page("/calendar")),
        Case("calendar, a month", _page("/calendar?view=month")),
        Case("bell", _page("/bell")),
        Case("palette", _page("/search?q={part}&palette=1")),
        Case("a typed line read", _jot),
        Case("list", _page("/customer/")),
        Case("list, newest contact first", _page("/customer/?sort=-last_contact_at")),
        Case("list, by next step", _page("/customer/?sort=next_step_on")),
        Case("list filtered by name part", _page(name)),
        Case("list filtered by tag and stage", _page("/customer/?filter=tags%20has%20training%20and%20stage%20is%20prospect")),
        Case("list filtered by city", _page("/customer/?filter=addresses%20contains%20Cork")),
        Case("list by stage and name", _page("/customer/?sort=stage,name")),
        Case("list grouped by stage", _page("/customer/?group=stage")),
        Case("list without an open task", _page("/customer/?filter=not%20has%20tasks")),
        Case("count of the list", _page("/customer/totals")),
        Case("deals, a seller's", _page("/deal/", "seller")),
        Case("deals with sums", _page("/deal/totals")),
        Case("open tasks, a seller's", _page("/task/", "seller")),
        Case("record page", _page("/customer/{customer}")),
        Case("record page, 10,000 entries", _page("/customer/{busy}")),
        Case("deal page", _page("/deal/{deal}")),
        Case("board", _page("/deal/board")),
        Case("board in lanes", _page("/deal/board?lanes=owner")),
        Case("board, a seller's", _page("/deal/board", "seller")),
        Case("search", _page("/search?q={part}")),
        Case("API list", _page("/api/v1/customer?limit=50&sort=name", "api")),
        Case("API record", _page("/api/v1/customer/{customer}", "api")),
        Case("API search", _page("/api/v1/search?q={part}", "api")),
        Case("write: edit a customer", _edit, writes=True),
        Case("write: new customer", _new_customer, writes=True),
        Case("write: log a call", _log_call, writes=True),
        Case("write: move a deal", _move_deal, writes=True),
    ]
