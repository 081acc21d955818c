"""How an account comes to be a user of a workspace: by an invitation, or through the workspace's own sign-in provider.

Role and account of a user are no fields anybody types; who may give which role was checked when it was promised
(`granting.demand_may_grant`), and the promise is kept here.
"""

from __future__ import annotations

from uuid import UUID

from rapport.kernel.access.models import Account, Role, User
from rapport.kernel.context import Context, system_context


def join(ctx: Context, account: Account, *, name: str, email: str, role_id: UUID, team_id: UUID | None = None) -> User:
    """A new user of the workspace with this account; `ctx` is the system's."""
    more = {"team": team_id} if team_id else {}
    user = ctx.create("user", name=name, email=email, **more)
    assert isinstance(user, User)
    return give_account(user, account, role_id=role_id)


def give_account(user: User, account: Account, *, role_id: UUID | None) -> User:
    """Let a user that is there sign in with this account; a role given here replaces the present one."""
    role = Role.objects.filter(pk=role_id, deleted_at=None).first() if role_id else user.role
    if role is not None and role.pk != user.role_id:
        system_context(user.workspace, "joining").write(user, role=role.pk)
    User.objects.filter(pk=user.pk).update(account=account)
    user.refresh_from_db()
    return user
