"""What happens at the doors: sign-ins, factors, invitations, tokens. Whoever wants to know registers a listener.

    events.listeners.append(my_function)      # called with one Event, in the request that caused it

A listener writes logs or the audit log. It never sees a password, a code, a token or a link: `note` is not given them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from rapport.kernel.access.models import Account, User

log = logging.getLogger("rapport.access")

#: Every kind there is, so that a typing error does not become a kind of its own.
KINDS = frozenset({
    "signed_in", "sign_in_failed", "signed_out", "password_changed", "second_factor_added", "second_factor_removed",
    "passkey_added", "passkey_removed", "session_ended", "invited", "invitation_accepted", "invitation_revoked",
    "sso_changed", "token_created", "token_revoked", "workspace_switched", "owner_link_made",
})  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One thing that happened. `address` is the connection's, `details` are short plain values."""

    kind: str
    workspace_id: UUID | None = None
    account_id: UUID | None = None
    user_id: UUID | None = None
    address: str = ""
    surface: str = "web"
    details: Mapping[str, object] = field(default_factory=dict)


Listener = Callable[[Event], None]


def write_log(event: Event) -> None:
    """The default listener: one line with ids only, for the log holds no personal data."""
    # Breaking the glass is written down also where only warnings are.
    is_rare = event.kind == "owner_link_made" or event.details.get("method") == "owner link"
    log.log(
        logging.WARNING if is_rare else logging.INFO,
        "%s workspace=%s account=%s user=%s surface=%s %s", event.kind, event.workspace_id, event.account_id,
        event.user_id, event.surface, " ".join(f"{key}={value}" for key, value in event.details.items()),
    )  # fmt: skip


listeners: list[Listener] = [write_log]


def note(
    kind: str, *, workspace_id: UUID | None = None, account: Account | None = None, user: User | None = None,
    address: str = "", surface: str = "web", **details: object,
) -> None:  # fmt: skip
    """Tell every listener. A user brings its workspace and account along."""
    if kind not in KINDS:
        raise ValueError(f"There is no access event “{kind}”.")
    if user is not None:
        workspace_id = workspace_id or user.workspace_id
    account_id = account.pk if account is not None else (user.account_id if user is not None else None)
    event = Event(kind, workspace_id, account_id, user.pk if user is not None else None, address, surface, details)
    for listener in listeners:
        listener(event)
