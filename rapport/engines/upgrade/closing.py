"""The closed door of an upgrade: a file in the data folder, as long as nobody shall work and no job shall run.

Pages answer with a sentence meanwhile (surfaces/web/closed.py). It stays when an upgrade is stopped or killed, and the
next `rapport upgrade` that comes through opens again.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from rapport.kernel.jobs.holding import held_because, hold, release

#: Why jobs are held meanwhile; another reason (a restore) is left as it is.
_HELD = "an upgrade is under way"


def close(why: str) -> None:
    """Let nobody in; `why` is for the operator and shown to nobody else."""
    if not held_because():
        hold(_HELD)
    _path().write_text(why + "\n", encoding="utf-8")


def open_again() -> None:
    """Let everybody in."""
    _path().unlink(missing_ok=True)
    if held_because() == _HELD:
        release()


def closed_because() -> str:
    """Why nobody is let in; "" when everybody is."""
    try:
        return _path().read_text(encoding="utf-8").strip() or _HELD
    except OSError:
        return ""


def _path() -> Path:
    return Path(settings.DATA) / "closed"
