"""Conversations with visitors: begun, found by their secret, gone on with, ended, forgotten."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from rapport.engines.livechat.models import PublicChat, Talk
from rapport.engines.livechat.registry import Opening, keeper
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.access.tokens import digest_of
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job

#: A conversation in which nobody wrote for so long is over: its secret opens nothing any more.
LIVES = dt.timedelta(hours=12)
#: Whoever's browser was silent for so long has left; it asks at least every 20 seconds.
HERE = dt.timedelta(seconds=45)
#: That there was a conversation is known so long; what was said stays in its record.
_KEPT = dt.timedelta(days=90)
#: A visitor who is here is noted again after this time at the earliest.
_RENEW = dt.timedelta(seconds=5)


@dataclass(frozen=True)
class Begun:
    """A new conversation and its secret, which is kept nowhere."""

    talk: Talk
    secret: str


def open_chat(key: str) -> PublicChat | None:
    """The chat at an address, when it is switched on: the one question asked outside of any workspace."""
    with unscoped("the workspace of a chat is known by its address only"):
        return PublicChat.objects.select_related("workspace").filter(key=key, is_open=True).first()


def begin(ctx: Context, chat: PublicChat, opening: Opening) -> Begun:
    """Keep a first line; record and conversation are one transaction."""
    secret, now = secrets.token_urlsafe(32), ctx.format.now
    with unit_of_work(ctx):
        record_id = keeper().begin(ctx, opening)
        talk = Talk.objects.create(
            workspace_id=chat.workspace_id, chat_id=chat.record_id, digest=digest_of(secret), type=keeper().type,
            record_id=record_id, seq=1, name=opening.name, email=opening.email, began_at=now, said_at=now, seen_at=now,
        )  # fmt: skip
    return Begun(talk, secret)


def talk_with(chat: PublicChat, secret: str, now: dt.datetime) -> Talk | None:
    """The conversation of a secret, as long as it lives. Inside the workspace of the chat."""
    rows = Talk.objects.filter(workspace_id=chat.workspace_id, chat_id=chat.record_id, digest=digest_of(secret))
    return rows.filter(said_at__gt=now - LIVES).first()


def say(ctx: Context, talk: Talk, text: str, mark: str) -> None:
    """A further line of the visitor. One with the mark of the last (a repeat after a lost answer) is that line: compared and
    set in one statement, so that two at once are one too."""
    with unit_of_work(ctx):
        rows = Talk.objects.filter(workspace_id=talk.workspace_id, pk=talk.pk)
        fresh = rows.exclude(last_mark=mark) if mark else rows
        if fresh.update(said_at=ctx.format.now, last_mark=mark):
            rows.update(record_id=keeper().say(ctx, talk.record_id, text))


def note_here(talk: Talk, now: dt.datetime) -> None:
    """The visitor's browser asked; written at most every few seconds."""
    if now - talk.seen_at >= _RENEW:
        Talk.objects.filter(workspace_id=talk.workspace_id, pk=talk.pk).update(seen_at=now)


def end(talk: Talk, now: dt.datetime) -> None:
    """The visitor ends it."""
    rows = Talk.objects.filter(workspace_id=talk.workspace_id, pk=talk.pk, ended_at=None)
    rows.update(ended_at=now, seq=F("seq") + 1)


def talk_in(workspace_id: UUID, type_key: str, record_id: UUID) -> Talk | None:
    """The conversation that goes on in a record, or was the last there."""
    rows = Talk.objects.filter(workspace_id=workspace_id, type=type_key, record_id=record_id)
    return rows.order_by("-began_at").first()


def ring(workspace_id: UUID, type_key: str, record_ids: list[UUID]) -> None:
    """Something new is in these records: whoever listens hears of it at the next tick. One statement, by an index."""
    rows = Talk.objects.filter(workspace_id=workspace_id, type=type_key, record_id__in=record_ids)
    rows.update(seq=F("seq") + 1)


def close(workspace_id: UUID, type_key: str, record_ids: list[UUID], now: dt.datetime) -> None:
    """The conversations in these records are over."""
    rows = Talk.objects.filter(workspace_id=workspace_id, type=type_key, record_id__in=record_ids, ended_at=None)
    rows.update(ended_at=now, seq=F("seq") + 1)


def is_here(talk: Talk, now: dt.datetime) -> bool:
    """Whether the visitor has the conversation open."""
    return talk.ended_at is None and now - talk.seen_at < HERE


def forget_talks(workspace_id: UUID, record_ids: Iterable[UUID]) -> None:
    """Names, addresses and secrets of the conversations in these records: their visitor is erased."""
    Talk.objects.filter(workspace_id=workspace_id, record_id__in=list(record_ids)).delete()


@every(seconds=86_400)
@job(max_attempts=1, name="livechat.thin")
def thin_everywhere(job_ctx: JobContext) -> int:
    """Once a day, in every workspace: what nobody said anything in for 90 days is forgotten."""
    return sum(thin(workspace) for workspace in Workspace.objects.all())


def thin(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """Forget old conversations of one workspace."""
    with use_workspace(workspace):
        old = (now or dt.datetime.now(dt.UTC)) - _KEPT
        return Talk.objects.filter(workspace_id=workspace.pk, said_at__lt=old).delete()[0]
