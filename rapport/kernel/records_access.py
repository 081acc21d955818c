"""The record types that decide who sees what: roles, access defaults, sharing rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access import gate, rules
from rapport.kernel.access.chart import note_access_changed
from rapport.kernel.access.models import Role, User
from rapport.kernel.access.sharing_models import AccessDefault, SharingRule
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type, registry
from rapport.kernel.records_own import EVERYBODY_SEES

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_NOBODYS = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}


def keep_roles_in_use(ctx: Context, written: list[Written]) -> None:
    """A role that somebody has, and the owner's role, stay: nobody should wake up without rights."""
    gone = [one.record for one in written if one.verb == "delete"]
    for role in gone:
        if role.key == "owner":  # type: ignore[attr-defined]
            raise Refused(_t("The role of owners cannot be deleted; somebody must be able to open every door."), code="in_use")
        if User.objects.filter(role_id=role.pk, deleted_at=None).exists():
            raise Refused(_t("There are still people with this role; give them another one first."), code="in_use")


@record_type
class RoleType(RecordType):
    """What people of one sort may do."""

    model, key, title = Role, "role", "name"
    uses = {
        "owner": Use(hidden=True), "team": Use(hidden=True), "key": Use(readonly=True),
        "rights": Use(by_action="set_rights"), "field_groups": Use(by_action="set_rights"),
    }  # fmt: skip
    list_columns = ["name", "key"]
    page = [Section(_("Role"), "name", "key")]
    grants = EVERYBODY_SEES
    menu = ("settings", "shield-check")
    effects = (keep_roles_in_use, note_access_changed)


def check_default(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """One default per type, and only who may see all of a type opens it to everybody."""
    on_type = str(values.get("on_type", getattr(record, "on_type", "")))
    if on_type not in registry:
        raise Invalid(_t("There is no record type “%(key)s”.") % {"key": on_type[:60]}, field="on_type")
    rules.demand_own_sharing(registry.get(on_type))
    if not gate.sees_all(ctx, registry.get(on_type), "share"):
        raise Refused(
            _t("Only who may share all %(plural)s may open them to everybody.") % {"plural": registry.get(on_type).plural}
        )
    others = AccessDefault.objects.filter(on_type=on_type, deleted_at=None).exclude(pk=record.pk if record else None)
    if others.exists():
        raise Invalid(_t("There is a default for this record type already; change that one."), field="on_type")


@record_type
class AccessDefaultType(RecordType):
    """What everybody sees of a record type before roles and sharing widen it."""

    model, key, title = AccessDefault, "access_default", "on_type"
    uses = {**_NOBODYS, "on_type": Use(fixed=True)}
    list_columns = ["on_type", "reach", "updated_at"]
    page = [Section(_("Default"), "on_type", "reach")]
    menu = ("settings", "globe-lock")
    checks = (check_default,)
    effects = (note_access_changed,)


@record_type
class SharingRuleType(RecordType):
    """Records that match a filter are shared with a role, a team or a person."""

    model, key, title = SharingRule, "sharing_rule", "name"
    search = ["name"]
    uses = {**_NOBODYS, "on_type": Use(fixed=True), "settled_at": Use(readonly=True)}
    list_columns = ["name", "on_type", "matching", "to_role", "to_team", "to_user", "level", "is_active", "settled_at"]
    page = [
        Section(_("Which records"), "name", "on_type", "matching"),
        Section(_("Shared with"), "to_role", "to_team", "with_below", "to_user", "level"),
        Section(_("State"), "is_active", "settled_at"),
    ]
    menu = ("settings", "share-2")
    checks = (rules.check_rule,)
    effects = (rules.settle_later, note_access_changed)
