"""`rapport doctor`: what is well with this installation, what is not, and how to mend it."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.checks import Error, run_checks
from django.db import DatabaseError, connection
from django.utils import timezone

from rapport.engines.backup import place, record
from rapport.engines.mail.models import Mailbox, MailboxState
from rapport.engines.mail.turns import is_red
from rapport.engines.upgrade.plan import open_migrations
from rapport.kernel.access import walls
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.jobs.holding import held_because
from rapport.kernel.jobs.models import Job
from rapport.project.sqlite import LEAST_VERSION

Finding = tuple[str, str, str]  # ok | warn | bad, what, how to mend it
_LEAST_FREE = 1024**3
_OLDEST_JOB = dt.timedelta(minutes=15)
_CLOCK_DRIFT = dt.timedelta(minutes=2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


def run(args: argparse.Namespace) -> int:
    """Print every finding; exit code 1 when one is bad."""
    worst = 0
    own = (data_folder, database, second_wall, clock, tables, declarations, jobs, front_end, address, mail, mailboxes, backups)
    for look in own:
        for state, what, mend in _looked(look):
            print(f"{state:<5}{what}" + (f"\n     -> {mend}" if mend else ""))
            worst = max(worst, int(state == "bad"))
    return worst


def _looked(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except (DatabaseError, OSError) as wrong:
        what = f"{look.__name__.replace('_', ' ')}: {str(wrong).strip().splitlines()[0]}"
        yield "bad", what, "Mend this first, then run doctor again."


def data_folder() -> Iterator[Finding]:
    """Is there room, and can nobody else read it?"""
    folder = Path(settings.DATA)
    free = shutil.disk_usage(folder).free
    mend = "" if free >= _LEAST_FREE else "Make room: a full disk refuses every write."
    yield ("bad" if mend else "ok"), f"data folder {folder}, {free / 1024**3:.1f} GB free", mend
    if not os.access(folder, os.W_OK):
        yield "bad", "the data folder cannot be written", "Give it to the user that runs Rapport."
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield "bad", "others can look into the data folder", f"chmod 700 {folder}"
    key = folder / "secret_key"
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield "bad", "others can read the secret key", f"chmod 600 {key.name} in the data folder"
    elif key.exists():
        yield "ok", "the secret key is readable by its owner only", ""


def database() -> Iterator[Finding]:
    """The right build, and the settings that keep acknowledged writes."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            yield from _sqlite(cursor)
        else:
            yield from _postgresql(cursor)


def _sqlite(cursor: object) -> Iterator[Finding]:
    def ask(text: str) -> str:
        cursor.execute(text)  # type: ignore[attr-defined]
        return str(cursor.fetchone()[0])  # type: ignore[attr-defined]

    version = ask("SELECT sqlite_version()")
    good = tuple(int(p) for p in version.split(".")) >= LEAST_VERSION
    yield ("ok" if good else "bad"), f"SQLite {version}", "" if good else "Install the pinned packages again (pysqlite3)."
    for pragma, wanted in (("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")):
        found = ask(f"PRAGMA {pragma}")
        yield ("ok" if found == wanted else "bad"), f"{pragma} = {found}", "" if found == wanted else f"It must be {wanted}."
    found = ask("PRAGMA quick_check")
    yield ("ok" if found == "ok" else "bad"), f"quick check of the file: {found}", "" if found == "ok" else "Restore a backup."


def _postgresql(cursor: object) -> Iterator[Finding]:
    cursor.execute("SHOW server_version_num")  # type: ignore[attr-defined]
    number = int(cursor.fetchone()[0])  # type: ignore[attr-defined]
    good = number >= 150000
    yield ("ok" if good else "bad"), f"PostgreSQL {number // 10000}.{number % 10000}", "" if good else "Use 15 or newer."
    cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")  # type: ignore[attr-defined]
    there = cursor.fetchone()[0]  # type: ignore[attr-defined]
    yield ("ok" if there else "bad"), "extension pg_trgm", "" if there else "As a superuser: CREATE EXTENSION pg_trgm"
    cursor.execute("SHOW fsync")  # type: ignore[attr-defined]
    safe = cursor.fetchone()[0] == "on"  # type: ignore[attr-defined]
    yield ("ok" if safe else "warn"), f"fsync {'on' if safe else 'off'}", "" if safe else "Turn it on, or a power cut loses data."


def second_wall() -> Iterator[Finding]:
    """On PostgreSQL: does row-level security hold for our role, and has every table with a workspace its policy?"""
    if connection.vendor != "postgresql":
        yield "ok", "workspaces are kept apart by Rapport's own code (PostgreSQL adds a second wall)", ""
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user")
        role, steps_over = cursor.fetchone()
    mend = "docs/admin.md shows the two statements that make a fit role." if steps_over else ""
    what = f"the role {role} steps over row-level security" if steps_over else f"row-level security holds for the role {role}"
    yield ("warn" if steps_over else "ok"), what, mend
    missing = walls.without_wall()
    what = f"no second wall: {', '.join(missing)}" if missing else f"{len(walls.walls())} tables stand behind the second wall"
    yield ("bad" if missing else "ok"), what, "Start Rapport or run: rapport migrate" if missing else ""


