"""The record types of the kernel itself: users, teams, roles, exchange rates, custom fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access.chart import chart_of, note_access_changed
from rapport.kernel.access.models import Team, User, Workspace
from rapport.kernel.access.rules import settle_owner_rules
from rapport.kernel.custom.fields import field_options
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.exchange import ExchangeRate
from rapport.kernel.kinds.base import all_kinds
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type, registry
from rapport.kernel.text_folding import fold

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


def check_custom_field(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A custom field needs a known type and kind; its key is made once and never changes."""
    if record is None:
        if str(values.get("on_type")) not in registry:
            raise Invalid(_t("There is no record type “%(key)s”.") % {"key": values.get("on_type")}, field="on_type")
        kind = all_kinds().get(str(values.get("kind")))
        if kind is None or not kind.custom:
            able = ", ".join(k for k, cls in all_kinds().items() if cls.custom)
            raise Invalid(_t("Custom fields can be: %(kinds)s.") % {"kinds": able}, field="kind")
        if "choices" in kind.option_names and not values.get("choices"):
            raise Invalid(_t("Write the choices, one on each line."), field="choices")
        kind.from_options(field_options(kind, str(values.get("choices") or "")))
        key = str(values.get("key") or values.get("label") or "")
        slug = re.sub(r"[^a-z0-9]+", "_", fold(key)).strip("_")[:50]
        values["key"] = "c_" + (slug.removeprefix("c_") or "field")
        if CustomField.objects.filter(on_type=values["on_type"], key=values["key"], deleted_at=None).exists():
            raise Invalid(_t("There is a field with this name already; choose another."), field="label")
    elif {"key", "kind", "on_type"} & {k for k, v in values.items() if v != getattr(record, k)}:
        raise Invalid(_t("Key, kind and record type of a custom field never change; add a new field instead."))


def raise_schema_version(ctx: Context, written: list[Written]) -> None:
    """Tell every process that its copy of the workspace's fields is old."""
    ctx.workspace.schema_version += 1
    Workspace.objects.filter(pk=ctx.workspace.pk).update(schema_version=ctx.workspace.schema_version)


@record_type
class CustomFieldType(RecordType):
    """A field the company added itself."""

    model, key, title = CustomField, "custom_field", "label"
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}
    list_columns = ["label", "on_type", "kind", "key", "is_required", "position"]
    page = [Section(_("Custom field"), "label", "on_type", "kind", "key", "choices", "is_required", "field_group", "position")]
    grants = {"management": "*:all"}
    menu = ("settings", "text-cursor-input")
    checks = (check_custom_field,)
    effects = (raise_schema_version,)
