"""One round of the backups that are made by themselves: make one, prove it when a day has passed, let old ones go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from rapport.engines.backup import place, record
from rapport.engines.backup.container import Progress
from rapport.engines.backup.create import create
from rapport.engines.backup.keeping import kept_in, new_name, thin_out
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.backup.verify import verify

#: A little less than a day, so that the hour of the proof does not wander.
_PROOF_EVERY = dt.timedelta(hours=23)
#: What a round tells while it goes on: the step ("copy", "files", "read", "try") and how much of it is done.
Tell = Callable[[str, float], None]


class Stopped(Exception):
    """Somebody asked to stop; nothing half is left."""


def make_one(tell: Tell) -> Path:
    """Make a backup in the folder and return it. Raises BackupProblem."""
    with place.only_one(wait=False):
        where = place.ready_folder()
        place.clear_leftovers(where)
        place.refuse_full_disk(where)
        tell("copy", 0.0)
        out = where / new_name(dt.datetime.now().astimezone())
        create(out, passphrase=place.passphrase(), progress=_step(tell, "files"))
        return out


def prove_newest(tell: Tell, *, by: str) -> Path:
    """Restore the newest backup beside the living installation, try it out, and only then let old ones go."""
    with place.only_one(wait=False):
        where = place.ready_folder()
        place.clear_leftovers(where)
        found = kept_in(where)
        if not found:
            raise BackupProblem("There is no backup yet.", code="none")
        tell("read", 0.0)
        newest = found[0].path
        # Closed before the lock is, also when somebody stops it in the middle.
        with closing(verify(newest, passphrase=place.passphrase(), by=by, progress=_step(tell, "read"))) as proofs:
            for _proof in proofs:
                tell("try", 0.0)
        gone = thin_out(where, dt.datetime.now().astimezone(), proven=record.proofs())
        record.forget_proofs([path.name for path in gone])
        return newest


def is_proof_due() -> bool:
    """Whether a day has passed since a backup was proven."""
    age = record.proof_age()
    return age is None or age >= _PROOF_EVERY


def go_round(tell: Tell, *, make: bool, prove: bool, by: str) -> str:
    """A round whose outcome is kept for the page and for doctor; returns the problem's sentence, "" when there is none."""
    try:
        if make:
            make_one(tell)
        if prove:
            prove_newest(tell, by=by)
    except (BackupProblem, OSError) as wrong:
        problem = wrong if isinstance(wrong, BackupProblem) else BackupProblem(f"The backup could not be written: {wrong}.")
        record.remember_problem(problem)
        return str(problem)
    record.remember_problem(None)
    return ""


def _step(tell: Tell, name: str) -> Progress:
    def progress(share: float, count: int) -> None:
        del count
        tell(name, share)

    return progress
