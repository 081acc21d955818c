"""A chat on a company's web site, as a record. Conversations in it are tickets."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.kernel.records.model import Record, record_indexes


class ChatWidget(Record):
    """A button on web sites behind which visitors write to a queue."""

    SIDES = [("right", _("Right")), ("left", _("Left"))]

    name = models.CharField(_("name"), max_length=80, help_text=_("Stands above the conversation; visitors read it."))
    is_open = models.BooleanField(_("switched on"), default=False)
    queue = models.ForeignKey(
        "service.Queue", models.PROTECT, related_name="chats", verbose_name=_("queue"),
        help_text=_("Its members answer, within the hours of its service level."),
    )  # fmt: skip
    greeting = models.TextField(_("greeting"), blank=True, max_length=500, help_text=_("Said before the visitor writes."))
    away = models.TextField(
        _("when nobody is here"), blank=True, max_length=500,
        help_text=_("Said when nobody of the queue is here; the visitor may leave a message with an e-mail address."),
    )  # fmt: skip
    label = models.CharField(_("word on the button"), max_length=30, blank=True)
    color = models.CharField(_("colour"), max_length=7, blank=True, help_text=_("Such as #0f5e59; empty is ours."))
    side = models.CharField(_("side"), max_length=5, choices=SIDES, default="right")
    privacy_url = models.URLField(
        _("privacy page"), max_length=300, blank=True,
        help_text=_("Visitors agree to it before they write; empty asks for none."),
    )  # fmt: skip
    sites = models.TextField(
        _("may stand on"), blank=True, help_text=_("Web sites that may show it, one a line: https://www.example.com")
    )
    language = models.CharField(_("language"), max_length=10, blank=True, help_text=_("A code such as de; empty is yours."))

    class Meta(Record.Meta):
        app_label = "service"
        verbose_name, verbose_name_plural = _("chat"), _("chats")
        indexes = record_indexes("chatwidget", "queue", "is_open")
