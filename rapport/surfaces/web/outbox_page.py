"""The outbox: what waits, what did not go and why, and of what nobody knows; each can be mended in place."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from rapport.engines.mail import outbox as box
from rapport.engines.mail.models import OutgoingMail
from rapport.engines.mail.problems import sentence
from rapport.engines.mail.reading.headers import shown_addresses
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Refused
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say

_MOST = 100
_MOST_SENT = 20
_OPEN = (OutgoingMail.WAITING, OutgoingMail.SENDING, OutgoingMail.FAILED, OutgoingMail.UNCERTAIN)
STATES = {
    "waiting": (gettext_lazy("Waits"), ""), "sending": (gettext_lazy("Is being sent"), "acc"),
    "failed": (gettext_lazy("Not sent"), "bad"), "uncertain": (gettext_lazy("Perhaps sent"), "warn"),
    "sent": (gettext_lazy("Sent"), "ok"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One message of the outbox."""

    mail: OutgoingMail
    to: str
    state: object
    hue: str
    when: str
    problem: str
    record_url: str


@never_cache
@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """The viewer's own messages that have not gone, and the last that have."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    mine = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, writer_id=ctx.viewer.user_id)
    todo = list(mine.filter(state__in=_OPEN).order_by("-made_at")[:_MOST])
    done = list(mine.filter(state=OutgoingMail.SENT).order_by("-made_at")[:_MOST_SENT])
    # What went wrong is first, then what goes next.
    order = [OutgoingMail.UNCERTAIN, OutgoingMail.FAILED, OutgoingMail.SENDING, OutgoingMail.WAITING]
    todo.sort(key=lambda one: (order.index(one.state), one.send_at))
    ids = {one.record_id for one in done if one.record_id}
    seen = set(gate.titles(ctx, registry.get("mail"), ids)) if ids and "mail" in registry else set()
    values = {"lines": [_line(ctx, one, seen) for one in todo], "sent": [_line(ctx, one, seen) for one in done]}
    return render(request, "mail/outbox.html", values)


def _line(ctx: Context, mail: OutgoingMail, seen: set[UUID]) -> Line:
    state, hue = STATES[mail.state]
    at = mail.sent_at or mail.send_at
    problem = sentence(mail.problem)
    if mail.state == OutgoingMail.WAITING and problem:
        problem = _("%(problem)s It is tried again by itself.") % {"problem": problem}
    if mail.bounced:
        state, hue = (_("Not delivered"), "bad") if mail.problem == "bounced" else (_("Delayed"), "warn")
        problem = f"{problem} ({mail.bounce_text or mail.bounced})"
    elif mail.said and mail.state != OutgoingMail.SENT and mail.problem:
        problem = f"{problem} ({mail.said})"
    url = registry.get("mail").record_url(mail.record_id) if mail.record_id in seen else ""
    return Line(mail, shown_addresses([*mail.to, *mail.cc, *mail.bcc]), state, hue, shown_as.moment(at, ctx.format), problem, url)


@require_POST
def act(request: HttpRequest, outgoing_id: UUID, act: str) -> HttpResponse:
    """Send now or again, take back, edit; or be done with it because it has arrived."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    mine = OutgoingMail.objects.filter(workspace_id=ctx.workspace.pk, writer_id=ctx.viewer.user_id)
    mail = mine.filter(pk=outgoing_id).first()
    if mail is None:
        raise Gone(_("This message does not exist, or is not yours."))
    if act == "now":
        box.send_again(ctx, mail)
        say(request, _("The message is on its way."))
    elif act == "edit" and mail.calendar:
        raise Refused(_("An invitation is changed in its meeting; take this message back, then invite again."))
    elif act in ("back", "edit"):
        (box.take_back if mail.state == OutgoingMail.WAITING else box.give_up)(ctx, mail)
        if act == "edit":
            return HttpResponseRedirect(f"/write?again={mail.pk}")
        say(request, _("The message was taken back. It is not sent."))
    elif act == "done":
        box.give_up(ctx, mail)
        say(request, _("The message has left the outbox."))
    else:
        raise Gone(_("This cannot be done with a message."))
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return HttpResponseRedirect(back if is_ours else "/outbox")



