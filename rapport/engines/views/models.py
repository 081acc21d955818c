"""A saved view is a record; what a person chose (default, order, pins) is a row of their own beside it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access.models import Team
from rapport.kernel.access.sharing_models import Level
from rapport.kernel.records.model import Record, record_indexes


class View(Record):
    """The state of a list or board under a name."""

    LAYOUTS = [("list", _("List")), ("board", _("Board"))]
    AUDIENCES = [("private", _("Only me")), ("team", _("A team")), ("everyone", _("Everyone"))]

    name = models.CharField(_("name"), max_length=80)
    on_type = models.CharField(_("record type"), max_length=40)
    layout = models.CharField(_("layout"), max_length=5, choices=LAYOUTS, default="list")
    matching = models.CharField(_("records that match"), max_length=5000, blank=True)
    sorting = models.CharField(_("sorted by"), max_length=200, blank=True)
    columns = models.CharField(_("columns"), max_length=1500, blank=True)
    grouping = models.CharField(_("grouped by"), max_length=80, blank=True)
    audience = models.CharField(_("who may use it"), max_length=8, choices=AUDIENCES, default="private")
    to_team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for the team"))
    others_may = models.CharField(_("others may"), max_length=10, choices=Level.choices[:2], default=Level.READ)

    class Meta(Record.Meta):
        app_label = "views"
        verbose_name, verbose_name_plural = _("view"), _("views")
        indexes = record_indexes("view", ("on_type", "owner"))


class ViewChoice(models.Model):
    """What one person chose among the views of one type. Keys are those in addresses: a slug, or the id of a saved view."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("kernel.Workspace", models.CASCADE, related_name="+", db_index=False)
    user_id = models.UUIDField()
    on_type = models.CharField(max_length=40)
    #: The view that opens first; "" for the first tab.
    default = models.CharField(max_length=80, blank=True)
    #: Keys of the tabs in the person's own order; those not named follow.
    order = models.JSONField(default=list)
    #: Keys that stand in the navigation.
    pinned = models.JSONField(default=list)

    class Meta:
        app_label = "views"
        constraints = [models.UniqueConstraint(fields=["workspace", "user_id", "on_type"], name="view_choice_once")]
