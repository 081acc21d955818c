"""What a rule would make if it were switched on: counted, with the first few, through the viewer's own gate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rapport.engines.followups.finding import Due, due
from rapport.engines.followups.plan import Plan

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: More at once is a flood, and no preview counts further.
MOST_AT_ONCE = 2_000
_SHOWN = 3


@dataclass
class Foreseen:
    """How many occasions there are, and the latest few of those looked at."""

    count: int = 0
    is_capped: bool = False
    first: list[Due] = field(default_factory=list)


def foresee(ctx: Context, plan: Plan, days: int, *, most: int = MOST_AT_ONCE) -> Foreseen:
    """The occasions of the last days, up to `most`. `ctx` counts days as the workspace does."""
    found = Foreseen()
    now = ctx.format.now
    start = now - dt.timedelta(days=days)
    if not days:
        return found
    for batch in due(ctx, plan, starts=start, reached=start, now=now):
        found.count += len(batch)
        found.first += batch[: max(_SHOWN - len(found.first), 0)]
        if found.count > most:
            found.is_capped = True
            break
    return found