def clock() -> Iterator[Finding]:
    """Is it later than the last change, and does the database agree about the time?"""
    now = dt.datetime.now(dt.UTC)
    with unscoped("doctor looks at the whole installation: the time of the last change"):
        newest = Change.objects.order_by("-pk").values_list("at", flat=True).first() if _has_changes() else None
    if newest is not None and newest - now > _CLOCK_DRIFT:
        what = f"the clock says {now:%Y-%m-%d %H:%M} UTC, before the last change"
        yield "bad", what, "Set the clock (ntp) before anybody works."
    elif connection.vendor == "postgresql" and abs(_database_time() - now) > _CLOCK_DRIFT:
        yield "warn", "the clock differs from the database server's", "Let both machines set their clocks by the network."
    else:
        yield "ok", f"clock {now:%Y-%m-%d %H:%M} UTC", ""


def _has_changes() -> bool:
    return Change._meta.db_table in connection.introspection.table_names()


def _database_time() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def tables() -> Iterator[Finding]:
    """Are all migrations applied?"""
    plan = open_migrations()
    yield ("bad" if plan else "ok"), f"{len(plan)} migrations waiting", "rapport migrate" if plan else ""


def declarations() -> Iterator[Finding]:
    """Do the boot checks pass?"""
    wrong = [m for m in run_checks() if isinstance(m, Error)]
    yield ("bad" if wrong else "ok"), f"{len(wrong)} wrong declarations", "; ".join(f"{m.id} {m.msg}" for m in wrong[:3])


def jobs() -> Iterator[Finding]:
    """Is a runner at work?"""
    now = dt.datetime.now(dt.UTC)
    with unscoped("doctor looks at the whole installation: jobs that wait or failed"):
        due = Job.objects.filter(status="ready", run_after__lte=now).order_by("run_after").first()
        failed = Job.objects.filter(status="failed").count()
    late = due is not None and now - due.run_after > _OLDEST_JOB
    mend = "Is a runner alive? `rapport serve` starts one, `rapport work` another." if late else ""
    what = f"oldest job that is due: {due.run_after:%Y-%m-%d %H:%M} UTC" if due else "no job waits"
    yield ("bad" if late else "ok"), what, mend
    yield ("warn" if failed else "ok"), f"{failed} failed jobs", "Their errors stand in the jobs table." if failed else ""


def front_end() -> Iterator[Finding]:
    """Is the front end built?"""
    from rapport.project.installed import PACKAGE

    built = (PACKAGE / "surfaces" / "web" / "static" / "build").is_dir()
    what, mend = ("front end built", "") if built else ("front end missing", "Start with ./run, which builds it.")
    yield ("ok" if built else "bad"), what, mend


def address() -> Iterator[Finding]:
    """Can others reach it without TLS?"""
    base = settings.BASE_URL
    if base and not base.startswith("https://"):
        yield "warn", f"{base} is not https", "Put a proxy with TLS in front and set RAPPORT_BASE_URL=https://…"
    else:
        yield "ok", f"address {base or 'this machine only'}", ""
    if settings.DEBUG:
        yield "bad", "RAPPORT_DEBUG is on", "Unset it wherever others can reach this machine."


def mailboxes() -> Iterator[Finding]:
    """Is every mailbox read?"""
    now, red, every = timezone.now(), 0, 0
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            active = Mailbox.objects.filter(deleted_at=None, is_active=True).values_list("pk", flat=True)
            states = {one.mailbox_id: one for one in MailboxState.objects.filter(workspace_id=workspace.pk)}
            for pk in active:
                every += 1
                red += pk not in states or is_red(states[pk], now)
    if red:
        yield "bad", f"{red} of {every} mailboxes have not been read for 15 minutes", "Settings, Mailboxes says why."
    elif every:
        yield "ok", f"mailboxes that are read: {every}", ""


def backups() -> Iterator[Finding]:
    """Are backups made, when was one last proven by restoring it, and does a restore hold back what leaves the house?"""
    if place.is_on():
        where = f"a backup each hour into {place.folder()}"
        same = "It lies on the disk of the data: set RAPPORT_BACKUPS to a folder on another one." if place.is_same_disk() else ""
        yield ("warn" if same else "ok"), where, same
    else:
        yield "ok", "no backups are made by themselves (RAPPORT_BACKUPS names a folder)", ""
    if problem := record.last_problem():
        yield "bad", f"the last backup failed {problem[0]:%Y-%m-%d %H:%M} UTC", problem[2]
    found, age = record.last_verified(), record.proof_age()
    if found is None or age is None:
        yield "warn", "no backup was ever proven", "rapport backup create --to FOLDER --keep --verify"
    else:
        late = age > record.OLDEST_PROOF
        mend = "rapport backup create --to FOLDER --keep --verify" if late else ""
        hours = int(age.total_seconds() // 3600)
        proof = f"backup of {found[1]:%Y-%m-%d %H:%M} proven {found[0]:%Y-%m-%d %H:%M} UTC, {hours} h ago"
        yield ("warn" if late else "ok"), proof, mend
    if reason := held_because():
        yield "warn", f"mails, webhooks, follow-ups, API tokens are held back ({reason})", "rapport restore --release frees them"


def mail() -> Iterator[Finding]:
    """Can invitations and reminders leave?"""
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and settings.EMAIL_HOST == "localhost":
        yield "warn", "no mail server is set; mail goes to port 25 of this machine", "docs/admin.md names the variables."
    else:
        yield "ok", "mail is set up", ""
