"""Which backup the last upgrade made before it changed anything: the one that a rollback goes back to."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from rapport.engines.backup import place
from rapport.engines.backup.create import create
from rapport.engines.backup.files import write_secret
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.backup.verify import verify


def make_snapshot() -> Iterator[str]:
    """Make a backup, prove it and remember it; one line per proof. Raises BackupProblem, and then remembers none."""
    forget_snapshot()
    where = place.ready_folder()
    now = dt.datetime.now().astimezone()
    out = where / f"before-upgrade-{now:%Y%m%d-%H%M%S}.bak"
    with place.only_one(wait=True):
        create(out, passphrase=place.passphrase())
        yield from verify(out, passphrase=place.passphrase())
    write_secret(_path(), json.dumps({"file": str(out), "at": now.isoformat(timespec="seconds")}))
    yield f"backup {out}; to go back: install the version before, then rapport upgrade --rollback"


def snapshot() -> tuple[Path, dt.datetime]:
    """(file, when) of the remembered backup. Raises BackupProblem when there is none."""
    try:
        found = json.loads(_path().read_text(encoding="utf-8"))
        path, at = Path(found["file"]), dt.datetime.fromisoformat(found["at"])
    except (OSError, ValueError, KeyError):
        raise BackupProblem(
            "There is no upgrade to go back from: the last one made no snapshot, or it was gone back from already. "
            "Any other backup is put back with: rapport restore FILE --replace"
        ) from None
    if not path.is_file():
        raise BackupProblem(f"The snapshot of the last upgrade is gone ({path}); put another backup back with: rapport restore")
    return path, at


def forget_snapshot() -> None:
    """There is nothing to go back to any more."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return Path(settings.DATA) / "upgrade-snapshot.json"
