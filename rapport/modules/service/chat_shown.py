"""What people who answer see of a chat: whether the visitor is here, how a reply reaches them; and the page of a chat itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from rapport.engines.livechat.models import Talk
from rapport.engines.livechat.publishing import public_chat
from rapport.engines.livechat.talking import is_here
from rapport.kernel import format as shown_as
from rapport.kernel.slots import Panel, slot
from rapport.modules.service.chat import talk_of
from rapport.modules.service.chat_models import ChatWidget
from rapport.modules.service.mail_out import route_of

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo
    from rapport.modules.service.models import Ticket


@dataclass(frozen=True)
class Visitor:
    """The other side of the conversation in a ticket."""

    id: UUID
    seq: int
    #: "here", "left" or "over".
    state: str
    words: str
    #: How a reply reaches them now.
    to: str


def visitor_of(ctx: Context, ticket: Ticket) -> Visitor | None:
    """The visitor of a ticket that came by chat; asks nothing for other tickets."""
    talk = talk_of(ctx, ticket)
    if talk is None:
        return None
    if is_here(talk, ctx.format.now):
        return Visitor(talk.pk, talk.seq, "here", _("The visitor is here"), _("in the chat; the visitor is here"))
    state = "over" if talk.ended_at is not None else "left"
    words = _("The chat is over") if state == "over" else _("The visitor has left %(when)s") % {
        "when": shown_as.relative(talk.seen_at, ctx.format)
    }  # fmt: skip
    return Visitor(talk.pk, talk.seq, state, words, _without(ctx, ticket, talk))


def _without(ctx: Context, ticket: Ticket, talk: Talk) -> str:
    route = route_of(ctx, ticket)
    if route is not None:
        return _("The visitor has left; it will be sent by mail to %(to)s") % {"to": ", ".join([route.to, *route.cc])}
    if talk.ended_at is not None:
        return _("The chat is over and no mail can be sent; the visitor will not read it")
    return _("The visitor has left; it will stand in the chat if they come back")


@slot("record.reading", type_key="chat_widget")
def at_work(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The lines to put on a site, and whether it is on."""
    if not isinstance(record, ChatWidget):
        return None
    public = public_chat(ctx, record.pk)
    if public is None:
        return None
    values = {"chat": record, "key": public.key, "base": settings.BASE_URL or "http://localhost"}
    return Panel(_("On your site"), "service/chat_at_work.html", values)
