"""From an account that signed in to the people it is: its users, across workspaces.

The one place that reads users outside a workspace: the answer decides which workspace is entered. Everything after
that goes through the guarded manager again.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.kept_row import KeptRow
from rapport.kernel.access.models import Account, User


def users_of(account: Account) -> list[User]:
    """The active users of an account with role and workspace, the oldest first. No user: nothing to sign in to."""
    with unscoped("which workspaces an account belongs to"):
        return list(_rows(account.pk).order_by("pk"))


def user_in(account: Account, workspace_id: UUID) -> User | None:
    """The active user of an account in one workspace."""
    with use_workspace(workspace_id):
        return _IN_WORKSPACE.find(account.pk, workspace_id)


def owners_who_sign_in() -> QuerySet[User]:
    """The active owners of the workspace in force whose account may sign in, with account and role, the first one first."""
    owners = User.objects.filter(role__key="owner", is_active=True, deleted_at=None, account__is_active=True)
    return owners.select_related("account", "role").order_by("pk")


def _rows(account_id: UUID) -> QuerySet[User]:
    plain: QuerySet[User] = QuerySet(User)
    return plain.filter(account_id=account_id, is_active=True, deleted_at=None).select_related("role", "workspace")


_ACCOUNT, _WORKSPACE = UUID(int=1), UUID(int=2)
_IN_WORKSPACE = KeptRow(lambda: _rows(_ACCOUNT).filter(workspace_id=_WORKSPACE), _ACCOUNT, _WORKSPACE)
