"""Opening a saved view to its audience: one grant to a team or to everybody, kept in line with the view's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapport.engines.views.models import View
from rapport.kernel.access.chart import EVERYBODY
from rapport.kernel.access.sharing_models import LEVELS, Grant, Level

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

CAUSE = "audience"


def open_to_audience(ctx: Context, written: list[Written]) -> None:
    """Give and take the grants of views that were made or whose audience changed, inside the write's transaction."""
    for one in written:
        if one.verb == "create" or one.changed("audience", "to_team", "others_may"):
            assert isinstance(one.record, View)
            _settle(ctx, one.record)


def _settle(ctx: Context, view: View) -> None:
    Grant.objects.filter(workspace_id=ctx.workspace.pk, record_id=view.pk, cause=CAUSE).delete()
    principal = principal_of(view)
    if principal:
        Grant.objects.create(
            workspace_id=ctx.workspace.pk, type="view", record_id=view.pk, principal=principal, cause=CAUSE,
            level=LEVELS[Level(view.others_may)], given_by=ctx.actor_id, created_at=ctx.format.now,
        )  # fmt: skip


def principal_of(view: View) -> str:
    """Whom the view is for, as grants name them; "" for its owner alone."""
    if view.audience == "everyone":
        return EVERYBODY
    return f"b:{view.to_team_id.hex}" if view.audience == "team" and view.to_team_id else ""
