"""The narrow reader: all that people outside are ever shown comes through here, from the shelf and from nowhere else.

It takes no viewer and knows no records. Each question names the workspace and the audience, in `_open`, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from rapport.engines.publishing.models import PublicSite, ShelfTopic, Shelved

PAGE = 40
MOST_TOPICS = 300
_LINE = ("id", "record_id", "slug", "title", "summary", "topic_id")


@dataclass(frozen=True)
class Line:
    """A text in a list."""

    id: int
    record_id: UUID
    slug: str
    title: str
    summary: str
    topic_id: UUID | None


@dataclass(frozen=True)
class TopicLine:
    """A topic with those below it."""

    topic: ShelfTopic
    below: list[TopicLine]
    has_texts: bool


def _open(site: PublicSite) -> QuerySet[Shelved]:
    """What everybody may read in this workspace."""
    return Shelved.objects.filter(workspace_id=site.workspace_id, audience="public")


def text_at(site: PublicSite, language: str, slug: str) -> Shelved | None:
    """The text at an address."""
    return _open(site).filter(language=language, slug=slug).first()


def text_of(site: PublicSite, record_id: UUID) -> Shelved | None:
    """The text of a record."""
    return _open(site).filter(record_id=record_id).first()


def translations(site: PublicSite, text: Shelved) -> list[tuple[str, str]]:
    """(language, slug) of a text in all its languages, itself among them."""
    rows = _open(site).filter(group_id=text.group_id).order_by("language", "id")
    return list(rows.values_list("language", "slug")[:50])


def newest(site: PublicSite, language: str, limit: int = 8) -> list[Line]:
    """What was published last."""
    rows = _open(site).filter(language=language).order_by("-published_at")
    return [Line(*row) for row in rows.values_list(*_LINE)[:limit]]


def without_topic(site: PublicSite, language: str, limit: int = PAGE) -> list[Line]:
    """Texts that stand in no topic."""
    rows = _open(site).filter(language=language, topic_id=None).order_by("sort", "id")
    return [Line(*row) for row in rows.values_list(*_LINE)[:limit]]


def in_topic(site: PublicSite, topic: ShelfTopic, after: int | None = None) -> tuple[list[Line], int | None]:
    """A page of the texts of a topic, by title; the second value is what the next page begins after."""
    rows = _open(site).filter(language=topic.language, topic_id=topic.record_id)
    if after is not None:
        last = rows.filter(pk=after).values_list("sort", flat=True).first()
        if last is not None:
            rows = rows.filter(Q(sort__gt=last) | Q(sort=last, id__gt=after), sort__gte=last)
    found = [Line(*row) for row in rows.order_by("sort", "id").values_list(*_LINE)[: PAGE + 1]]
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def topics(site: PublicSite, language: str) -> list[TopicLine]:
    """The topics of a language, as a tree, without those in which nothing stands that everybody may read."""
    filled = _open(site).filter(language=OuterRef("language"), topic_id=OuterRef("record_id"))
    rows = ShelfTopic.objects.filter(workspace_id=site.workspace_id, language=language).annotate(filled=Exists(filled))
    by_parent: dict[UUID | None, list[ShelfTopic]] = {}
    known = list(rows.order_by("position", "name", "id")[:MOST_TOPICS])
    there = {one.record_id for one in known}
    for one in known:
        by_parent.setdefault(one.parent_id if one.parent_id in there else None, []).append(one)
    return _tree(by_parent, None, 0)


def _tree(by_parent: dict[UUID | None, list[ShelfTopic]], parent: UUID | None, depth: int) -> list[TopicLine]:
    if depth > 8:
        return []
    found = []
    for one in by_parent.get(parent, []):
        line = TopicLine(one, _tree(by_parent, one.record_id, depth + 1), one.filled)  # type: ignore[attr-defined]
        if line.has_texts or line.below:
            found.append(line)
    return found


def find_topic(tree: list[TopicLine], *, slug: str = "", record_id: UUID | None = None) -> list[TopicLine]:
    """The way to a topic through the tree, itself last; empty when it is not there."""
    for one in tree:
        if one.topic.slug == slug or (record_id is not None and one.topic.record_id == record_id):
            return [one]
        if below := find_topic(one.below, slug=slug, record_id=record_id):
            return [one, *below]
    return []


def map_of(site: PublicSite, most: int = 50_000) -> list[tuple[str, str, object]]:
    """(language, slug, day of publishing) of every public text: what a site map tells search engines."""
    rows = _open(site).order_by("language", "-published_at").values_list("language", "slug", "published_at")
    return list(rows[:most])
