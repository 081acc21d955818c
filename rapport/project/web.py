"""The web server process, started by the launcher: `python -m rapport.project.web --host H --port P`.

It makes the data ready and loads the code once, then forks the workers: the second start answers in half the time that
it took with a process for each step (2.2 s against 1.1 s), and the workers share the memory of the code.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import logging
import os
import signal
import sys
from pathlib import Path

from rapport.project.orphans import SUPERVISOR, die_with_supervisor
from rapport.project.prepare import Facts, NotReady, prepare
from rapport.project.supervisor import NOT_READY

GRACE_SECONDS = 10


def main() -> int:
    """Serve pages until told to stop; a worker that dies is replaced."""
    parser = argparse.ArgumentParser(prog="rapport.project.web")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--facts", type=Path, help="where to write what the launcher tells people")
    options = parser.parse_args()
    # Ctrl-C belongs to the launcher, which then asks for a clean stop with SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_supervisor()
    try:
        facts = prepare(options.base_url if options.facts else "", sample=options.sample)
    except NotReady as problem:
        print(problem, file=sys.stderr, flush=True)
        return NOT_READY
    if options.facts:
        _hand_over(facts, options.facts)
    _serve(options.host, options.port, options.workers)
    return 0


def _hand_over(facts: Facts, path: Path) -> None:
    """The set-up link is a secret: only the owner of the data folder may read it."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(dataclasses.asdict(facts), file)


def settle_collector() -> None:
    """Python's collector of cycles, for a server: what stands now stays, and is not looked through again (the collector would
    touch, and so copy, every page that workers share). A page makes some 20,000 objects, nearly all of which go by themselves:
    looking each 700 of them cost a board 6 of 48 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _serve(host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    import rapport.project.serving  # loaded here, once, for all workers

    settle_collector()
    os.environ[SUPERVISOR] = str(os.getpid())
    os.register_at_fork(after_in_child=_begin_worker)
    server = Granian(
        "rapport.project.serving:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        # Measured: two workers with one page at a time each beat four threads, and no two pages share an interpreter lock.
        # The others only keep held connections (serving.py), and go when there are none.
        blocking_threads=rapport.project.serving.THREADS,
        blocking_threads_idle_timeout=60,
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=GRACE_SECONDS,
        log_level=LogLevels.warning,
    )
    # Many threads are meant: they sleep (serving.py).
    logging.getLogger("_granian").addFilter(lambda said: "Python threads" not in said.getMessage())
    server.serve()


def _begin_worker() -> None:
    """In every forked worker (a spawned one loads wsgi.py, which binds it to this process as well)."""
    from rapport.project.serving import end_held_on_stop

    # Until granian sets its own, the worker has the handler of the parent, which does nothing here: SIGTERM was lost in
    # a worker that was just starting, and a stop took the whole grace time.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with_supervisor()
    end_held_on_stop()


if __name__ == "__main__":
    sys.exit(main())
