"""A form as a record, what visitors see of it, and what they sent."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.engines.publishing.kind import MarkdownField
from rapport.engines.webforms.registry import kinds_of_forms
from rapport.kernel.ids import new_id
from rapport.kernel.records.model import Record, record_indexes


class WebForm(Record):
    """Questions for visitors, and what becomes of the answers."""

    PURPOSES = [("newsletter", _("Newsletter")), ("product_news", _("Product news")), ("other", _("Other"))]

    name = models.CharField(_("name"), max_length=120)
    is_open = models.BooleanField(_("open"), default=False)
    intro = MarkdownField(_("text above"))
    makes = models.CharField(
        _("what becomes of it"), max_length=40, choices=kinds_of_forms, default="lead",
        help_text=_("Somebody who is known is joined in either case."),
    )  # fmt: skip
    place = models.CharField(
        _("goes to"), max_length=80, blank=True, help_text=_("For tickets: the name of the queue; empty is the first one.")
    )
    asks = models.TextField(
        _("questions"), default="name*\nemails*\nnote",
        help_text=_("One field a line, by its key. A star makes it required; your words stand after a colon: emails*: E-mail"),
    )  # fmt: skip
    button = models.CharField(_("word on the button"), max_length=40, blank=True)
    thanks = MarkdownField(_("text after sending"))
    consent_text = models.TextField(
        _("consent"), blank=True, help_text=_("What the visitor may agree to, in your words. Empty asks for none.")
    )
    consent_for = models.CharField(_("consent is for"), max_length=12, choices=PURPOSES, default="other")
    is_confirmed_by_mail = models.BooleanField(
        _("confirm by e-mail"), default=True, help_text=_("Nothing is taken before the sender opened a link in a mail.")
    )
    campaign = models.CharField(_("campaign"), max_length=80, blank=True)
    sites = models.TextField(
        _("may stand on"), blank=True, help_text=_("Web sites that may show it in a frame, one a line: https://www.example.com")
    )
    language = models.CharField(_("language"), max_length=10, blank=True, help_text=_("A code such as de; empty is yours."))

    class Meta(Record.Meta):
        app_label = "webforms"
        verbose_name, verbose_name_plural = _("web form"), _("web forms")
        indexes = record_indexes("webform", "is_open")


class PublicForm(models.Model):
    """What visitors are shown of a form: a copy, made in the write that changed it. Strangers are shown this row alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    record_id = models.UUIDField()
    #: Its place among the addresses, drawn by chance: /form/<key>.
    key = models.CharField(max_length=32, unique=True)
    is_open = models.BooleanField(default=False)
    shown = models.JSONField(default=dict)

    class Meta:
        app_label = "webforms"
        constraints = [models.UniqueConstraint(fields=["workspace", "record_id"], name="publicform_once")]


class Submission(models.Model):
    """What one visitor sent. Its values are dropped as soon as they became a record, or nobody confirmed them."""

    STATES = [
        ("waiting", _("Waits for the link in the mail")), ("received", _("About to be taken")), ("done", _("Taken")),
        ("failed", _("Could not be taken")),
    ]  # fmt: skip

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    form_id = models.UUIDField()
    state = models.CharField(max_length=8, choices=STATES)
    values = models.JSONField(default=dict)
    has_consent = models.BooleanField(default=False)
    #: Known again when the same is sent twice; a keyed hash, of which nothing can be read.
    digest = models.CharField(max_length=64)
    source = models.CharField(max_length=80, blank=True)
    campaign = models.CharField(max_length=80, blank=True)
    sent_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    made_type = models.CharField(max_length=40, blank=True)
    made_id = models.UUIDField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "webforms"
        indexes = [
            models.Index(fields=["workspace", "form_id", "-sent_at"], name="submission_form_ix"),
            models.Index(fields=["workspace", "form_id", "digest"], name="submission_digest_ix"),
            models.Index(fields=["workspace", "state", "sent_at"], name="submission_state_ix"),
        ]
