"""What somebody says about one customer or conversation of their mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from rapport.modules.mail.models import MailSharing

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def say_share(ctx: Context, mailbox_id: UUID, about_id: UUID, share: str) -> None:
    """Keep the word; a second one replaces it."""
    MailSharing.objects.update_or_create(
        workspace_id=ctx.workspace.pk, mailbox_id=mailbox_id, about_id=about_id, defaults={"share": share}
    )
