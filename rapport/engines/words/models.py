"""Tables of the company's own words: definitions of record types, the records of all of them, and calculated values."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.ids import new_id
from rapport.kernel.records.model import ALIVE, Record, record_indexes


class CustomType(Record):
    """A record type the company added. Its fields are `CustomField` rows like those of any type."""

    DEPARTMENTS = [
        ("home", _("Home")), ("customers", _("Customers")), ("sales", _("Sales")), ("orders", _("Orders")),
        ("marketing", _("Marketing")), ("service", _("Service")), ("insight", _("Insight")), ("settings", _("Settings")),
    ]  # fmt: skip
    ICONS = [
        ("briefcase", _("Briefcase")), ("building-2", _("Building")), ("book-open", _("Book")),
        ("calendar", _("Calendar")), ("file-text", _("Document")), ("flag", _("Flag")), ("heart", _("Heart")),
        ("house", _("House")), ("package", _("Parcel")), ("star", _("Star")), ("tag", _("Label")),
        ("users", _("People")), ("wrench", _("Tool")),
    ]  # fmt: skip
    OPEN_TO = [("nobody", _("Owners only, until roles say more")), ("see", _("Everybody may see them")),
               ("edit", _("Everybody may see and change them"))]  # fmt: skip

    name = models.CharField(_("name of one"), max_length=80)
    plural = models.CharField(_("name of several"), max_length=80)
    #: Always starts with "x_", so that no upgrade of Rapport can clash with it.
    key = models.CharField(_("key"), max_length=40, blank=True)
    department = models.CharField(_("department"), max_length=12, choices=DEPARTMENTS, default="customers")
    icon = models.CharField(_("icon"), max_length=20, choices=ICONS, default="package")
    title_label = models.CharField(_("what names a record"), max_length=80, blank=True)
    about = models.CharField(_("what it is for"), max_length=200, blank=True)
    columns = models.CharField(
        _("columns of lists"), max_length=400, blank=True, help_text=_("Keys of fields, with commas; empty takes the first ones.")
    )
    open_to = models.CharField(_("who may use it"), max_length=6, choices=OPEN_TO, default="edit")

    class Meta(Record.Meta):
        app_label = "words"
        verbose_name, verbose_name_plural = _("record type"), _("record types")
        indexes = record_indexes("customtype")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], condition=~Q(key=""), name="customtype_key_once"),
        ]


class Wording(Record):
    """What the company calls a record type or a field in one language: "enquiry" where Rapport says "lead"."""

    name = models.CharField(_("name of one"), max_length=80)
    several = models.CharField(_("name of several"), max_length=80, blank=True, help_text=_("For record types."))
    on_type = models.CharField(_("record type"), max_length=40)
    on_field = models.CharField(_("field"), max_length=60, blank=True, help_text=_("The key of a field; empty names the type."))
    language = models.CharField(
        _("language"), max_length=10, blank=True, help_text=_("A code such as de; empty is every language that has no other.")
    )

    class Meta(Record.Meta):
        app_label = "words"
        verbose_name, verbose_name_plural = _("wording"), _("wordings")
        indexes = record_indexes("wording")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "on_type", "on_field", "language"], condition=ALIVE, name="wording_once"
            ),
        ]


class PageLayout(Record):
    """How form, record page and lists of a type are laid out for one role, or for everybody who has no layout of their own.

    It only arranges: what a role may see and must fill in is decided elsewhere, and holds under any layout.
    """

    name = models.CharField(_("name"), max_length=120)
    on_type = models.CharField(_("record type"), max_length=40)
    role = models.ForeignKey(
        "kernel.Role", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("role"),
        help_text=_("Empty is every role that has no layout of its own."),
    )  # fmt: skip
    #: Lines: "# Label" begins a section, every other line is the key of a field. Shipped labels stand in English.
    shown = models.TextField(
        _("sections"), blank=True, help_text=_("A line “# Name” begins a section; below it one key of a field on each line.")
    )
    left_out = models.TextField(_("not shown"), blank=True, help_text=_("Keys of fields, with commas."))
    columns = models.CharField(
        _("columns of lists"), max_length=1000, blank=True,
        help_text=_("Keys of fields, with commas; empty takes the shipped ones."),
    )

    class Meta(Record.Meta):
        app_label = "words"
        verbose_name, verbose_name_plural = _("page layout"), _("page layouts")
        indexes = record_indexes("pagelayout")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "on_type", "role"], condition=ALIVE, name="pagelayout_role_once"),
            models.UniqueConstraint(
                fields=["workspace", "on_type"], condition=ALIVE & Q(role=None), name="pagelayout_all_once"
            ),
        ]


class AppliedPack(models.Model):
    """That a pack was applied, and what it made: so that it can be taken back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    pack = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    actor_id = models.UUIDField(null=True)
    applied_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)
    #: [type key, id, version] of each record made, in the order it was made.
    made = models.JSONField(default=list)

    class Meta:
        app_label = "words"
        indexes = [models.Index(fields=["workspace", "-id"], name="appliedpack_ix")]


