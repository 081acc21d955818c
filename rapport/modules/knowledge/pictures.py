"""Pictures in articles: a text names an uploaded file, the write that says so keeps it, and it stays for every version."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _t

from rapport.engines.publishing.markdown import picture_keys, pictures_under
from rapport.kernel.errors import Invalid
from rapport.kernel.files.reach import attachable_file
from rapport.kernel.files.sniffing import SHOWN_INSIDE
from rapport.modules.knowledge.models import Article, ArticlePicture

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

MOST = 50


def check_pictures(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """Each is an upload of the writer's, or one that they may see; a key alone brings nothing of others into a text."""
    keys = picture_keys(str(values.get("body") or ""))
    if len(keys) > MOST:
        raise Invalid(_t("An article shows at most %(most)d pictures.") % {"most": MOST}, field="body")
    there = _held(ctx, record.pk) if record is not None and keys else set()
    for key in keys:
        facts = None if key in there else attachable_file(ctx, key)
        if key not in there and (facts is None or facts.get("type") not in SHOWN_INSIDE):
            raise Invalid(_t("A picture is not here, or is none (PNG, JPEG, GIF and WebP are); put it in again."), field="body")


def keep_pictures(ctx: Context, written: list[Written]) -> None:
    """What a text begins to show hangs on the article from then on, whatever later versions show (an effect)."""
    system = ctx.as_system("pictures")
    for one in written:
        article = one.record
        if not isinstance(article, Article) or one.verb not in ("create", "update") or not one.changed("body"):
            continue
        keys = picture_keys(article.body)
        there = _held(ctx, article.pk) if keys else set()
        for key in keys:
            facts = attachable_file(system, key) if key not in there else None
            if facts is not None:
                system.create("article_picture", article=article.pk, name=str(facts["name"])[:255], file=facts)


def shown_inside(article: Article) -> dict[str, str]:
    """For colleagues: as files of the article, behind its gate."""
    found = pictures_under("/file/", picture_keys(article.body))
    return {name: f"{address}?inside=1" for name, address in found.items()}


def _held(ctx: Context, article_id: UUID) -> set[str]:
    rows = ArticlePicture.objects.filter(workspace_id=ctx.workspace.pk, article_id=article_id, deleted_at=None)
    return {str(one.get("key")) for one in rows.values_list("file", flat=True) if one}
