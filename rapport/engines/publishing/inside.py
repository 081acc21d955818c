"""The narrow reader for signed-in customers: public texts and those for the portal, from the shelf and from nowhere else.

Like `reading.py`, which serves everybody: it knows no records, and every question starts from `_open`.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from rapport.engines.publishing.finding import Found, find, fitting
from rapport.engines.publishing.models import ShelfTopic, Shelved
from rapport.engines.publishing.reading import Line
from rapport.kernel.access.models import Workspace

#: Whose texts signed-in customers read.
AUDIENCES = ("portal", "public")
PAGE, _NEWEST, _MOST_TOPICS = 40, 10, 200
_LINE = ("id", "record_id", "slug", "title", "summary", "topic_id")


def _open(workspace: Workspace) -> QuerySet[Shelved]:
    """What signed-in customers may read."""
    return Shelved.objects.filter(workspace_id=workspace.pk, audience__in=AUDIENCES)


def language_for(workspace: Workspace, wanted: str) -> str:
    """The language to begin in: the wanted one if there is a text in it, else the company's; "" when there is no text."""
    for one in dict.fromkeys((wanted[:2], workspace.language[:2])):
        if _open(workspace).filter(language=one).exists():
            return one
    return _open(workspace).values_list("language", flat=True).first() or ""


def newest(workspace: Workspace, language: str) -> list[Line]:
    """What was published last."""
    found = [
        row
        for audience in AUDIENCES
        for row in Shelved.objects.filter(workspace_id=workspace.pk, audience=audience, language=language)
        .order_by("-published_at")
        .values_list(*_LINE, "published_at")[:_NEWEST]
    ]
    return [Line(*row[:-1]) for row in sorted(found, key=lambda row: row[-1], reverse=True)[:_NEWEST]]


def topics(workspace: Workspace, language: str) -> list[ShelfTopic]:
    """The topics in which something stands, in one line after the other."""
    filled = _open(workspace).filter(language=OuterRef("language"), topic_id=OuterRef("record_id"))
    rows = ShelfTopic.objects.filter(workspace_id=workspace.pk, language=language).filter(Exists(filled))
    return list(rows.order_by("position", "name", "id")[:_MOST_TOPICS])


def topic_at(workspace: Workspace, language: str, slug: str) -> ShelfTopic | None:
    """A topic in which something stands."""
    return next((one for one in topics(workspace, language) if one.slug == slug), None)


def in_topic(workspace: Workspace, topic: ShelfTopic, after: int | None = None) -> tuple[list[Line], int | None]:
    """A page of the texts of a topic, by title; the second value is what the next page begins after."""
    rows = _open(workspace).filter(language=topic.language, topic_id=topic.record_id)
    last = rows.filter(pk=after).values_list("sort", flat=True).first() if after is not None else None
    if last is not None:
        rows = rows.filter(Q(sort__gt=last) | Q(sort=last, id__gt=after))
    found = [Line(*row) for row in rows.order_by("sort", "id").values_list(*_LINE)[: PAGE + 1]]
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def text_at(workspace: Workspace, language: str, slug: str) -> Shelved | None:
    """The text at an address."""
    return _open(workspace).filter(language=language, slug=slug).first()


Heard = Callable[[Workspace, UUID, UUID], None]
_heard: list[Heard] = []


def on_read(callback: Heard) -> Heard:
    """Hear that a signed-in customer opened a text (decorator): workspace, person, record. Nothing of it is kept here."""
    _heard.append(callback)
    return callback


def tell_read(workspace: Workspace, person_id: UUID, record_id: UUID) -> None:
    """Tell whoever asked."""
    for callback in _heard:
        callback(workspace, person_id, record_id)


def search(workspace: Workspace, language: str, text: str) -> list[Found]:
    """What was found for some words."""
    return find(workspace.pk, AUDIENCES, language, text, limit=20)


def fits(workspace: Workspace, language: str, text: str) -> list[Found]:
    """What fits what somebody is writing."""
    return fitting(workspace.pk, AUDIENCES, language, text, limit=4)
