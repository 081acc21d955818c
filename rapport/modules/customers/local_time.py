"""What time it is at a customer's: known where a country has one time, unknown in the others rather than guessed."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global


@lru_cache(maxsize=1)
def _zones() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for zone, country in get_global("zone_territories").items():
        found.setdefault(country, []).append(zone)
    return found


def local_time(country: str, now: dt.datetime) -> dt.datetime | None:
    """The time on the clocks of a country at a moment; None where they differ from place to place."""
    times: dict[object, dt.datetime] = {}
    for name in _zones().get(country.upper(), []):
        try:
            local = now.astimezone(ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError):
            continue
        times[local.utcoffset()] = local
    return next(iter(times.values())) if len(times) == 1 else None
