"""The copy of a chat that strangers are shown."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.livechat.models import PublicChat

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def publish(ctx: Context, record_id: UUID, shown: dict[str, object], *, is_open: bool) -> None:
    """Visitors see the chat as it is now."""
    rows = PublicChat.objects.filter(workspace_id=ctx.workspace.pk, record_id=record_id)
    if not rows.update(is_open=is_open, shown=shown):
        PublicChat.objects.create(
            workspace_id=ctx.workspace.pk, record_id=record_id, key=secrets.token_urlsafe(9), is_open=is_open, shown=shown
        )


def public_chat(ctx: Context, record_id: UUID) -> PublicChat | None:
    """The copy of one chat."""
    return PublicChat.objects.filter(workspace_id=ctx.workspace.pk, record_id=record_id).first()
