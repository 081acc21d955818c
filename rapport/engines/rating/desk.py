"""The desk: what the module of surveys does for the surface that mails, takes answers and shows figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Asked:
    """One question to one person, ready to show. `ask` names it to the module, and nothing of it leaves the server."""

    ask: UUID
    workspace: Workspace
    company: str
    language: str
    question: str
    #: What it is about: the subject of the ticket; "" when it is about no single thing.
    about: str
    scores: Sequence[int]
    low_words: str
    high_words: str
    score: int | None = None
    comment: str = ""
    is_too_late: bool = False
    #: The person was taken off the list.
    is_refused: bool = False
    #: The two ends are all there is: their words stand in place of the numbers.
    is_yes_or_no: bool = False

    def word(self, score: int) -> str:
        """How a score is shown."""
        return (self.high_words if score else self.low_words) if self.is_yes_or_no else str(score)


@dataclass(frozen=True)
class Letter:
    """A question on its way: to whom, and the secret of its page, which is kept nowhere."""

    asked: Asked
    to: str
    token: str


@dataclass(frozen=True)
class Rest:
    """How many days one person is left in peace: after any question, and between two of recommendation."""

    days: int
    nps_days: int


@dataclass(frozen=True)
class Line:
    """The figures of one team, person, queue or month; "" where too few answered. Each `…_url` leads to the ratings behind."""

    name: str
    asked: int
    answered: int
    rate: str
    csat: str
    nps: str
    ces: str
    urls: dict[str, str]


@dataclass(frozen=True)
class Report:
    """Figures of a period, in groups."""

    first: dt.date
    last: dt.date
    survey: UUID | None
    surveys: Sequence[tuple[UUID, str]]
    whole: Line
    groups: Sequence[tuple[str, Sequence[Line]]]
    fewest: int


@dataclass(frozen=True)
class Desk:
    """Functions of the module. Those with a workspace are called inside it."""

    #: Asks that are due, the oldest first.
    due: Callable[[Workspace, int], Sequence[UUID]]
    #: Decide whether it is asked after all and mark it as sent; None: not asked.
    claim: Callable[[Workspace, UUID], Letter | None]
    #: The mail server did not take it.
    returned: Callable[[Workspace, UUID], None]
    #: The question behind a token; None for one that never was or is off.
    find: Callable[[str], Asked | None]
    #: Record or change the answer; raises Invalid.
    rate: Callable[[Asked, int, str, str], None]
    #: No more surveys for this person.
    refuse: Callable[[Asked], None]
    report: Callable[[Context, dt.date, dt.date, UUID | None], Report]
    #: The type whose viewers may see the figures.
    type: str
    rest: Callable[[Workspace], Rest]
    set_rest: Callable[[Context, int, int], None]


_desks: list[Desk] = []


def register_desk(desk: Desk) -> None:
    """The module of surveys says what it does."""
    _desks.append(desk)


def desk() -> Desk:
    """Whoever looks after surveys."""
    return _desks[0]
