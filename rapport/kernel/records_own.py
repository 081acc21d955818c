"""The record types of the kernel itself: users, teams, roles, exchange rates."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access.chart import chart_of, note_access_changed
from rapport.kernel.access.current import note_schema
from rapport.kernel.access.models import Team, User, Workspace
from rapport.kernel.access.rules import settle_owner_rules
from rapport.kernel.errors import Invalid
from rapport.kernel.exchange import ExchangeRate
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_GIVEN = _("Given by “Give a role”.")
EVERYBODY_SEES = {
    "management": "view:all", "sales": "view:all", "support": "view:all", "marketing": "view:all",
    "back_office": "view:all", "external": "",
}  # fmt: skip


def check_reports_to(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """Nobody reports to themselves, however many steps up: what one sees climbs this line."""
    boss = values.get("reports_to")
    if record is not None and boss is not None:
        chart = chart_of(ctx.workspace)
        if boss == record.pk or record.pk in chart.managers_of(boss):  # type: ignore[arg-type]
            raise Invalid(
                _t("Nobody can report to themselves or to somebody below them; choose another person."), field="reports_to"
            )


def keep_an_owner(ctx: Context, written: list[Written]) -> None:
    """A workspace always has somebody who can open every door: the write is undone otherwise."""
    if all(one.verb == "create" for one in written) or not any(_matters(one) for one in written):
        return
    living = User.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, is_active=True)
    if not living.filter(role__key="owner", role__deleted_at=None).exists():
        raise Invalid(_t("The workspace needs at least one active owner; make somebody else an owner first."), code="last_owner")


def _matters(one: Written) -> bool:
    return one.verb == "delete" or one.changed("is_active", "role")


@record_type
class UserType(RecordType):
    """A person who works in this workspace."""

    model, key, title = User, "user", "name"
    search = ["name", "email"]
    uses = {
        "owner": Use(hidden=True), "external_id": Use(), "role": Use(by_action="give_role", help=_GIVEN),
        # Whom a person works for decides what others see, so moving people is a right of its own.
        "reports_to": Use(verb="reassign"), "is_active": Use(by_action=("deactivate", "reactivate"), on_create=True),
    }  # fmt: skip
    list_columns = ["name", "email", "role", "team", "reports_to", "is_active"]
    page = [Section(_("User"), "name", "email", "role", "team", "reports_to", "is_active", "language", "time_zone")]
    grants = EVERYBODY_SEES
    menu = ("settings", "users")
    checks = (check_reports_to,)
    effects = (keep_an_owner, settle_owner_rules, note_access_changed)


@record_type
class TeamType(RecordType):
    """A department; teams nest."""

    model, key, title = Team, "team", "name"
    search = ["name"]
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True), "parent": Use(verb="reassign"), "manager": Use(verb="reassign")}
    list_columns = ["name", "parent", "manager"]
    page = [Section(_("Team"), "name", "parent", "manager")]
    grants = EVERYBODY_SEES
    menu = ("settings", "network")
    effects = (note_access_changed,)


@record_type
class ExchangeRateType(RecordType):
    """What a foreign currency was worth from a day on."""

    model, key, title = ExchangeRate, "exchange_rate", "currency"
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True)}
    list_columns = ["currency", "on_date", "rate"]
    page = [Section(_("Exchange rate"), "currency", "on_date", "rate")]
    grants = {"management": "*:all", "sales": "view:all", "back_office": "*:all"}
    menu = ("settings", "coins")


def raise_schema_version(ctx: Context, written: list[Written]) -> None:
    """Tell every process that its copy of the workspace's fields is old."""
    # By a step that is drawn, so that a number from a transaction that was rolled back does not come again.
    ctx.workspace.schema_version += 1 + secrets.randbelow(1_000)
    note_schema(ctx.workspace)
    Workspace.objects.filter(pk=ctx.workspace.pk).update(schema_version=ctx.workspace.schema_version)
