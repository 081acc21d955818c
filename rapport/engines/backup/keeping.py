"""Which backups of a folder are kept: one an hour for a day, one a day for a week, one a week for five weeks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

from rapport.engines.backup.create import KEYS_SUFFIX

_NAME = re.compile(r"rapport-(\d{8}-\d{6})\.bak")
_RULES: tuple[tuple[dt.timedelta, Callable[[dt.datetime], object]], ...] = (
    (dt.timedelta(days=1), lambda at: (at.date(), at.hour)),
    (dt.timedelta(days=7), lambda at: at.date()),
    (dt.timedelta(weeks=5), lambda at: at.isocalendar()[:2]),
)


def thin_out(folder: Path, now: dt.datetime) -> list[Path]:
    """Delete the backups of our naming that no rule keeps, with their keys; the newest is always kept. Returns the deleted."""
    found = {}
    for path in folder.glob("rapport-*.bak"):
        if name := _NAME.fullmatch(path.name):
            found[dt.datetime.strptime(name[1], "%Y%m%d-%H%M%S").replace(tzinfo=now.tzinfo)] = path
    kept = {max(found)} if found else set()
    for age, bucket in _RULES:
        # Of each hour, day or week the oldest: it does not change while newer ones come.
        firsts: dict[object, dt.datetime] = {}
        for at in sorted(found):
            if now - at <= age:
                firsts.setdefault(bucket(at), at)
        kept |= set(firsts.values())
    gone = [path for at, path in sorted(found.items()) if at not in kept]
    for path in gone:
        path.unlink()
        path.with_name(path.name + KEYS_SUFFIX).unlink(missing_ok=True)
    return gone
