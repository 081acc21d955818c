"""What one does with an article: hand it in, publish it, send it back, retire it, write it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.publishing.models import AUDIENCES
from rapport.engines.publishing.shelf import Piece
from rapport.engines.publishing.shelf import publish as put_on_shelf
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.choice import ChoiceKind
from rapport.modules.knowledge.models import Article
from rapport.modules.knowledge.records import TEXTS, ArticleType
from rapport.modules.knowledge.suggesting import note_used

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@action(ArticleType, _("Hand in for review"), when="state is draft", icon="send")
def submit(ctx: Context, article: Article) -> None:
    """Ask somebody who may publish to read it."""
    _demand_text(article)
    ctx.write(article, state="review")


@action(ArticleType, _("Publish"), icon="globe", primary=True)
def publish(
    ctx: Context,
    article: Article,
    *,
    audience: str | None = Input(ChoiceKind, _("for (empty: as it says)"), required=False, options={"choices": AUDIENCES}),
) -> None:
    """Show the text as it stands to its readers, as a new version."""
    _demand_text(article)
    readers = audience or article.audience
    ctx.write(article, state="published", audience=readers, published_at=ctx.format.now)
    number = put_on_shelf(ctx, piece_of(article, readers))
    ctx.write(article, published_version=number)


@action(ArticleType, _("Send back"), when="state is review", icon="undo-2")
def send_back(ctx: Context, article: Article) -> None:
    """It is not ready; it becomes a draft again."""
    ctx.write(article, state="draft")


@action(ArticleType, _("Retire"), when="state is published", icon="archive", danger=True)
def retire(ctx: Context, article: Article) -> None:
    """Show it to nobody any more; its versions stay."""
    ctx.write(article, state="retired")


@action(ArticleType, _("Write anew"), when="state is retired", icon="pen-line")
def rewrite(ctx: Context, article: Article) -> None:
    """Make a retired article a draft again."""
    ctx.write(article, state="draft")


@action(ArticleType, _("Used in an answer"), when="state is published", icon="message-square-text")
def use(ctx: Context, article: Article) -> None:
    """Count that somebody was answered with it."""
    note_used(ctx, article.pk)


def piece_of(article: Article, audience: str) -> Piece:
    """What readers are to see of an article."""
    return Piece(
        type="article", record_id=article.pk, audience=audience, language=article.language,
        group_id=article.translation_of_id or article.pk, topic_id=article.topic_id, title=article.title,
        summary=article.summary, body=article.body, keywords=" ".join(article.keywords or ()),
        texts={key: getattr(article, key) or ("" if key != "keywords" else []) for key in TEXTS},
    )  # fmt: skip


def _demand_text(article: Article) -> None:
    if not article.body.strip():
        raise Invalid(_t("Write the text first; there is nothing to read yet."), field="body")
