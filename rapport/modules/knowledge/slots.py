"""What a record page shows of an article: the article itself, and what readers say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from rapport.engines.publishing import opinions
from rapport.engines.publishing.markdown import render
from rapport.engines.publishing.models import Shelved, Version
from rapport.engines.publishing.shelf import on_shelf
from rapport.engines.publishing.sites import site_of
from rapport.kernel.access import gate
from rapport.kernel.slots import Panel, slot
from rapport.modules.knowledge.actions import piece_of
from rapport.modules.knowledge.models import Article
from rapport.modules.knowledge.pictures import shown_inside

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo


@slot("record.reading", type_key="article")
def reading(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The article as it reads, whether readers see this very text, and where."""
    if not isinstance(record, Article) or info is None:
        return None
    seen = gate.fields(ctx, info)
    if "body" not in seen:
        return None
    shelved = on_shelf(ctx, record.pk)
    values = {
        "article": record, "html": render(record.body, shown_inside(record)), "shelved": shelved,
        "is_older": _differs(ctx, record, shelved),
        "address": _address(ctx, shelved), "may_see_summary": "summary" in seen,
        "url": info.record_url(record.pk),
    }  # fmt: skip
    return Panel(_("Article"), "knowledge/reading.html", values)


def _differs(ctx: Context, article: Article, shelved: Shelved | None) -> bool:
    """Whether the text was changed since it was published."""
    if shelved is None:
        return False
    rows = Version.objects.filter(workspace_id=ctx.workspace.pk, record_id=article.pk, number=shelved.version)
    texts = rows.values_list("texts", flat=True).first()
    return texts != dict(piece_of(article, article.audience).texts)


def _address(ctx: Context, shelved: Shelved | None) -> str:
    """Where everybody can read it."""
    if shelved is None or shelved.audience != "public":
        return ""
    site = site_of(ctx.workspace)
    return f"/help/{quote(site.slug)}/{shelved.language}/article/{quote(shelved.slug)}" if site.is_on else ""


@slot("record.aside", type_key="article", order=20)
def readers(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """How often it helped, was opened and used, and what readers wrote."""
    if not isinstance(record, Article) or record.published_version is None:
        return None
    values = {
        "tally": opinions.tally(ctx.workspace.pk, record.pk), "said": opinions.said(ctx.workspace.pk, record.pk),
    }  # fmt: skip
    return Panel(_("Readers"), "knowledge/readers.html", values)
