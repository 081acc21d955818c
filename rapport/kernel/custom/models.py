"""Definitions of the company's own fields: rows that become Fields."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.records.model import ALIVE, Record, record_indexes


class CustomField(Record):
    """A field a company added to a record type. Its values live in the record's `custom` JSON under `key`.

    Deleting the definition hides the field at once; the values stay until they are purged.
    """

    label = models.CharField(_("label"), max_length=80)
    on_type = models.CharField(_("record type"), max_length=40)
    #: Always starts with "c_", so that no upgrade of Rapport can clash with it.
    key = models.CharField(_("key"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=30)
    choices = models.TextField(_("choices"), blank=True, help_text=_("One per line, for choice fields."))
    is_required = models.BooleanField(_("required"), default=False)
    field_group = models.CharField(_("field group"), max_length=60, blank=True)
    position = models.PositiveIntegerField(_("position"), default=100)

    class Meta(Record.Meta):
        app_label = "kernel"
        verbose_name, verbose_name_plural = _("custom field"), _("custom fields")
        indexes = record_indexes("customfield")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "on_type", "key"], condition=ALIVE & ~Q(key=""), name="customfield_key_once"
            )
        ]