class CustomRecord(Record):
    """One record of any type that a company added: one table for all, the type right after the workspace in every index.

    Code never meets this class itself: each type has a proxy of it (`types.py`) that sees its own rows only.
    """

    #: The key of the type; "" on the table itself.
    own_type = ""
    type_key = models.CharField(max_length=40, editable=False)
    name = models.CharField(_("name"), max_length=200)

    class Meta(Record.Meta):
        app_label = "words"
        indexes = [
            *[
                models.Index(
                    fields=["workspace", "type_key", *names, "id"], name=f"customrecord_{names[0]}_ix"[:30], condition=ALIVE
                )
                for names in (("title_key",), ("owner",), ("team", "title_key"), ("updated_at",))
            ],
            models.Index(fields=["workspace", "type_key", "id"], name="customrecord_id_ix", condition=ALIVE),
            models.Index(
                fields=["workspace", "type_key", "external_id"], name="customrecord_external_ix",
                condition=ALIVE & ~Q(external_id=""),
            ),
        ]  # fmt: skip


class KeptValue(models.Model):
    """The value of a calculated field of one record, in the json shape of its kind. Never in the record's own row: a
    roll-up that follows from a child must not collide with somebody who is editing the parent."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    field = models.CharField(max_length=60)
    record_id = models.UUIDField()
    value = models.JSONField(null=True)

    class Meta:
        app_label = "words"
        constraints = [models.UniqueConstraint(fields=["workspace", "record_id", "field"], name="keptvalue_once")]
        indexes = [models.Index(fields=["workspace", "type", "field", "id"], name="keptvalue_field_ix")]


class KindChange(models.Model):
    """An own field becoming another kind: what it was and shall be, how far it is, and what came of it."""

    LOOKING, LOOKED, CHANGING, DONE, STOPPED, REFUSED = "looking", "looked", "changing", "done", "stopped", "refused"
    #: A job is at it; a field has one such change at most.
    AT_WORK = (LOOKING, CHANGING)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    field_id = models.UUIDField()
    #: The definition before and after: {"kind", "choices", "decimals", "slot", …}.
    before = models.JSONField()
    after = models.JSONField()
    #: The change that this one takes back.
    undoes = models.UUIDField(null=True)
    #: Values that do not fit go into a field of their own; otherwise there must be none.
    keeps_rest = models.BooleanField(default=False)
    rest_slot = models.CharField(max_length=60)
    rest_field = models.UUIDField(null=True)
    state = models.CharField(max_length=8, default=LOOKING)
    #: Go on without asking when looking is done.
    goes_on = models.BooleanField(default=False)
    #: The last record that was seen, and how many in all, how many of them fit and do not.
    reached = models.UUIDField(null=True)
    seen = models.PositiveIntegerField(default=0)
    fitting = models.PositiveIntegerField(default=0)
    unfitting = models.PositiveIntegerField(default=0)
    #: Ids of some records whose value does not fit.
    examples = models.JSONField(default=list)
    #: Choices made of the values in use.
    found = models.JSONField(default=list)
    #: Changes up to this number are in; from where it took force.
    after_number = models.BigIntegerField(null=True)
    #: A sentence, when it was refused.
    reason = models.CharField(max_length=300, blank=True)
    job_id = models.UUIDField(null=True)
    actor_id = models.UUIDField(null=True)
    at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    is_purged = models.BooleanField(default=False)

    class Meta:
        app_label = "words"
        indexes = [models.Index(fields=["workspace", "field_id", "-id"], name="kindchange_field_ix")]
        constraints = [
            # One at a time: two would write the same values.
            models.UniqueConstraint(
                fields=["workspace", "field_id"], condition=Q(state__in=["looking", "changing"]), name="kindchange_one_running"
            )
        ]
