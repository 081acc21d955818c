"""Which workspace and which user a command works as."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from rapport.kernel.access.accounts import users_of
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, User, Workspace
from rapport.kernel.context import Context, context_for
from rapport.surfaces.cli.failures import CommandFailed


def add_who(parser: argparse.ArgumentParser) -> None:
    """The options that say who works where."""
    parser.add_argument("--user", metavar="E-MAIL", default="", help="work as this user (default: the owner)")
    parser.add_argument("--workspace", metavar="NAME", default="", help="in this workspace (needed when there are several)")


@contextmanager
def working_as(options: argparse.Namespace) -> Iterator[Context]:
    """Enter the workspace as the user of the options; rights are that user's."""
    user = find_user(options.user, options.workspace)
    with use_workspace(user.workspace_id):
        yield context_for(user, "cli", workspace=user.workspace)


def find_user(email: str, workspace_name: str) -> User:
    """The user of an address (or the owner) in the named workspace (or the only one)."""
    if email:
        account = Account.objects.filter(email=email.strip().casefold(), is_active=True).first()
        users = users_of(account) if account else []
        if workspace_name:
            users = [u for u in users if u.workspace.name.casefold() == workspace_name.strip().casefold()]
        if not users:
            where = f" in a workspace called “{workspace_name}”" if workspace_name else ""
            raise CommandFailed(f"Nobody signs in with {email}{where}.")
        if len(users) > 1:
            names = ", ".join(f"“{u.workspace.name}”" for u in users)
            raise CommandFailed(f"{email} works in several workspaces; add --workspace with one of: {names}.")
        return users[0]
    workspace = find_workspace(workspace_name)
    with use_workspace(workspace):
        owners = User.objects.filter(role__key="owner", is_active=True, deleted_at=None).select_related("role", "workspace")
        owner = owners.order_by("pk").first()
    if owner is None:
        raise CommandFailed(f"The workspace “{workspace.name}” has no active owner; say with --user who you are.")
    return owner


def find_workspace(name: str) -> Workspace:
    """The workspace of a name, or the only one there is."""
    found = list(Workspace.objects.order_by("pk"))
    if not found:
        raise CommandFailed("There is no workspace yet. Make one with: rapport setup --help")
    if name:
        found = [w for w in found if w.name.casefold() == name.strip().casefold() or str(w.pk) == name]
        if not found:
            raise CommandFailed(f"There is no workspace called “{name}”.")
    if len(found) > 1:
        names = ", ".join(f"“{w.name}”" for w in found[:10])
        raise CommandFailed(f"There are several workspaces; add --workspace with one of: {names}.")
    return found[0]
