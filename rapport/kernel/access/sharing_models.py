"""Rows that widen who sees what: the default of a type, sharing rules, and the grants they and people give."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access.models import Role, Team, User
from rapport.kernel.records.model import Record, record_indexes

READ, EDIT, FULL = 1, 2, 3


class Reach(models.TextChoices):
    """What everybody whose role knows a type sees of it, whoever owns it."""

    PRIVATE = "private", _("only what is theirs")
    TEAM = "team", _("what belongs to their team")
    READ = "read", _("everything, to read")
    WRITE = "write", _("everything, to read and change")


class Level(models.TextChoices):
    """How much a grant gives, within what the role may do at all."""

    READ = "read", _("see")
    EDIT = "edit", _("see and change")
    FULL = "full", _("everything the role allows")


#: The number a level has in grants and in comparisons.
LEVELS = {Level.READ: READ, Level.EDIT: EDIT, Level.FULL: FULL}


class AccessDefault(Record):
    """What everybody sees of a record type before roles and sharing widen it."""

    on_type = models.CharField(_("record type"), max_length=40)
    reach = models.CharField(_("everybody sees"), max_length=10, choices=Reach.choices, default=Reach.PRIVATE)

    class Meta(Record.Meta):
        app_label = "kernel"
        verbose_name, verbose_name_plural = _("access default"), _("access defaults")
        indexes = record_indexes("accessdefault")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "on_type"], condition=Q(deleted_at__isnull=True), name="access_default_once"
            )
        ]


class SharingRule(Record):
    """Records that match a filter are shared with a role, a team or a person."""

    name = models.CharField(_("name"), max_length=120)
    on_type = models.CharField(_("record type"), max_length=40)
    matching = models.CharField(_("records that match"), max_length=1000, blank=True)
    to_role = models.ForeignKey(
        Role, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("shared with the role")
    )
    to_team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("shared with the team")
    )
    with_below = models.BooleanField(_("and the teams below it"), default=False)
    to_user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("shared with"))
    level = models.CharField(_("they may"), max_length=10, choices=Level.choices[:2], default=Level.READ)
    is_active = models.BooleanField(_("active"), default=True)
    #: When the grants were last brought into line; empty while that is under way, and the rule gives nothing then.
    settled_at = models.DateTimeField(_("in force since"), null=True, blank=True)

    class Meta(Record.Meta):
        app_label = "kernel"
        verbose_name, verbose_name_plural = _("sharing rule"), _("sharing rules")
        indexes = record_indexes("sharingrule")


class Grant(models.Model):
    """One record opened to one principal. `principal` is a letter and an id: u:user, t:team, b:team and below, r:role."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    record_id = models.UUIDField()
    principal = models.CharField(max_length=34)
    level = models.PositiveSmallIntegerField()
    #: "rule", "share" (one person to another) or "member" (of the record's own team).
    cause = models.CharField(max_length=8)
    rule_id = models.UUIDField(null=True)
    #: What a member of the record's team does there ("technical lead").
    part = models.CharField(max_length=80, blank=True)
    until = models.DateTimeField(null=True)
    given_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "kernel"
        indexes = [
            # Everything the gate asks is in the index, so that a list never reads the table itself.
            models.Index(
                fields=["workspace", "type", "principal", "level", "until", "rule_id", "record_id"], name="grant_gate_ix"
            ),
            models.Index(fields=["record_id", "principal"], name="grant_record_ix"),
            models.Index(fields=["until"], name="grant_until_ix", condition=Q(until__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["rule_id", "record_id"], condition=Q(rule_id__isnull=False), name="grant_rule_once"),
            models.UniqueConstraint(
                fields=["record_id", "principal", "cause"], condition=Q(rule_id__isnull=True), name="grant_share_once"
            ),
        ]
