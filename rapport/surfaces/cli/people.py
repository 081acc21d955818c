"""Whose rights a command uses: the user named by e-mail, else the owner of the only workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.context import Context, context_for
from rapport.kernel.errors import Gone, Invalid


@contextmanager
def acting_as(email: str = "", workspace: str = "") -> Iterator[Context]:
    """Enter a workspace as one of its users. Raises Invalid with a sentence when it is not clear whom."""
    space = find_workspace(email, workspace)
    with use_workspace(space):
        users = User.objects.select_related("role").filter(deleted_at=None, is_active=True)
        user = users.filter(account__email=email.strip().casefold()).first() if email else users.filter(
            role__key="owner", account__isnull=False
        ).order_by("id").first()
        if user is None:
            raise Gone(f"Nobody with the address {email} signs in to {space.name}." if email else f"{space.name} has no owner.")
        yield context_for(user, "cli", workspace=space)


def find_workspace(email: str = "", name: str = "") -> Workspace:
    """The workspace by name, by whom signs in to it, or the only one."""
    spaces = list(Workspace.objects.order_by("created_at")[:100])
    if not spaces:
        raise Invalid("There is no workspace yet; run: rapport setup, or open the set-up link that rapport serve prints.")
    if name:
        spaces = [s for s in spaces if s.name.casefold() == name.strip().casefold() or str(s.pk) == name]
        if not spaces:
            raise Gone(f"There is no workspace called “{name}”.")
    if email and len(spaces) > 1:
        spaces = [s for s in spaces if _signs_in(s, email)]
        if not spaces:
            raise Gone(f"Nobody signs in with {email}.")
    if len(spaces) > 1:
        names = ", ".join(f"“{s.name}”" for s in spaces[:8])
        raise Invalid(f"There are several workspaces ({names}); name one with --workspace.")
    return spaces[0]


def _signs_in(space: Workspace, email: str) -> bool:
    with use_workspace(space):
        return User.objects.filter(account__email=email.strip().casefold(), deleted_at=None).exists()
