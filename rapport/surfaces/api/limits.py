"""How many requests one token may send: a bucket that fills evenly, RAPPORT_API_RATE a minute; 0, as shipped, is no limit.

Counted in each server process: a table would turn every read into a write. A token gets at least its rate, and at most
its rate times the number of processes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _

from rapport.surfaces.api.problems import HttpProblem

#: Buckets remembered; beyond, the fullest (the idle ones) are forgotten.
_MOST = 10_000
#: Seconds of the rate that may be used at once.
_BURST = 10
_buckets: dict[UUID, tuple[float, float]] = {}


@dataclass(frozen=True)
class Turn:
    """What is left after a request, and in how many seconds the bucket is full again."""

    limit: int
    remaining: int
    reset: int


def take(token_id: UUID) -> Turn | None:
    """Count a request. Raises the 429 of an empty bucket; None where there is no limit."""
    rate = settings.API_RATE
    if rate <= 0:
        return None
    size, now = max(1.0, rate * _BURST / 60), time.monotonic()
    level, at = _buckets.get(token_id, (size, now))
    level = min(size, level + (now - at) * rate / 60)
    if level < 1:
        _buckets[token_id] = (level, now)
        wait = max(1, round((1 - level) * 60 / rate + 0.5))
        raise HttpProblem(
            429, _("This token sent too many requests; wait a moment and send this one again."), code="too_many_requests",
            headers={
                "Retry-After": str(wait), "RateLimit-Limit": str(rate), "RateLimit-Remaining": "0", "RateLimit-Reset": str(wait),
            },
        )  # fmt: skip
    if len(_buckets) > _MOST:
        _forget()
    _buckets[token_id] = (level - 1, now)
    return Turn(rate, int(level - 1), round((size - level + 1) * 60 / rate + 0.5))


def mark(response: HttpResponse, turn: Turn | None) -> None:
    """Tell the program where it stands."""
    if turn is not None:
        response.headers["RateLimit-Limit"] = str(turn.limit)
        response.headers["RateLimit-Remaining"] = str(turn.remaining)
        response.headers["RateLimit-Reset"] = str(turn.reset)


def _forget() -> None:
    for token_id in sorted(_buckets, key=lambda one: _buckets[one][1])[: _MOST // 2]:
        del _buckets[token_id]
