"""The saved views that one person is offered for a type, and what they chose among them: default, order, pins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import override

from rapport.engines.views.models import View, ViewChoice
from rapport.kernel.access import gate
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Refused
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.registry import TypeInfo

#: Tabs, pins and entries of an order, each: more than anybody reads.
MOST = 60
_CHOICES = "views chosen"


@dataclass(frozen=True)
class Choice:
    """What somebody chose among the views of a type."""

    default: str = ""
    order: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()


def offered(ctx: Context, type_key: str, *, ids: list[UUID] | None = None) -> list[View]:
    """The viewer's own views of a type (or those with the ids) and those that were opened to them, the oldest first.

    A role that may see every view still gets only these as tabs: what others keep to themselves is none of its tools.
    """
    info = registry.get("view")
    if not gate.allows(ctx, info, "view"):
        return []
    teams = ctx.viewer.chart.teams_up(ctx.viewer.team_id)
    meant = Q(owner_id=ctx.viewer.user_id) | Q(audience="everyone") | Q(audience="team", to_team_id__in=teams)
    rows = gate.visible(ctx, info).filter(meant)
    rows = rows.filter(pk__in=ids) if ids is not None else rows.filter(on_type=type_key)
    return list(rows.order_by("id")[:MOST])


def declared(info: TypeInfo) -> list[tuple[str, str, str]]:
    """Key, label and text of each view that the declaration of a type brings; the key is the English label in addresses."""
    found = []
    for label, text in info.declared.views.items():
        with override("en"):
            key = slugify(str(label))
        found.append((key, str(label), text))
    return found


def choices(ctx: Context) -> dict[str, Choice]:
    """What the viewer chose, by type; read once per request."""
    found = ctx.memory.get(_CHOICES)
    if not isinstance(found, dict):
        rows = ViewChoice.objects.filter(workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id)
        found = ctx.memory[_CHOICES] = {
            row.on_type: Choice(row.default, tuple(map(str, row.order)), tuple(map(str, row.pinned))) for row in rows
        }
    return found


def choose(
    ctx: Context, type_key: str, *, default: str | None = None, order: list[str] | None = None, pinned: list[str] | None = None
) -> Choice:
    """Remember what the viewer wants. Nobody else sees it, so it is no record; looking through another role changes nothing."""
    if ctx.viewer.user_id is None or ctx.viewer.preview_of:
        raise Refused()
    now = choices(ctx).get(type_key, Choice())
    made = Choice(
        now.default if default is None else default[:80],
        now.order if order is None else tuple(key[:80] for key in order[:MOST]),
        now.pinned if pinned is None else tuple(dict.fromkeys(key[:80] for key in pinned[:MOST])),
    )
    with unit_of_work(ctx):
        ViewChoice.objects.update_or_create(
            workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id, on_type=type_key,
            defaults={"default": made.default, "order": list(made.order), "pinned": list(made.pinned)},
        )  # fmt: skip
    ctx.memory.pop(_CHOICES, None)
    return made
