"""Beside a ticket: how it was rated, that the answer is waited for, or why nobody was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.satisfaction.deciding import WHY
from rapport.modules.satisfaction.models import SurveyAnswer, SurveyAsk
from rapport.modules.service.models import Ticket
from rapport.modules.service.moments import OVER

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_MOST = 5


@dataclass(frozen=True)
class Told:
    """One line of the card."""

    text: str
    remark: str = ""
    comment: str = ""
    url: str = ""
    hue: str = ""


@slot("record.aside", type_key="ticket", order=20)
def rating_card(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The ratings of this ticket that the viewer may see; without any, what became of asking."""
    kind = registry.get("survey_answer")
    if not isinstance(record, Ticket) or (record.state not in OVER and not record.reopened) or not gate.allows(ctx, kind, "view"):
        return None
    rows = gate.visible(ctx, kind).filter(ticket_id=record.pk).order_by("-asked_at", "-pk")[:_MOST]
    lines = [_line(ctx, kind, one) for one in rows] or _not_asked(ctx, record)
    return Panel(_("Rating"), "satisfaction/ticket_card.html", {"lines": lines}) if lines else None


def _line(ctx: Context, kind: TypeInfo, one: SurveyAnswer) -> Told:
    at = one.answered_at or one.asked_at or one.created_at
    day = shown_as.date(at.astimezone(ctx.format.zone).date(), ctx.format)
    if one.score is None:
        return Told(_("Asked, not answered yet"), day, url=kind.record_url(one.pk))
    return Told(one.headline, day, one.comment, kind.record_url(one.pk), "bad" if one.is_low else "")


def _not_asked(ctx: Context, ticket: Ticket) -> list[Told]:
    """Why nobody was asked, or when somebody will be, by the index of tickets."""
    ask = SurveyAsk.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk).order_by("-due_at").first()
    if ask is None:
        return []
    if ask.state == "not_asked":
        return [Told(_("Nobody was asked."), str(WHY.get(ask.why, "")))]
    if ask.state == "waiting":
        return [Told(_("Will be asked"), shown_as.moment(ask.due_at, ctx.format))]
    return []
