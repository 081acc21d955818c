"""How scans keep up: what the change log says changed since they looked last."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.models import WRITES, Change
from rapport.kernel.records.registry import TypeInfo

#: Up to so many changed records are looked up one by one; more are scanned with all others.
FEW = 20_000

#: Told (done, of how many, which step: "read" or "compare"); an answer of False stops the scan, which can go on later.
Watch = Callable[[int, int, str], bool]


def last_change(workspace: Workspace) -> int:
    """The number of the last change of the log."""
    return Workspace.objects.filter(pk=workspace.pk).values_list("change_number", flat=True)[0]


def changed_since(workspace: Workspace, info: TypeInfo, reached: int) -> list[UUID] | None:
    """Records changed since a number; None when they are many."""
    rows = Change.objects.filter(workspace_id=workspace.pk, type=info.key, number__gt=reached, verb__in=WRITES)
    found = list(dict.fromkeys(rows.order_by("number").values_list("record_id", flat=True)[: FEW * 2]))
    return found if len(found) <= FEW else None
