"""Emptying entries of the change log so that its chain still holds: the hash of what they said stays, the words go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import QuerySet

from rapport.kernel.access.models import Workspace
from rapport.kernel.changes import chain
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.values import now
from rapport.kernel.changes.verify import ERASED

_SOME = 500
#: Events that repeat what somebody typed: filters and names of files.
_QUOTING = ("exported", "imported")
#: Columns that an emptied entry loses.
_EMPTIED = ["diff", "details", "actor_name", "salt", "redacted_at"]


def redact(workspace: Workspace, record_ids: Iterable[UUID], words: Sequence[str]) -> int:
    """Empty all entries about these records, and the events that name the person (the filter of an export).

    Returns how many entries of the chain were emptied, which the entry about the erasure must say.
    """
    # What erasures said stays: it holds nothing personal, and counts what they emptied.
    rows = Change.objects.filter(workspace=workspace, redacted_at=None).exclude(verb=ERASED)
    every = sorted(record_ids)
    done = 0
    for at in range(0, len(every), _SOME):
        done += _empty(rows.filter(record_id__in=every[at : at + _SOME]))
    events = rows.filter(verb__in=_QUOTING)
    found = [one.pk for one in events.only("pk", "details").iterator(chunk_size=2_000) if _names(one.details, words)]
    for at in range(0, len(found), _SOME):
        done += _empty(rows.filter(pk__in=found[at : at + _SOME]))
    # What the person did in the portal stands under their name, also where it is about others.
    done += _empty(rows.filter(surface="portal", actor_name__in=list(words)))
    return done


def _empty(rows: QuerySet[Change]) -> int:
    done = 0
    while some := list(rows.order_by("number")[:_SOME]):
        for one in some:
            body = chain.body_of(one)
            one.diff, one.details, one.actor_name, one.salt, one.redacted_at = {}, {chain.SEALED: body}, "", "", now()
            done += bool(one.hash)
        Change.objects.bulk_update(some, _EMPTIED)
    return done


def _names(details: dict[str, object], words: Sequence[str]) -> bool:
    text = " ".join(map(str, details.values())).casefold()
    return any(word.casefold() in text for word in words)
