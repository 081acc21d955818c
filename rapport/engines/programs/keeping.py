"""One request, done once, however often it is sent: by the key that the program gave it.

The row of a key is committed first, without an answer. The answer is stored in the transaction of the write itself, so a
process that is killed leaves either both or neither, and a row without an answer stands for a request that still runs or
one that wrote nothing. After a minute it counts as the latter and the next repeat takes it over; should the first one be
slow and alive, its own transaction finds the row taken and rolls back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rapport.engines.programs.models import KeptAnswer
from rapport.kernel.errors import Conflict, Invalid, RapportError

KEPT_FOR = dt.timedelta(hours=24)
#: A request runs for no longer; what has no answer by then was cut off.
LONGEST_RUN = dt.timedelta(seconds=60)


class StillRunning(RapportError):
    """The first request with this key is not answered yet."""

    default_code = "still_running"


@dataclass(frozen=True)
class Kept:
    """An answer as it was given."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    is_repeat: bool = False


def once(workspace_id: UUID, token_id: UUID, key: str, request_hash: str, work: Callable[[], Kept]) -> Kept:
    """The answer of `work`, which runs for the first request with the key only. What it refuses by raising wrote
    nothing and is not kept. Raises Invalid for a key of another request, StillRunning for one that is not answered."""
    rows = KeptAnswer.objects.filter(workspace_id=workspace_id, token_id=token_id, key=key)
    began = timezone.now()
    found = rows.first()
    if found is not None and found.started_at < began - KEPT_FOR:
        rows.filter(pk=found.pk, started_at=found.started_at).delete()
        found = None
    if found is None:
        try:
            with transaction.atomic():
                KeptAnswer.objects.create(
                    workspace_id=workspace_id, token_id=token_id, key=key, request_hash=request_hash, started_at=began
                )
        except IntegrityError:
            found = rows.first()
    if found is not None:
        kept = _answer_of(found, request_hash)
        if kept is not None:
            return kept
        taken = rows.filter(pk=found.pk, status=0, started_at=found.started_at, started_at__lt=began - LONGEST_RUN)
        if not taken.update(started_at=began):
            raise StillRunning(_("The first request with this Idempotency-Key is still running; ask again in a moment."))
    mine = rows.filter(status=0, started_at=began)
    try:
        with transaction.atomic():
            made = work()
            if not mine.update(status=made.status, headers=made.headers, body=made.body):
                raise Conflict(_("This request took too long and another one with its Idempotency-Key has taken its place."))
    except BaseException:
        mine.delete()
        raise
    return made


def _answer_of(found: KeptAnswer, request_hash: str) -> Kept | None:
    if found.request_hash != request_hash:
        raise Invalid(
            _("This Idempotency-Key belongs to another request. Take a new key for each request that is not a repeat."),
            code="idempotency_key_reused",
        )
    return Kept(found.status, found.body, dict(found.headers), is_repeat=True) if found.status else None


def forget_records(workspace_id: UUID, record_ids: Iterable[UUID]) -> None:
    """Empty the kept answers that tell of these records: their people were erased. That the request was done stays known."""
    for ident in record_ids:
        # A day of answers at most, and erasing is rare: no index serves this.
        KeptAnswer.objects.filter(workspace_id=workspace_id, body__contains=str(ident)).update(body="{}")
