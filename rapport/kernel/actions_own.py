"""Actions of the kernel's own types: what a role may do, who has which role, who may work here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access.granting import check_rights, demand_may_grant, demand_within
from rapport.kernel.access.models import Role, User
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.errors import Gone, Refused
from rapport.kernel.kinds.reference import ReferenceKind
from rapport.kernel.kinds.rights import RightsKind
from rapport.kernel.kinds.text import TextKind
from rapport.kernel.records_access import RoleType
from rapport.kernel.records_own import UserType

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@action(RoleType, _("Change rights"), icon="shield-check", bulk=False)
def set_rights(
    ctx: Context, role: Role, *, rights: object = Input(RightsKind, _("rights"), required=False),
    field_groups: object = Input(RightsKind, _("field groups"), required=False),
) -> None:  # fmt: skip
    """Say what people of this role may do; nobody can give more than they have, nor touch a role above their own."""
    wanted, groups = _table(rights, role.rights), _table(field_groups, role.field_groups)
    check_rights(wanted, groups)
    if role.key == "owner":
        raise Refused(_t("Owners may do everything; that cannot be changed. Make another role instead."), code="owner_role")
    demand_may_grant(ctx, role)
    demand_within(ctx, wanted, groups)  # type: ignore[arg-type]
    ctx.write(role, rights=wanted, field_groups=groups)


def _table(given: object, else_: Mapping[str, object]) -> dict[str, object]:
    return dict(given) if isinstance(given, Mapping) else dict(else_)


@action(RoleType, _("Copy"), icon="copy", bulk=False)
def copy(ctx: Context, role: Role, *, name: str = Input(TextKind, _("name of the new role"))) -> Role:
    """Make a new role with the same rights, to change from there."""
    demand_may_grant(ctx, role)
    made = ctx.create("role", name=name)
    acting = ctx.acting("set_rights", [made.pk])
    acting.write(made, rights=role.rights, field_groups=role.field_groups)
    return made  # type: ignore[return-value]


@action(UserType, _("Give a role"), icon="shield-check")
def give_role(ctx: Context, user: User, *, role: object = Input(ReferenceKind, _("role"), to="role")) -> None:
    """Give a person another role. Nobody can give a role that reaches further than their own, or take one that does."""
    new = Role.objects.filter(pk=role, deleted_at=None).first()
    if new is None:
        raise Gone(_t("This role does not exist any more."))
    demand_may_grant(ctx, new)
    if user.role_id is not None:
        demand_may_grant(ctx, Role.objects.get(pk=user.role_id))
    ctx.write(user, role=new.pk)


@action(UserType, _("Deactivate"), when="is_active is yes", icon="user-x", danger=True)
def deactivate(ctx: Context, user: User) -> None:
    """The person may no longer sign in, from this moment on; what they own stays theirs until it is handed over."""
    if user.role_id is not None:
        demand_may_grant(ctx, Role.objects.get(pk=user.role_id))
    ctx.write(user, is_active=False)


@action(UserType, _("Reactivate"), when="is_active is no", icon="user-check")
def reactivate(ctx: Context, user: User) -> None:
    """The person may sign in and work again."""
    if user.role_id is not None:
        demand_may_grant(ctx, Role.objects.get(pk=user.role_id))
    ctx.write(user, is_active=True)
