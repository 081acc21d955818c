"""`python -m benchmarks.api`: requests a second through the API with 8 and 64 clients, and whether anything was lost.

A real server with its two workers on this machine, clients in one process beside it (so they share the cores), a company of
10,000 customers (more with --customers). Every record whose making was answered with 201 is looked for afterwards, once.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
_BATCH = 5_000


@dataclass
class Load:
    """What the clients of one run did."""

    milliseconds: list[float] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def line(self, what: str, clients: int) -> str:
        """A row of the table."""
        count = len(self.milliseconds)
        some = sorted(self.milliseconds) or [0.0]
        p95 = some[min(len(some) - 1, int(len(some) * 0.95))]
        rate, median = count / self.seconds, statistics.median(some)
        return f"| {what} | {clients} | {rate:,.0f} | {median:.1f} | {p95:.1f} | {len(self.wrong)} |"


def main() -> int:
    """Measure each database in a process of its own; returns the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.api", description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--clients", default="8,64")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        return _measure(args.customers, [int(one) for one in args.clients.split(",")], args.seconds)
    from benchmarks.__main__ import in_each_database

    words = ["--customers", str(args.customers), "--clients", args.clients, "--seconds", str(args.seconds)]
    return in_each_database(args.databases, "benchmarks.api", *words)


def _measure(customers: int, clients: list[int], seconds: float) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from rapport.kernel.access.current import use_workspace
    from rapport.kernel.access.setup import create_workspace
    from rapport.kernel.access.tokens import create_token
    from rapport.kernel.context import context_for
    from rapport.kernel.records.registry import registry

    call_command("migrate", verbosity=0)
    workspace, owner = create_workspace("Load", owner_name="Olga", email="olga@example.com", password="correct horse battery")
    with use_workspace(workspace):
        ctx = context_for(owner, "bench")
        names = [f"{first} {second} {n}" for n, (first, second) in enumerate(_names(customers))]
        for at in range(0, customers, _BATCH):
            ctx.create_many("customer", [{"name": name, "kind": "company"} for name in names[at : at + _BATCH]])
        token = create_token(owner, "load")
        model = registry.get("customer").model
        ids = [str(pk) for pk in model.objects.values_list("pk", flat=True)[:2_000]]
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        connection.close()
        print(f"\n### {connection.vendor}: {customers:,} customers, a server with {os.cpu_count()} workers\n", flush=True)
        print(
            "| what | clients | requests/s | median ms | p95 ms | errors |\n| --- | ---: | ---: | ---: | ---: | ---: |",
            flush=True,
        )
        made = _load(token, _requests(ids, names), clients, seconds)
        there = {str(pk) for pk in model.objects.values_list("pk", flat=True)}
        lost, double = set(made) - there, len(made) - len(set(made))
        workspace.refresh_from_db()
        from rapport.kernel.changes.models import Change

        gaps = workspace.change_number - Change.objects.filter(workspace_id=workspace.pk).count()
    sentence = f"{len(made):,} answered as made; {len(lost)} of them lost, {double} told twice, {gaps} gaps in the change log."
    print("\n" + sentence, flush=True)
    return 1 if lost or double or gaps else 0


def _load(
    token: str, requests: dict[str, Callable[[random.Random], tuple[str, str, str]]], clients: list[int], seconds: float
) -> list[str]:
    """Every sort of request with every number of clients; the ids that were answered as made."""
    made: list[str] = []
    with _served() as port:
        for count in clients:
            for what, ask in requests.items():
                load = run(port, token, ask, clients=count, seconds=seconds)
                print(load.line(what, count), flush=True)
                made += load.made
                for one in load.wrong[:3]:
                    print(f"  {one}", file=sys.stderr)
    return made


def _names(count: int) -> Iterator[tuple[str, str]]:
    draw = random.Random(7)
    firsts = ["Hotel", "Bakery", "Harbour", "Alpine", "Green", "North", "Silver", "Linden", "Copper", "River"]
    seconds = ["Aldersley", "Fernhill", "Moss", "Works", "Trading", "Foods", "Travel", "Clinic", "Supply", "Yard"]
    for _n in range(count):
        yield draw.choice(firsts), draw.choice(seconds)


def _requests(ids: list[str], names: list[str]) -> dict[str, Callable[[random.Random], tuple[str, str, str]]]:
    """What is asked: method, path and body from a source of chance."""
    return {
        "create": lambda draw: ("POST", "/api/v1/customer", json.dumps({"name": f"New {draw.random()}", "kind": "company"})),
        "open": lambda draw: ("GET", f"/api/v1/customer/{draw.choice(ids)}", ""),
        "list of 50": lambda draw: ("GET", "/api/v1/customer?sort=name&limit=50", ""),
        "search": lambda draw: ("GET", f"/api/v1/search?q={quote(draw.choice(names))}", ""),
    }


def run(
    port: int, token: str, ask: Callable[[random.Random], tuple[str, str, str]], *, clients: int, seconds: float
) -> Load:  # fmt: skip
    """Let so many clients ask for so long, each over a connection of its own."""
    load, start = Load(), threading.Barrier(clients + 1)
    lock, ends = threading.Lock(), [0.0]

    def client(seed: int) -> None:
        draw = random.Random(seed)
        start.wait()
        mine = _asking(port, token, lambda: ask(draw), ends[0])
        with lock:
            load.milliseconds += mine.milliseconds
            load.made += mine.made
            load.wrong += mine.wrong

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for one in threads:
        one.start()
    ends[0] = time.perf_counter() + seconds
    began = time.perf_counter()
    start.wait()
    for one in threads:
        one.join()
    load.seconds = time.perf_counter() - began
    return load


def _asking(port: int, token: str, ask: Callable[[], tuple[str, str, str]], ends: float) -> Load:
    """One client, until the time is over."""
    mine = Load()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    carried = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    while time.perf_counter() < ends:
        method, path, body = ask()
        began = time.perf_counter()
        try:
            connection.request(method, path, body=body or None, headers=carried)
            came = connection.getresponse()
            read = came.read()
        except (OSError, http.client.HTTPException) as problem:
            mine.wrong.append(repr(problem))
            connection.close()
            continue
        mine.milliseconds.append((time.perf_counter() - began) * 1000)
        if came.status == 201:
            mine.made.append(json.loads(read)["id"])
        elif came.status != 200:
            mine.wrong.append(f"{came.status} {read[:200]!r}")
    connection.close()
    return mine


@contextmanager
def _served() -> Iterator[int]:
    """The server of Rapport on a free port, for the installation in force."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "RAPPORT_SUPERVISOR": str(os.getpid())}
    words = [
        sys.executable,
        "-m",
        "rapport.project.web",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--base-url",
        f"http://127.0.0.1:{port}",
    ]
    server = subprocess.Popen(words, cwd=ROOT, env=environment)
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _try in range(300):
        if server.poll() is not None:
            raise SystemExit("The server did not start.")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("The server did not answer.")


if __name__ == "__main__":
    sys.exit(main())
