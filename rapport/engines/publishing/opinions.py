"""What readers say of a text and what became of it: votes, uses, ends of visits. Nothing here knows a visitor."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from rapport.engines.publishing.models import Tally, VisitEnd, Vote

LONGEST_NOTE = 300
_EMAIL = re.compile(r"\S+@\S+")
_NUMBER = re.compile(r"\+?\d[\d\s().\-/]{3,}\d|\d{3,}")
_BLANKS = re.compile(r"\s+")
_COUNTED = ("opened", "used", "solved")


def without_personal(text: str, most: int = LONGEST_NOTE) -> str:
    """The text without e-mail addresses and numbers that could be somebody's, in one line."""
    return _BLANKS.sub(" ", _NUMBER.sub("…", _EMAIL.sub("…", text.replace("\0", " ")))).strip()[:most]


def vote(workspace_id: UUID, record_id: UUID, *, helped: bool, note: str = "") -> None:
    """Count one yes or no, and keep what was written with it."""
    with transaction.atomic():
        Vote.objects.create(
            workspace_id=workspace_id, record_id=record_id, helped=helped, note=without_personal(note),
            voted_at=dt.datetime.now(dt.UTC),
        )  # fmt: skip
        column = "helped" if helped else "did_not"
        _tallied(workspace_id, record_id).update(**{column: F(column) + 1})


def count(workspace_id: UUID, record_id: UUID, what: str) -> None:
    """One more "opened", "used" or "solved"."""
    if what not in _COUNTED:
        raise ValueError(what)
    _tallied(workspace_id, record_id).update(**{what: F(what) + 1})


def end_visit(workspace_id: UUID, record_id: UUID, *, solved: bool) -> None:
    """A visit that ended at this text, and whether it solved what brought the visitor."""
    day = dt.datetime.now(dt.UTC).date()
    column = "solved" if solved else "went_on"
    with transaction.atomic():
        VisitEnd.objects.bulk_create([VisitEnd(workspace_id=workspace_id, day=day, record_id=record_id)], ignore_conflicts=True)
        rows = VisitEnd.objects.filter(workspace_id=workspace_id, day=day, record_id=record_id)
        rows.update(**{column: F(column) + 1})
    if solved:
        count(workspace_id, record_id, "solved")


def tally(workspace_id: UUID, record_id: UUID) -> Tally:
    """What became of a text so far."""
    return Tally.objects.filter(workspace_id=workspace_id, record_id=record_id).first() or Tally()


def tallies(workspace_id: UUID, record_ids: Iterable[UUID]) -> dict[UUID, Tally]:
    """The same of several."""
    rows = Tally.objects.filter(workspace_id=workspace_id, record_id__in=list(record_ids))
    return {one.record_id: one for one in rows}


def said(workspace_id: UUID, record_id: UUID, most: int = 5) -> list[Vote]:
    """The last votes that came with a sentence."""
    rows = Vote.objects.filter(workspace_id=workspace_id, record_id=record_id).exclude(note="")
    return list(rows.order_by("-id")[:most])


def _tallied(workspace_id: UUID, record_id: UUID) -> QuerySet[Tally]:
    Tally.objects.bulk_create([Tally(workspace_id=workspace_id, record_id=record_id)], ignore_conflicts=True)
    return Tally.objects.filter(workspace_id=workspace_id, record_id=record_id)
