"""Putting texts on the shelf and taking them off, in the transaction that writes their record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.text import slugify

from rapport.engines.publishing.markdown import picture_keys, pictures_under, plain, render
from rapport.engines.publishing.models import ShelfPicture, ShelfTopic, ShelfWord, Shelved, Tally, Version, narrower
from rapport.engines.publishing.sites import shelf_changed
from rapport.engines.publishing.words import weighed
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

LONGEST_SLUG = 80
#: Where pictures lie in a text on the shelf; whoever shows it puts the place of its own pages there (`shown_at`).
PICTURES = "/picture/"


def shown_at(html: str, base: str) -> str:
    """A text of the shelf with its pictures below an address. Signs of a text are escaped, so this meets pictures only."""
    return html.replace(f'src="{PICTURES}', f'src="{base}')


def picture_on_shelf(workspace_id: UUID, key: str, audiences: Sequence[str]) -> bool:
    """Whether a text that these may read shows the picture now."""
    texts = ShelfPicture.objects.filter(workspace_id=workspace_id, key=key).values("record_id")
    return Shelved.objects.filter(workspace_id=workspace_id, record_id__in=texts, audience__in=audiences).exists()


@dataclass(frozen=True)
class Piece:
    """A text to be published: what readers will see, for whom, and where it stands."""

    type: str
    record_id: UUID
    audience: str
    language: str
    group_id: UUID
    topic_id: UUID | None
    title: str
    summary: str
    body: str
    keywords: str = ""
    #: What a version keeps: the texts by field key.
    texts: Mapping[str, object] = field(default_factory=dict)


def publish(ctx: Context, piece: Piece) -> int:
    """Show this text to its readers from now on; returns the number of the version, a new one if the texts changed."""
    number = _version(ctx, piece)
    here = Shelved.objects.filter(workspace_id=ctx.workspace.pk, record_id=piece.record_id)
    old = here.first()
    keys = picture_keys(piece.body)
    slug = old.slug if old and old.language == piece.language else _free_slug(ctx, Shelved, piece.language, piece.title)
    values = {
        "type": piece.type, "group_id": piece.group_id, "topic_id": piece.topic_id, "audience": piece.audience,
        "published_for": piece.audience, "language": piece.language, "slug": slug, "sort": fold(piece.title)[:200],
        "title": piece.title, "summary": piece.summary, "version": number,
        "html": str(render(piece.body, pictures_under(PICTURES, keys))),
        "published_at": dt.datetime.now(dt.UTC),
    }  # fmt: skip
    if old:
        here.update(**values)
    else:
        Shelved.objects.create(workspace_id=ctx.workspace.pk, record_id=piece.record_id, **values)
        Tally.objects.bulk_create([Tally(workspace_id=ctx.workspace.pk, record_id=piece.record_id)], ignore_conflicts=True)
    _index(ctx, piece)
    _hang(ctx, piece.record_id, keys)
    shelf_changed(ctx.workspace)
    return number


def _hang(ctx: Context, record_id: UUID, keys: Iterable[str]) -> None:
    """The pictures of the text as it is shown now, in the place of those of before."""
    ShelfPicture.objects.filter(workspace_id=ctx.workspace.pk, record_id=record_id).delete()
    rows = [ShelfPicture(workspace_id=ctx.workspace.pk, record_id=record_id, key=key) for key in keys]
    ShelfPicture.objects.bulk_create(rows)


def _version(ctx: Context, piece: Piece) -> int:
    rows = Version.objects.filter(workspace_id=ctx.workspace.pk, record_id=piece.record_id)
    last = rows.order_by("-number").first()
    if last and last.texts == dict(piece.texts) and last.audience == piece.audience:
        return last.number
    number = last.number + 1 if last else 1
    Version.objects.create(
        workspace_id=ctx.workspace.pk, type=piece.type, record_id=piece.record_id, number=number,
        texts=dict(piece.texts), audience=piece.audience, published_at=ctx.format.now, by_id=ctx.actor_id,
    )  # fmt: skip
    return number


def _index(ctx: Context, piece: Piece) -> None:
    words = ShelfWord.objects.filter(workspace_id=ctx.workspace.pk, record_id=piece.record_id)
    words.delete()
    found = weighed(piece.title, piece.keywords, piece.summary, plain(piece.body))
    ShelfWord.objects.bulk_create(
        [
            ShelfWord(
                workspace_id=ctx.workspace.pk, audience=piece.audience, language=piece.language, word=word,
                weight=weight, record_id=piece.record_id,
            )
            for word, weight in found.items()
        ],
        batch_size=500,
    )  # fmt: skip


def follow(ctx: Context, record_id: UUID, *, audience: str, topic_id: UUID | None, group_id: UUID) -> None:
    """What was decided after publishing and shows no new text: where it stands, and that fewer people may read it.

    More people never read by this what was published for fewer: that takes publishing it again.
    """
    rows = Shelved.objects.filter(workspace_id=ctx.workspace.pk, record_id=record_id)
    old = rows.first()
    if old is None:
        return
    wanted = narrower(audience, old.published_for)
    if (old.audience, old.topic_id, old.group_id) == (wanted, topic_id, group_id):
        return
    rows.update(audience=wanted, topic_id=topic_id, group_id=group_id)
    ShelfWord.objects.filter(workspace_id=ctx.workspace.pk, record_id=record_id).update(audience=wanted)
    shelf_changed(ctx.workspace)


def take_off(ctx: Context, record_ids: Iterable[UUID]) -> None:
    """Show these to nobody any more; their versions and what was said of them stay."""
    ids = list(record_ids)
    gone, _by_model = Shelved.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=ids).delete()
    if gone:
        ShelfWord.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=ids).delete()
        ShelfPicture.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=ids).delete()
        shelf_changed(ctx.workspace)


def put_topic(
    ctx: Context, record_id: UUID, *, name: str, summary: str, language: str, parent_id: UUID | None, group_id: UUID,
    position: int,
) -> None:  # fmt: skip
    """Keep a topic on the shelf as its record is; its address stays when it is renamed."""
    rows = ShelfTopic.objects.filter(workspace_id=ctx.workspace.pk, record_id=record_id)
    old = rows.first()
    slug = old.slug if old and old.language == language else _free_slug(ctx, ShelfTopic, language, name)
    values = {
        "name": name, "summary": summary, "language": language, "parent_id": parent_id, "group_id": group_id,
        "position": position, "slug": slug,
    }  # fmt: skip
    if not rows.update(**values):
        ShelfTopic.objects.create(workspace_id=ctx.workspace.pk, record_id=record_id, **values)
    shelf_changed(ctx.workspace)


def take_topics(ctx: Context, record_ids: Iterable[UUID]) -> None:
    """Topics that are no more; what stood in them stands in none."""
    ids = list(record_ids)
    if ShelfTopic.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=ids).delete()[0]:
        shelf_changed(ctx.workspace)


def _free_slug(ctx: Context, model: type[Shelved] | type[ShelfTopic], language: str, title: str) -> str:
    """A readable name for the address that nothing else of this language has."""
    wanted = slugify(fold(title), allow_unicode=True)[:LONGEST_SLUG].strip("-") or "text"
    rows = model.objects.filter(workspace_id=ctx.workspace.pk, language=language)
    taken = set(rows.filter(slug__startswith=wanted).values_list("slug", flat=True)[:1000])
    if wanted not in taken:
        return wanted
    return next(f"{wanted}-{n}" for n in range(2, 2000) if f"{wanted}-{n}" not in taken)


def on_shelf(ctx: Context, record_id: UUID) -> Shelved | None:
    """What readers see of a record now."""
    return Shelved.objects.filter(workspace_id=ctx.workspace.pk, record_id=record_id).first()


def versions(ctx: Context, record_id: UUID) -> list[Version]:
    """Every published version of a record, the newest first."""
    return list(Version.objects.filter(workspace_id=ctx.workspace.pk, record_id=record_id).order_by("-number")[:500])
