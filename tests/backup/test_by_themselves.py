"""Backups come by themselves: made, proven and thinned out by the job runner, one at a time, never half, never at the
price of the disk."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
from pathlib import Path

import pytest

from rapport.engines.backup.keeping import new_name, thin_out
from tests.backup.conftest import Both

pytestmark = pytest.mark.slow  # real processes, on both databases

#: The runner's turn as soon as the hour is over, in a process of its own.
_HOUR_LATER = """
    import django, os
    from rapport.project.sqlite import use_bundled_sqlite
    use_bundled_sqlite()
    os.environ["DJANGO_SETTINGS_MODULE"] = "rapport.project.settings"
    django.setup()
    import datetime as dt
    from django.utils import timezone
    from rapport.kernel.access.current import no_workspace
    from rapport.kernel.jobs.queue import Progress, Queue
    from rapport.kernel.jobs.runner import load_tasks, perform
    from rapport.kernel.jobs.schedules import run_due_schedules, sync_schedules
    load_tasks()
    later = lambda: timezone.now() + dt.timedelta(hours=1, minutes=1)
    with no_workspace():
        sync_schedules()
        run_due_schedules(later)
        queue = Queue("test", clock=later)
        while job := queue.claim():
            perform(queue, job) if job.task == "backup.hourly" else queue.finish(job, None, Progress())
"""


def _folder(place: Both) -> Path:
    """Where this installation's backups go; PostgreSQL makes them only where told to."""
    where = place.folder / "kept"
    where.mkdir(exist_ok=True)
    place.environment["RAPPORT_BACKUPS"] = str(where)
    return where


def test_an_hour_later_there_is_a_proven_backup_and_old_ones_went(place: Both) -> None:
    """Nobody asked and no cron line was written: the runner makes one, restores it aside, then lets old ones go; what a
    killed round left is cleared away; doctor and readiness tell."""
    where = _folder(place)
    ago = dt.datetime.now().astimezone() - dt.timedelta(days=90)
    (where / new_name(ago)).write_bytes(b"old")
    (where / ".rapport-backup-left").mkdir()
    place.script(_HOUR_LATER)
    (made,) = where.glob("rapport-*.bak")
    assert made.stat().st_size > 1000 and not list(where.glob(".rapport-*"))
    assert json.loads((place.data / "backup-state.json").read_text())["proven"][made.name]["by"] == "schedule"
    place.script("""
        doctor = run("doctor")
        assert "0 h ago" in doctor and "a backup each hour" in doctor and "the last backup failed" not in doctor, doctor
        from django.test import Client
        ask = lambda **more: Client().get("/readyz", headers={"host": "localhost"}, **more).content.decode()
        assert "backup-proof-age-seconds" in ask()
        assert ask(REMOTE_ADDR="203.0.113.9") == ask(HTTP_X_FORWARDED_FOR="203.0.113.9") == "ok\\n"
    """)


def test_too_little_room_means_no_backup_and_says_so(place: Both) -> None:
    """The disk is never filled; a folder that is not mounted is not made; the reason is kept for doctor and the page."""
    where = _folder(place)
    place.python("""
        import shutil
        from collections import namedtuple
        shutil.disk_usage = lambda path: namedtuple("Usage", "total used free")(100 * 2**30, 95 * 2**30, 5 * 2**30)
        from rapport.engines.backup.rounds import go_round
        from django.conf import settings
        named, settings.BACKUPS = settings.BACKUPS, settings.BACKUPS + "/not/mounted"
        assert "is not there" in go_round(lambda step, share: None, make=True, prove=False, by="x")
        settings.BACKUPS = named
        assert "make room" in go_round(lambda step, share: None, make=True, prove=True, by="x")
    """)
    assert not list(where.iterdir()) and "too little for a backup" in place.run("doctor", code=1)[0]


def test_one_at_a_time_and_killed_at_any_moment_nothing_half_counts(place: Both) -> None:
    """While one is made a second is refused; a killed one leaves no file that bears a backup's name, and the next clears up."""
    where = _folder(place)
    with (place.data / "backup.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place.python("""
            from rapport.engines.backup.rounds import go_round
            assert "Another backup" in go_round(lambda step, share: None, make=True, prove=False, by="x")
        """)
    place.python("""
        import os, signal
        from django.db import connections
        from rapport.engines.backup import container, create
        from rapport.engines.backup.rounds import make_one
        kill = lambda *args, **more: os.kill(os.getpid(), signal.SIGKILL)
        for owner, name in ((container.Writer, "add"), (create, "kept_files"), (container.os, "fsync")):
            connections.close_all()
            if (child := os.fork()) == 0:
                setattr(owner, name, kill)
                make_one(lambda step, share: None)
            assert os.waitpid(child, 0)[1] == signal.SIGKILL
    """)
    assert not list(where.glob("rapport-*.bak")) and list(where.glob(".rapport-*"))
    place.python("from rapport.engines.backup.rounds import make_one; make_one(lambda step, share: None)")
    assert len(list(where.glob("rapport-*.bak"))) == 1 and not list(where.glob(".rapport-*"))


@pytest.mark.once
def test_an_old_backup_stays_until_a_newer_one_is_proven(tmp_path: Path) -> None:
    """However old it is: an unproven newer one does not stand for it."""
    now = dt.datetime(2026, 11, 22, 12, 30, tzinfo=dt.UTC)
    names = [new_name(now - dt.timedelta(days=days)) for days in (90, 80, 0)]
    for name in names:
        (tmp_path / name).touch()
    assert thin_out(tmp_path, now, proven=[]) == [] == thin_out(tmp_path, now, proven=[names[0]])
    assert [path.name for path in thin_out(tmp_path, now, proven=[names[1]])] == [names[0]]
    assert [path.name for path in thin_out(tmp_path, now, proven=[names[2]])] == [names[1]]
