"""Which backups of a folder there are and which are kept: one an hour for a day, one a day for a week, one a week for
five weeks. None goes before a newer one was proven."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from rapport.engines.backup.create import KEYS_SUFFIX

_NAME = re.compile(r"rapport-(\d{8}-\d{6})\.bak")
_RULES: tuple[tuple[dt.timedelta, Callable[[dt.datetime], object]], ...] = (
    (dt.timedelta(days=1), lambda at: (at.date(), at.hour)),
    (dt.timedelta(days=7), lambda at: at.date()),
    (dt.timedelta(weeks=5), lambda at: at.isocalendar()[:2]),
)


@dataclass(frozen=True)
class Kept:
    """One backup of a folder."""

    path: Path
    at: dt.datetime


def new_name(now: dt.datetime) -> str:
    """What a backup of this moment is called; `now` in the zone of the machine."""
    return f"rapport-{now:%Y%m%d-%H%M%S}.bak"


def kept_in(folder: Path, zone: dt.tzinfo | None = None) -> list[Kept]:
    """The backups of our naming in a folder, the newest first."""
    zone = zone or dt.datetime.now().astimezone().tzinfo
    found = []
    for path in folder.glob("rapport-*.bak"):
        if name := _NAME.fullmatch(path.name):
            found.append(Kept(path, dt.datetime.strptime(name[1], "%Y%m%d-%H%M%S").replace(tzinfo=zone)))
    return sorted(found, key=lambda one: one.at, reverse=True)


def thin_out(folder: Path, now: dt.datetime, *, proven: Collection[str] | None = None) -> list[Path]:
    """Delete the backups that no rule keeps, with their keys; returns the deleted. The newest is always kept, and with
    `proven` (the names of those that were restored and tried) also whatever is not older than the newest of these."""
    found = {one.at: one.path for one in kept_in(folder, now.tzinfo)}
    kept = {max(found)} if found else set()
    for age, bucket in _RULES:
        # Of each hour, day or week the oldest: it does not change while newer ones come.
        firsts: dict[object, dt.datetime] = {}
        for at in sorted(found):
            if now - at <= age:
                firsts.setdefault(bucket(at), at)
        kept |= set(firsts.values())
    if proven is not None:
        believed = max((at for at, path in found.items() if path.name in proven), default=None)
        kept |= {at for at in found if believed is None or at >= believed}
    gone = [path for at, path in sorted(found.items()) if at not in kept]
    for path in gone:
        path.unlink()
        path.with_name(path.name + KEYS_SUFFIX).unlink(missing_ok=True)
    return gone
