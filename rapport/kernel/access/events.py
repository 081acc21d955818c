"""What happens around signing in, told to whoever listens (the audit log does)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from rapport.kernel.access.models import Account, User

#: Functions that take the same arguments as `note`.
listeners: list[Callable[..., None]] = []


def note(
    kind: str, *, workspace_id: UUID | None = None, account: Account | None = None, user: User | None = None,
    address: str = "", surface: str = "web", **details: object,
) -> None:  # fmt: skip
    """Tell every listener that something of this kind happened, such as "signed_in" or "token_revoked"."""
    for listener in listeners:
        listener(kind, workspace_id=workspace_id, account=account, user=user, address=address, surface=surface, **details)
