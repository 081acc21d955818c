"""Definitions of the company's own fields: rows that become Fields."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.kinds.base import all_kinds
from rapport.kernel.records.model import ALIVE, KeyField, Record, record_indexes


def kinds() -> list[tuple[str, object]]:
    """The kinds that a field may have, with their names."""
    return [(key, cls.label) for key, cls in all_kinds().items() if cls.custom]


class RollUp(models.TextChoices):
    """What a roll-up makes of the records that point here."""

    COUNT = "count", _("Their number")
    SUM = "sum", _("The sum")
    MIN = "min", _("The smallest")
    MAX = "max", _("The largest")
    LAST = "last", _("The newest")


class CustomField(Record):
    """A field a company added to a record type. Its values live in the record's `custom` JSON under `key`.

    Deleting the definition hides the field at once; the values stay until they are purged.
    """

    label = models.CharField(_("label"), max_length=80)
    on_type = models.CharField(_("record type"), max_length=40)
    #: Always starts with "c_", so that no upgrade of Rapport can clash with it.
    key = models.CharField(_("key"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=30, choices=kinds)
    choices = models.TextField(_("choices"), blank=True, help_text=_("One per line, for choice fields."))
    is_required = models.BooleanField(_("required"), default=False)
    field_group = models.CharField(_("field group"), max_length=60, blank=True)
    position = models.PositiveIntegerField(_("position"), default=100)
    help_text = models.CharField(_("help text"), max_length=200, blank=True)
    #: The key of the type that a reference points at.
    to_type = models.CharField(
        _("points at"), max_length=40, blank=True, help_text=_("For references: the key of a record type.")
    )
    decimals = models.PositiveSmallIntegerField(_("decimals"), null=True, blank=True, help_text=_("For numbers."))
    minimum = models.BigIntegerField(_("smallest"), null=True, blank=True)
    maximum = models.BigIntegerField(_("largest"), null=True, blank=True)
    #: As a person would type it; "me" and "today" mean what they say.
    default_text = models.CharField(_("value of a new record"), max_length=500, blank=True)
    is_unique = models.BooleanField(_("every value once"), default=False)
    is_fast = models.BooleanField(
        _("sorted and filtered often"), default=False, help_text=_("Keeps an index, so that lists can be sorted by it.")
    )
    #: The index is complete: what stood there before has been read.
    is_indexed = models.BooleanField(default=False, editable=False)
    #: Where its values stand since its kind was changed; empty is its key.
    slot = models.CharField(max_length=60, blank=True, editable=False)
    #: It was deleted long ago, and its values with it.
    is_purged = models.BooleanField(default=False, editable=False)
    in_search = models.BooleanField(_("found by the search"), default=False)
    show_when = models.TextField(_("shown when"), blank=True, help_text=_("A filter, as above a list; empty is always."))
    require_when = models.TextField(_("needed when"), blank=True, help_text=_("A filter, as above a list."))
    formula = models.TextField(
        _("formula"), blank=True, help_text=_("Calculated from other fields, such as: amount * probability / 100")
    )
    roll_up = models.CharField(_("rolls up"), max_length=5, blank=True, choices=RollUp.choices)
    of_type = models.CharField(_("of these records"), max_length=40, blank=True, help_text=_("The key of a record type."))
    of_field = models.CharField(_("that point here by"), max_length=60, blank=True)
    take = models.CharField(_("their field"), max_length=60, blank=True)
    matching = models.TextField(_("only where"), blank=True, help_text=_("A filter, as above a list."))
    for_everybody = models.BooleanField(
        _("shown to everybody"), default=False,
        help_text=_("Otherwise only to those who may see all of the records that it is made from."),
    )  # fmt: skip

    class Meta(Record.Meta):
        app_label = "kernel"
        verbose_name, verbose_name_plural = _("custom field"), _("custom fields")
        indexes = record_indexes("customfield")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "on_type", "key"], condition=ALIVE & ~Q(key=""), name="customfield_key_once"
            )
        ]


class UniqueValue(models.Model):
    """One value of a field whose values may stand once only: the database itself refuses the second, whoever writes it."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    field = models.CharField(max_length=60)
    key = KeyField(max_length=200)
    record_id = models.UUIDField()

    class Meta:
        app_label = "kernel"
        indexes = [models.Index(fields=["record_id"], name="uniquevalue_record_ix")]
        constraints = [models.UniqueConstraint(fields=["workspace", "type", "field", "key"], name="uniquevalue_once")]
