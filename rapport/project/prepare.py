"""Make the data ready before the first page is served: migrations, the set-up link, the sample company."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from dataclasses import dataclass

from django.db import OperationalError

from rapport.project.data_folder import UnusableDataFolder, default_data_folder
from rapport.project.databases import BadDatabaseUrl
from rapport.project.sqlite import UnsafeSqlite, use_bundled_sqlite

SAMPLE = ("sample", "--customers", "1000", "--seed", "1", "--new-workspace")


class NotReady(Exception):
    """The data cannot be made ready; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Facts:
    """What the launcher tells people once the server answers."""

    setup_link: str
    database: str


def prepare(link_for: str, *, sample: bool) -> Facts:
    """Load Django, migrate when needed, fill in the sample when asked and nobody is here yet. Raises NotReady."""
    try:
        return _prepare(link_for, sample=sample)
    except (UnsafeSqlite, UnusableDataFolder, BadDatabaseUrl) as problem:
        raise NotReady(str(problem)) from problem
    except NotReady:
        raise
    except OperationalError as problem:
        raise NotReady(str(problem) if type(problem).__name__ == "UnfitRole" else _sentence(problem)) from problem
    except Exception as problem:
        raise NotReady(_sentence(problem)) from problem


def _prepare(link_for: str, *, sample: bool) -> Facts:
    use_bundled_sqlite()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.project.settings")
    import django

    django.setup()
    from django.db import connection, connections

    from rapport.engines.upgrade.closing import closed_because
    from rapport.engines.upgrade.going import is_stopped
    from rapport.project.health import has_open_migrations

    if is_stopped() or ((has_open_migrations() or closed_because()) and not _upgrade()):
        # The door stays closed: pages answer so (surfaces/web/closed.py), no job runs, and nothing is migrated by the way.
        print(f"Rapport is closed. {closed_because()}", file=sys.stderr, flush=True)
        facts = Facts(setup_link="", database=_database_name(connection))
        connections.close_all()
        return facts

    from rapport.kernel.access import walls
    from rapport.kernel.access.setup import new_setup_link, setup_needed

    walls.build()  # also when no migration was due: one query where all walls stand

    needed = setup_needed()
    if needed and sample:
        _make_sample()
        needed = False
    facts = Facts(
        setup_link=new_setup_link(link_for) if needed and link_for else "", database=_database_name(connection)
    )
    # Workers are forked from this process, and a database connection must not be carried across a fork.
    connections.close_all()
    return facts


def _upgrade() -> bool:
    """Bring the database up to this version as `rapport upgrade` does; False when that was stopped and the door is closed.

    Without a snapshot where there is nothing yet, and where no backups are made by themselves (PostgreSQL without a folder)."""
    from rapport.engines.backup.place import is_on
    from rapport.engines.backup.problems import BackupProblem
    from rapport.engines.upgrade.going import UpgradeStopped, go
    from rapport.engines.upgrade.plan import plan_of

    plan = plan_of()
    if plan.obstacles:
        raise NotReady(" ".join(plan.obstacles))
    try:
        for line in go(plan, backup=is_on(), accept=False):
            if not plan.is_new:
                print(f"Upgrade: {line}", flush=True)
    except BackupProblem as problem:
        raise NotReady(f"{problem} (To upgrade without a snapshot: rapport upgrade --no-backup)") from problem
    except UpgradeStopped as stopped:
        print(stopped, file=sys.stderr, flush=True)
        return False
    return True


def _make_sample() -> None:
    print("Making a sample company with 1,000 customers…", flush=True)
    result = subprocess.run([sys.executable, "-m", "rapport", *SAMPLE], stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        raise NotReady("The sample company could not be made.")


def _database_name(connection: object) -> str:
    if connection.vendor == "sqlite":  # type: ignore[attr-defined]
        import sqlite3

        return f"SQLite {sqlite3.sqlite_version}"
    version = connection.pg_version  # type: ignore[attr-defined]
    return f"PostgreSQL {version // 10000}.{version % 10000}"


def _sentence(problem: Exception) -> str:
    """One sentence for people; the whole story goes to a file in the data folder."""
    if isinstance(problem, OperationalError) and os.environ.get("DATABASE_URL"):
        # The driver's first line names host, port and reason; never the password.
        reason = str(problem).strip().splitlines()[0].rstrip(".")
        return f"The PostgreSQL server named in DATABASE_URL cannot be used: {reason}."
    log = default_data_folder() / "start-error.log"
    try:
        log.write_text(traceback.format_exc(), encoding="utf-8")
        where = f"the details are in {log}"
    except OSError:
        where = "the details could not be written"
    return f"The database could not be made ready ({type(problem).__name__}); {where}."
