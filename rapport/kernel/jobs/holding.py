"""Holding back every job and schedule of the installation, by a file in the data folder that each runner looks for."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def _path() -> Path:
    return Path(settings.DATA) / "held"


def hold(reason: str) -> None:
    """Start nothing more until `release`."""
    _path().write_text(reason + "\n", encoding="utf-8")


def release() -> bool:
    """Go on; False when nothing was held."""
    was_held = _path().exists()
    _path().unlink(missing_ok=True)
    return was_held


def held_because() -> str:
    """Why jobs are held back; "" when they are not."""
    try:
        return _path().read_text(encoding="utf-8").strip() or "held"
    except OSError:
        return ""
