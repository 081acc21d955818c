"""Notices in sentences, for the bell, the page and mails."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rapport.engines.notices.reading import Told
from rapport.kernel import format as shown_as
from rapport.kernel.context import Context

ICONS = {
    "mention": "at-sign", "assigned": "user-plus", "shared": "share-2", "rule": "repeat", "due": "alarm-clock",
    "webhook": "webhook", "review": "book-open", "near": "timer", "late": "alarm-clock", "wrote": "message-circle",
    "mail_left": "mail", "unsent": "send", "bounced": "mail", "delayed": "mail", "twins": "door-open", "deal_twice": "handshake",
    "aside": "alarm-clock",
    "declined": "x", "newtime": "calendar-clock", "booked": "calendar-plus", "rebooked": "calendar-clock", "unbooked": "x",
    "chat": "message-circle",
}  # fmt: skip

#: What happened to meetings with customers.
_MEETINGS = {
    "declined": gettext_lazy("“%(title)s” declined your invitation"),
    "newtime": gettext_lazy("“%(title)s” proposes another time"),
    "booked": gettext_lazy("A visitor booked “%(title)s”"),
    "rebooked": gettext_lazy("A visitor moved “%(title)s”"),
    "unbooked": gettext_lazy("A visitor called the meeting off: “%(title)s”"),
}


@dataclass(frozen=True)
class NoticeLine:
    """One notice, ready to show."""

    id: UUID
    text: str
    icon: str
    url: str
    when: str
    iso: str
    is_read: bool


def notice_line(ctx: Context, one: Told) -> NoticeLine:
    """A notice with its sentence."""
    at = one.notice.at
    return NoticeLine(
        one.notice.pk, sentence(one), ICONS.get(one.notice.event, "bell"), one.url, shown_as.relative(at, ctx.format),
        at.isoformat(), one.notice.read_at is not None,
    )  # fmt: skip


def sentence(one: Told) -> str:
    """What happened; a person that the reader may not see is somebody."""
    title = one.title or str(one.info.label)
    named = {
        "who": one.actor or _("Somebody"), "title": title, "count": len(one.ids), "things": one.info.plural, "rule": one.cause,
    }  # fmt: skip
    many = len(one.ids) > 1
    if one.notice.event == "mention":
        return _("%(who)s mentioned you in “%(title)s”") % named
    if one.notice.event == "shared":
        return _("%(who)s shared “%(title)s” with you") % named
    if one.notice.event == "rule":
        return _rule(named, many=many)
    if one.notice.event == "webhook":
        return _("The webhook “%(title)s” was switched off: its messages did not get through") % named
    if one.notice.event == "review":
        return (
            ngettext("“%(title)s” is to be read again today", "%(count)d %(things)s are to be read again today", len(one.ids))
            % named
        )
    if one.notice.event == "due":
        return ngettext("“%(title)s” is due today", "%(count)d %(things)s are due today", len(one.ids)) % named
    if one.notice.event == "near":
        return _("The promise of “%(title)s” is due soon") % named
    if one.notice.event == "late":
        return _("The promise of “%(title)s” was not kept in time") % named
    if one.notice.event == "mail_left":
        return _("A message to “%(title)s” could not become a ticket; it lies with the mail of its mailbox") % named
    if one.notice.event == "wrote":
        return _("Something was written in “%(title)s”") % named
    if one.notice.event == "aside":
        return _("“%(title)s” was put aside and is back") % named
    if one.notice.event == "chat":
        return _("Somebody waits in the chat: “%(title)s”") % named
    if one.notice.event == "unsent":
        return _("An e-mail from “%(title)s” did not go out; the outbox says why") % named
    if one.notice.event == "bounced":
        return _("“%(title)s” could not be delivered") % named
    if one.notice.event == "delayed":
        return _("“%(title)s” is delayed; the servers on the way still try") % named
    if one.notice.event == "twins":
        return _("Two people have the same address, so it does not open the portal: “%(title)s”") % named
    if one.notice.event == "deal_twice":
        return _("Another partner registered the same company: “%(title)s”") % named
    if one.notice.event in _MEETINGS:
        return str(_MEETINGS[one.notice.event]) % named
    if many:
        return _("%(who)s handed %(count)d %(things)s to you") % named
    return _("%(who)s handed “%(title)s” to you") % named


def _rule(named: dict[str, object], *, many: bool) -> str:
    if many:
        return _("The rule “%(rule)s” put %(count)d %(things)s down for you") % named
    return _("The rule “%(rule)s” put “%(title)s” down for you") % named
