"""An outgoing server, and Ana's mailbox on it."""

from __future__ import annotations

from tests.mail.conftest import dovecot, new_mailbox, sending_mailbox, smtp

__all__ = ["dovecot", "new_mailbox", "sending_mailbox", "smtp"]
