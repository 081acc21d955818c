"""Holding all deliveries of a workspace: a restored copy waits until somebody says what it may send."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from rapport.engines.webhooks.models import Hold, WebhookState
from rapport.kernel.access.models import Workspace


def hold_deliveries(workspace_id: UUID, why: str) -> None:
    """Nothing is sent any more until `release_deliveries`. Inside `use_workspace`."""
    Hold.objects.get_or_create(workspace_id=workspace_id, defaults={"why": why[:40], "since": timezone.now()})


def held(workspace_id: UUID) -> Hold | None:
    """The hold in force, if any."""
    return Hold.objects.filter(workspace_id=workspace_id).first()


def release_deliveries(workspace_id: UUID, *, from_now: bool) -> None:
    """Send again: all that was written meanwhile, or only what comes from now on."""
    if from_now:
        last = Workspace.objects.values_list("change_number", flat=True).get(pk=workspace_id)
        WebhookState.objects.filter(workspace_id=workspace_id).update(position=last, next_at=None)
    Hold.objects.filter(workspace_id=workspace_id).delete()
