"""What readers looked for, by week: the words without anything personal, how often nothing was found or opened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from rapport.engines.publishing.models import Asked, Tally, Vote
from rapport.engines.publishing.opinions import without_personal
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job
from rapport.kernel.text_folding import fold

#: So long what was asked is kept.
KEPT = dt.timedelta(days=90)
_LONGEST = 100
#: Rows looked at for a report; more different questions than that in 90 days come from no people.
_MOST = 5_000
#: Different questions of one week that are kept at most: whoever types nonsense for fun fills no disk.
_MOST_IN_WEEK = 2_000


@dataclass(frozen=True)
class Gap:
    """Something that was looked for in vain."""

    words: str
    language: str
    times: int
    found_nothing: int
    opened: int


def note_asked(workspace_id: UUID, language: str, text: str, *, found: int, opened: bool = False) -> None:
    """Count one search, or (`opened`) that a text was opened out of one that was counted."""
    words = fold(without_personal(text, _LONGEST))[:_LONGEST]
    if len(words) < 2:
        return
    today = dt.datetime.now(dt.UTC).date()
    week = today - dt.timedelta(days=today.weekday())
    rows = Asked.objects.filter(workspace_id=workspace_id, week=week, language=language)
    with transaction.atomic():
        one = rows.filter(words=words)
        if opened:
            one.update(opened=F("opened") + 1)
            return
        more = {"times": F("times") + 1, "found_nothing": F("found_nothing") + (0 if found else 1)}
        if not one.update(**more):
            if rows[:_MOST_IN_WEEK].count() >= _MOST_IN_WEEK:
                return
            Asked.objects.bulk_create(
                [Asked(workspace_id=workspace_id, week=week, language=language, words=words)], ignore_conflicts=True
            )
            one.update(**more)


def gaps(workspace_id: UUID, limit: int = 50) -> list[Gap]:
    """What was looked for in vain within 90 days: nothing was found, or nobody opened what was. The most wanted first."""
    since = dt.datetime.now(dt.UTC).date() - KEPT
    rows = Asked.objects.filter(workspace_id=workspace_id, week__gte=since).order_by("-times", "id")
    summed = (
        rows.values("words", "language")
        .annotate(all=Sum("times"), nothing=Sum("found_nothing"), clicks=Sum("opened"))
        .order_by("-all", "words")
    )
    found = [Gap(one["words"], one["language"], one["all"], one["nothing"], one["clicks"]) for one in summed[:_MOST]]
    return [one for one in found if one.found_nothing or not one.opened][:limit]


def voted_down(workspace_id: UUID, limit: int = 50) -> list[Tally]:
    """Texts that did not help more often than they did, the worst first."""
    rows = Tally.objects.filter(workspace_id=workspace_id, did_not__gt=F("helped"))
    return list(rows.order_by("-did_not", "id")[:limit])


def thin(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """Drop what was asked, and the words of votes, after 90 days; the counts stay."""
    before = (now or dt.datetime.now(dt.UTC)) - KEPT
    with use_workspace(workspace):
        gone, _by_model = Asked.objects.filter(workspace_id=workspace.pk, week__lt=before.date()).delete()
        gone += Vote.objects.filter(workspace_id=workspace.pk, voted_at__lt=before).delete()[0]
    return gone


@every(seconds=86_400)
@job(max_attempts=1, name="publishing.thin")
def thin_everywhere(job_ctx: JobContext) -> int:
    """Once a day, in every workspace."""
    return sum(thin(workspace) for workspace in Workspace.objects.all())
