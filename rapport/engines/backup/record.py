"""What is known about backups beside the files themselves: which were proven, when, by whom, and what went wrong last.

It lies in the data folder and in no backup, so a restore does not bring an old answer back.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from django.conf import settings

from rapport.engines.backup.files import write_secret
from rapport.engines.backup.problems import BackupProblem

#: A backup that was not proven for so long is an alarm, whatever the jobs say about themselves.
OLDEST_PROOF = dt.timedelta(hours=48)
#: By whom a backup was proven; else it is the name of a person.
BY_ITSELF, BY_COMMAND = "schedule", "command"
_STATE = "backup-state.json"


def remember_verified(created_at: str, name: str = "", by: str = BY_COMMAND) -> None:
    """A backup was restored and tried."""
    now = _now()
    found = _read()
    found |= {"verified_at": now, "created_at": created_at}
    if name:
        found["proven"] = {**_proven(found), name: {"at": now, "by": by}}
    _write(found)


def last_verified() -> tuple[dt.datetime, dt.datetime] | None:
    """(when a backup was last proven by restoring it, when that backup was made); None when never."""
    try:
        found = _read()
        return dt.datetime.fromisoformat(str(found["verified_at"])), dt.datetime.fromisoformat(str(found["created_at"]))
    except (ValueError, KeyError):
        return None


def proof_age() -> dt.timedelta | None:
    """How long ago a backup was last proven; None when never."""
    found = last_verified()
    return dt.datetime.now(dt.UTC) - found[0] if found else None


def proofs() -> dict[str, tuple[dt.datetime, str]]:
    """File name -> (when it was proven, by whom)."""
    return {name: (dt.datetime.fromisoformat(one["at"]), one["by"]) for name, one in _proven(_read()).items()}


def forget_proofs(names: list[str]) -> None:
    """The files are gone."""
    found = _read()
    if gone := set(names) & set(_proven(found)):
        _write(found | {"proven": {name: one for name, one in _proven(found).items() if name not in gone}})


def remember_problem(problem: BackupProblem | None) -> None:
    """What went wrong in the last round; None when nothing did."""
    found = _read()
    found.pop("problem", None)
    if problem is not None:
        found["problem"] = {"at": _now(), "code": problem.code, "text": str(problem)}
    _write(found)


def last_problem() -> tuple[dt.datetime, str, str] | None:
    """(when, code, sentence) of what went wrong in the last round."""
    one = _read().get("problem")
    return (dt.datetime.fromisoformat(one["at"]), one["code"], one["text"]) if isinstance(one, dict) else None


def remember_round(seconds: float) -> None:
    """How long the last round took that went by itself."""
    _write(_read() | {"round": {"at": _now(), "seconds": round(seconds)}})


def rest_over(share: float) -> bool:
    """Whether rounds have rested long enough after the last one to take no more than a share of the time."""
    last = _read().get("round")
    if not isinstance(last, dict):
        return True
    ended = dt.datetime.fromisoformat(str(last["at"]))
    return dt.datetime.now(dt.UTC) - ended >= dt.timedelta(seconds=float(last["seconds"]) * (1 / share - 1))


def remember_job(job_id: str) -> None:
    """The job that somebody asked for on the page, so that the page finds it again."""
    _write(_read() | {"job": job_id})


def asked_job() -> str:
    """The id of the job that somebody asked for last."""
    return str(_read().get("job", ""))


def _proven(found: dict[str, object]) -> dict[str, dict[str, str]]:
    one = found.get("proven")
    return one if isinstance(one, dict) else {}


def _read() -> dict[str, object]:
    try:
        found = json.loads((Path(settings.DATA) / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(found: dict[str, object]) -> None:
    write_secret(Path(settings.DATA) / _STATE, json.dumps(found))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
