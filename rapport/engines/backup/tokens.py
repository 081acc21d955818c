"""API tokens over a restore: what was revoked since the backup stays revoked, as far as the living installation knows it."""

from __future__ import annotations

import json
from pathlib import Path

from django.db import DatabaseError
from django.utils import timezone

from rapport.engines.backup.files import write_secret
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import ApiToken, Workspace

_NAME = "revoked-tokens.json"
_AT_ONCE = 500


def note_revoked(folder: Path) -> None:
    """Write the hashes of the tokens that are revoked here into the data folder of what is being restored. An installation
    whose database cannot be read (that may be why it is restored) knows none."""
    found: list[str] = []
    try:
        for space in Workspace.objects.order_by("pk"):
            with use_workspace(space):
                gone = ApiToken.objects.filter(workspace_id=space.pk, revoked_at__isnull=False)
                found += gone.values_list("digest", flat=True)
    except DatabaseError:
        return
    write_secret(folder / _NAME, json.dumps(found))


def revoke_again(folder: Path) -> int:
    """Revoke those of them that the backup has as living; returns how many."""
    try:
        noted = json.loads((folder / _NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    count, now = 0, timezone.now()
    for space in Workspace.objects.order_by("pk"):
        with use_workspace(space):
            living = ApiToken.objects.filter(workspace_id=space.pk, revoked_at=None)
            for start in range(0, len(noted), _AT_ONCE):
                count += living.filter(digest__in=noted[start : start + _AT_ONCE]).update(revoked_at=now)
    return count
