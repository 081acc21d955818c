"""What topics and articles mean, and how the shelf follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.publishing.shelf import follow, put_topic, take_off, take_topics
from rapport.engines.publishing.versioned import register_versioned
from rapport.kernel.changes.written import Written
from rapport.kernel.errors import Invalid
from rapport.kernel.records.declare import RecordType, Related, Section, Use
from rapport.kernel.records.registry import record_type
from rapport.modules.knowledge.models import Article, ArticlePicture, Topic
from rapport.modules.knowledge.pictures import check_pictures, keep_pictures

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: What versions keep of an article.
TEXTS = ("title", "summary", "body", "keywords")
register_versioned("article", TEXTS)
_DEEPEST = 6
_VERBS = "submit:all publish:all send_back:all retire:all rewrite:all use:all"
_LANGUAGE = {"language": Use(default=lambda ctx: _language_of(ctx))}


def _language_of(ctx: Context) -> str:
    """A new text is in the language of the workspace, if that is one of those offered."""
    short = ctx.workspace.language.split("-")[0]
    return short if short in dict(Topic._meta.get_field("language").choices or ()) else "en"


def check_topic(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A topic stands in no ring and not too deep, and translates one of another language."""
    at, steps = values.get("parent"), 0
    while isinstance(at, UUID):
        steps += 1
        if (record is not None and at == record.pk) or steps > _DEEPEST:
            raise Invalid(_t("A topic cannot be part of itself or of one of its own parts, and at most 6 deep."), field="parent")
        at = Topic.objects.filter(pk=at).values_list("parent_id", flat=True).first()
    _check_translation(Topic, record, values)


def check_article(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A translation is of another language, and of an original."""
    _check_translation(Article, record, values)


def _check_translation(model: type[Topic] | type[Article], record: Record | None, values: dict[str, object]) -> None:
    wanted = values.get("translation_of")
    if not isinstance(wanted, UUID):
        return
    language = values.get("language") or getattr(record, "language", None)
    found = model.objects.filter(pk=wanted).values_list("language", "translation_of_id").first()
    if (record is not None and wanted == record.pk) or (found and found[1]):
        raise Invalid(_t("Choose the original here, not another translation."), field="translation_of")
    if found and found[0] == language:
        raise Invalid(_t("A translation is in another language than its original."), field="translation_of")


def keep_topics(ctx: Context, written: list[Written]) -> None:
    """The shelf has every topic as it is; which of them are shown follows from what stands in them."""
    for one in written:
        topic = one.record
        assert isinstance(topic, Topic)
        if topic.deleted_at is not None:
            take_topics(ctx, [topic.pk])
            continue
        put_topic(
            ctx, topic.pk, name=topic.name, summary=topic.summary, language=topic.language, parent_id=topic.parent_id,
            group_id=topic.translation_of_id or topic.pk, position=topic.position,
        )  # fmt: skip


def keep_shelf(ctx: Context, written: list[Written]) -> None:
    """What is no longer published, or in the bin, is shown to nobody; fewer readers and another topic hold at once."""
    gone = [one.record.pk for one in written if not _is_shown(one.record) and one.verb != "create"]
    if gone:
        take_off(ctx, gone)
    for one in written:
        article = one.record
        assert isinstance(article, Article)
        if _is_shown(article) and one.changed("audience", "topic", "translation_of"):
            follow(
                ctx, article.pk, audience=article.audience, topic_id=article.topic_id,
                group_id=article.translation_of_id or article.pk,
            )  # fmt: skip


def _is_shown(record: Record) -> bool:
    return isinstance(record, Article) and record.state == "published" and record.deleted_at is None


@record_type
class TopicType(RecordType):
    """What articles are sorted under."""

    model, key, title = Topic, "topic", "name"
    search = ["name"]
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True), **_LANGUAGE}
    list_columns = ["name", "parent", "position", "language", "summary"]
    page = [
        Section(_("Topic"), "name", "summary", "parent", "position", "language", "translation_of"),
        Related("article", "topic", ["title", "state", "audience", "updated_at"]),
        Related("topic", "parent", ["name", "position"], _("Topics in it")),
    ]
    views = {_("All topics"): "| position"}
    grants = {
        "management": "*:all", "support": "*:all", "sales": "view:all", "marketing": "*:all", "back_office": "view:all",
    }  # fmt: skip
    menu = ("settings", "folder-tree")
    checks = (check_topic,)
    effects = (keep_topics,)


@record_type
class ArticleType(RecordType):
    """A piece of help, for the team, for customers, or for everyone."""

    model, key, title = Article, "article", "title"
    search = ["title", "keywords", "summary", "body"]
    uses = {
        "state": Use(by_action=("submit", "publish", "send_back", "retire", "rewrite"),
                     hues={"draft": "grey", "review": "info", "published": "ok", "retired": "warn"}),
        "audience": Use(hues={"internal": "grey", "portal": "info", "public": "acc"}),
        "published_at": Use(by_action="publish"), "published_version": Use(by_action="publish"),
        "owner": Use(default="me"), **_LANGUAGE,
    }  # fmt: skip
    list_columns = ["title", "topic", "audience", "state", "language", "owner", "review_on", "updated_at"]
    page = [
        Section(_("Article"), "state", "audience", "topic", "language", "translation_of", "review_on", "owner", "team"),
        Section(_("What it says"), "summary", "body", "keywords"),
        Section(_("More"), "published_at", "published_version"),
        Related("article", "translation_of", ["title", "language", "state"], _("Translations")),
    ]
    views = {
        _("All articles"): "| title",
        _("Due for review"): "state is published and review_on <= today | review_on",
        _("Waiting for review"): "state is review | -updated_at",
        _("Drafts"): "state is draft | -updated_at",
        _("Published"): "state is published | title",
    }
    grants = {
        "management": "*:all",
        "support": f"view:all create edit:all delete:own {_VERBS} export:all import:own",
        "sales": "view:all use:all",
        "marketing": f"view:all create edit:all delete:own {_VERBS}",
        "back_office": "view:all create edit:own submit:own use:all",
    }
    menu = ("service", "book-open")
    checks = (check_article, check_pictures)
    effects = (keep_shelf, keep_pictures)


@record_type
class ArticlePictureType(RecordType):
    """A picture in an article."""

    model, key, title = ArticlePicture, "article_picture", "name"
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}
    list_columns = ["article", "name", "file"]
    page = [Section(_("Picture"), "article", "name", "file")]
    under = "article"
