"""Whether articles solved it: who read some in the portal and opened no ticket is asked; a "no" opens one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from rapport.engines.privacy.registry import on_forgetting
from rapport.engines.publishing import opinions
from rapport.engines.publishing.inside import on_read
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context
from rapport.modules.knowledge.models import Article
from rapport.modules.satisfaction.asks import put
from rapport.modules.satisfaction.models import ArticleRead, Survey, SurveyAnswer, SurveyAsk
from rapport.modules.service.models import Queue, Ticket

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: So long it is known who read what, at most.
_KEPT = dt.timedelta(days=30)
_MOST, _MOST_ARTICLES = 500, 10


@on_read
def note_read(workspace: Workspace, person_id: UUID, record_id: UUID) -> None:
    """Remember it while a survey asks after articles; otherwise nothing is kept."""
    ctx = system_context(workspace, "survey")
    if _survey(ctx) is None:
        return
    row = ArticleRead(workspace_id=workspace.pk, person_id=person_id, record_id=record_id, read_at=ctx.format.now)
    ArticleRead.objects.bulk_create([row], ignore_conflicts=True)


@on_forgetting
def forget_reads(workspace_id: UUID, ids: Iterable[UUID]) -> None:
    """Nothing stays of what an erased person read."""
    ArticleRead.objects.filter(workspace_id=workspace_id, person_id__in=list(ids)).delete()


def _survey(ctx: Context) -> Survey | None:
    rows = Survey.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, is_active=True, asks="help")
    return rows.order_by("pk").first()


def ask_readers(ctx: Context) -> int:
    """Put down an ask for everybody who read long enough ago and opened no ticket since; returns how many."""
    survey, now = _survey(ctx), ctx.format.now
    ArticleRead.objects.filter(workspace_id=ctx.workspace.pk, read_at__lt=now - _KEPT).delete()
    if survey is None:
        return 0
    until = now - dt.timedelta(hours=survey.wait_hours)
    rows = ArticleRead.objects.filter(workspace_id=ctx.workspace.pk, occasion="", read_at__lte=until).order_by("read_at", "pk")
    people: dict[UUID, list[ArticleRead]] = {}
    for one in rows[:_MOST]:
        people.setdefault(one.person_id, []).append(one)
    made = 0
    for person_id, read in people.items():
        with transaction.atomic():
            made += _ask(ctx, survey, person_id, read)
    return made


def _ask(ctx: Context, survey: Survey, person_id: UUID, read: list[ArticleRead]) -> int:
    rows = ArticleRead.objects.filter(workspace_id=ctx.workspace.pk, pk__in=[one.pk for one in read])
    if wrote_since(ctx, person_id, read[0].read_at):
        rows.delete()
        return 0
    occasion = f"help:{read[0].pk.hex}"
    rows.update(occasion=occasion)
    return int(put(ctx, survey, person_id, occasion, ctx.format.now))


def wrote_since(ctx: Context, person_id: UUID, at: dt.datetime) -> bool:
    """Whether a person asked us after all."""
    rows = Ticket.objects.filter(workspace_id=ctx.workspace.pk, person_id=person_id, deleted_at=None)
    return rows.filter(opened_at__gte=at).exists()


def take_answer(ctx: Context, survey: Survey, answer: SurveyAnswer) -> None:
    """Yes and no count as votes of the articles that were read, once; a no opens a ticket with them, once. What is written
    later goes into that ticket."""
    space = ctx.workspace.pk
    asks = SurveyAsk.objects.filter(workspace_id=space, answer_id=answer.pk)
    occasion = asks.values_list("occasion", flat=True).first()
    read = ArticleRead.objects.filter(workspace_id=space, occasion=occasion) if occasion else ArticleRead.objects.none()
    ids = list(read.order_by("read_at").values_list("record_id", flat=True)[:_MOST_ARTICLES])
    read.delete()
    for pk in ids:
        opinions.vote(space, pk, helped=bool(answer.score))
        opinions.end_visit(space, pk, solved=bool(answer.score))
    system = ctx.as_system("articles did not help")
    if answer.is_low and answer.ticket_id is None:
        ticket = _open(system, survey, answer, ids)
        if ticket is not None:
            system.write(answer, ticket=ticket.pk)
    elif answer.ticket_id is not None and answer.comment:
        values = {"ticket": answer.ticket_id, "kind": "answer", "body": answer.comment, "person": answer.person_id}
        system.create("ticket_entry", **{key: value for key, value in values.items() if value is not None})


def _open(system: Context, survey: Survey, answer: SurveyAnswer, ids: list[UUID]) -> Ticket | None:
    queues = Queue.objects.filter(workspace_id=system.workspace.pk, deleted_at=None).order_by("position", "pk")
    queue = queues.filter(pk=survey.queue_id).first() or queues.first()
    if queue is None:
        return None
    titles = dict(Article.objects.filter(workspace_id=system.workspace.pk, pk__in=ids).values_list("pk", "title"))
    with translation.override(system.workspace.language):
        names = [f"– {titles[one]}" for one in ids if one in titles]
        body = "\n".join([_("These articles were read and did not solve it:"), *names])
        made = system.create(
            "ticket", subject=_("Articles did not solve it"), body=body + (f"\n\n{answer.comment}" if answer.comment else ""),
            queue=queue.pk, channel="portal", person=answer.person_id, customer=answer.customer_id or answer.person_id,
        )  # fmt: skip
    assert isinstance(made, Ticket)
    system.write(made, heard_at=system.format.now)
    return made
