"""Going an upgrade's way: door closed, snapshot, migrations, the same answers about access as before, door open.

What was found before the first step is kept in a file until the door is open again, so an upgrade that was killed, or
stopped because access differs, goes on where it was when it is called once more.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from rapport import __version__
from rapport.engines.backup.files import write_secret
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.backup.scratch import command_there
from rapport.engines.upgrade.answers import Fingerprint, from_json
from rapport.engines.upgrade.closing import close, closed_because, open_again
from rapport.engines.upgrade.fingerprint import Difference, before_migrating, differences, read
from rapport.engines.upgrade.plan import Plan
from rapport.engines.upgrade.snapshot import forget_snapshot, make_snapshot
from rapport.kernel.access import walls

_MOST_TOLD = 20
_STOPPED = "The last upgrade changed who may do what; rapport upgrade tells what, and goes on with --accept-access-changes."


class UpgradeStopped(Exception):
    """The database is that of this program, but the door stays closed; the message says why, a line for each difference."""


def is_open_ended() -> bool:
    """Whether an upgrade was begun and its door is not open yet."""
    return _path().exists() or bool(closed_because())


def is_stopped() -> bool:
    """Whether somebody has to decide before it can go on; one that was killed goes on by itself."""
    return closed_because() == _STOPPED


def forget_upgrade() -> None:
    """The upgrade that was begun is over, also when it was gone back from."""
    _path().unlink(missing_ok=True)
    open_again()


def go(plan: Plan, *, backup: bool, accept: bool) -> Iterator[str]:
    """One line per step. Raises UpgradeStopped, BackupProblem before anything changes, or what the database says."""
    if plan.is_new:
        yield _migrate(plan)
        return
    if not _path().exists():
        if not plan.steps:  # killed at the very end: only the door was still to open
            forget_upgrade()
            return
        yield from _prepare(backup=backup)
    before = [from_json(text) for text in json.loads(_path().read_text(encoding="utf-8"))["before"]]
    yield _migrate(plan)
    found = list(_compare(before))
    if found and not accept:
        close(_STOPPED)
        raise UpgradeStopped(_told(found))
    for one in found:
        yield f"accepted: {one.workspace}: {one.sentence}"
    if before and not found:
        yield "everybody may do what they could before, no more and no less"
    elif not before:
        yield "there was no access fingerprint to compare with; from now on there is one"
    forget_upgrade()


def _prepare(*, backup: bool) -> Iterator[str]:
    """Close the door, make the snapshot, ask what holds now; when that fails, open again: nothing was changed."""
    close("an upgrade is under way")
    try:
        if backup:
            yield from make_snapshot()
        else:
            forget_snapshot()
        before = [one.as_json() for one in before_migrating() if one.spaces]
        write_secret(_path(), json.dumps({"before": before}))
    except BaseException:
        open_again()
        raise


def _migrate(plan: Plan) -> str:
    connections.close_all()
    if plan.steps:
        call_command("migrate", interactive=False, verbosity=0)
    walls.build()
    return f"the database is that of Rapport {__version__} ({len(plan.steps)} steps)"


def _compare(before: list[Fingerprint]) -> Iterator[Difference]:
    """Asked by a process of its own, which remembers nothing of before; it also keeps its answers for the next upgrade."""
    connections.close_all()
    with tempfile.TemporaryDirectory(prefix=".rapport-access-", dir=settings.DATA) as folder:
        out = Path(folder) / "after.json"
        command_there(dict(os.environ), "access", "fingerprint", "--keep", "--out", str(out))
        after = read(out)
    if after is None:
        raise BackupProblem("The access fingerprint after the upgrade could not be read; run rapport upgrade again.")
    yield from dict.fromkeys(one for old in before for one in differences(old, after))


def _told(found: list[Difference]) -> str:
    lines = [f"  “{one.workspace}”: {one.sentence}" for one in found[:_MOST_TOLD]]
    more = [f"  … and {len(found) - _MOST_TOLD:,} more"] if len(found) > _MOST_TOLD else []
    return "\n".join([
        "The upgrade changed who may do what, and Rapport stays closed:", *lines, *more,
        "If that is meant: rapport upgrade --accept-access-changes. If not: rapport upgrade --rollback with the version before.",
    ])  # fmt: skip


def _path() -> Path:
    return Path(settings.DATA) / "upgrade-begun.json"
