"""What the company knows: topics and the articles in them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.engines.publishing.kind import MarkdownField
from rapport.engines.publishing.models import AUDIENCES
from rapport.kernel.kinds import TagsField
from rapport.kernel.kinds.file import FileField
from rapport.kernel.records.model import Record, record_indexes

#: Languages that articles may be written in, each in its own words.
LANGUAGES = [
    ("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español"), ("it", "Italiano"), ("pt", "Português"),
    ("nl", "Nederlands"), ("da", "Dansk"), ("sv", "Svenska"), ("nb", "Norsk bokmål"), ("fi", "Suomi"), ("pl", "Polski"),
    ("cs", "Čeština"), ("sk", "Slovenčina"), ("hu", "Magyar"), ("ro", "Română"), ("bg", "Български"), ("el", "Ελληνικά"),
    ("tr", "Türkçe"), ("uk", "Українська"), ("ga", "Gaeilge"), ("ar", "العربية"), ("he", "עברית"), ("hi", "हिन्दी"),
    ("ja", "日本語"), ("ko", "한국어"), ("zh", "中文"),
]  # fmt: skip


class Topic(Record):
    """What articles are sorted under. Topics nest."""

    name = models.CharField(_("name"), max_length=120)
    summary = models.CharField(_("in a sentence"), max_length=300, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="topics", verbose_name=_("part of"))
    position = models.PositiveIntegerField(_("position"), default=100)
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="en")
    translation_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="translations", verbose_name=_("translation of")
    )

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("topic"), _("topics")
        indexes = record_indexes("topic", "position", "parent", "translation_of")


class Article(Record):
    """A piece of help: a question answered, a way described. What readers see is its published version."""

    STATES = [
        ("draft", _("Draft")), ("review", _("In review")), ("published", _("Published")), ("retired", _("Retired")),
    ]  # fmt: skip

    title = models.CharField(_("title"), max_length=200)
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True, related_name="articles", verbose_name=_("topic"))
    summary = models.CharField(_("in a sentence"), max_length=300, blank=True)
    body = MarkdownField(_("text"))
    audience = models.CharField(_("for"), max_length=10, choices=AUDIENCES, default="internal")
    state = models.CharField(_("state"), max_length=10, choices=STATES, default="draft")
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="en")
    translation_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="translations", verbose_name=_("translation of")
    )
    review_on = models.DateField(_("review on"), null=True, blank=True)
    keywords = TagsField(_("also found by"), blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    published_version = models.PositiveIntegerField(_("version"), null=True, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("article"), _("articles")
        indexes = record_indexes(
            "article",
            "review_on",
            "published_at",
            ("state", "review_on"),
            ("state", "title_key"),
            "topic",
            "translation_of",
        )


class ArticlePicture(Record):
    """A picture that an article shows, or showed in a version of before."""

    article = models.ForeignKey(Article, models.PROTECT, related_name="pictures", verbose_name=_("article"))
    name = models.CharField(_("name"), max_length=255)
    file = FileField(_("file"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name, verbose_name_plural = _("picture"), _("pictures")
        indexes = record_indexes("articlepicture", "article")
