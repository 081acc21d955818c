"""A chat for strangers: the script of the button, the page in the frame, and what the page sends and asks. Sets no cookie.

What keeps programs out is what web forms have: a field that people do not see, a signed token that is not valid in its first
second, a pace per address, per conversation and per chat.
"""

from __future__ import annotations

import json
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template import loader
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rapport.engines.livechat import talking
from rapport.engines.livechat.bell import held_answer
from rapport.engines.livechat.models import PublicChat, Talk
from rapport.engines.livechat.registry import Opening, keeper
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.chat.answering import (
    context,
    new_token,
    public,
    said_too_much,
    stream_of,
    talk_of_stream,
    token_holds,
    told,
    with_talk,
)
from rapport.surfaces.web.chat.presence import present
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.help.answering import is_rtl
from rapport.surfaces.web.middleware import policy
from rapport.surfaces.web.sign_in_limit import take_turn

#: Looks like a field worth filling to a program; people never see it.
TRAP = "website_url"
LONGEST = 4_000
#: How long the sites keep the script of the button.
_FRESH = 300
#: Most letters that are kept of each thing the page tells of itself.
_KEPT = {"page": 300, "page_title": 150, "referrer": 300, "campaign": 80}


@require_safe
@public
def script(request: HttpRequest, chat: PublicChat) -> HttpResponse:
    """The script that a site loads: a button, and the frame behind it. It must open on any site; the frame does not."""
    shown, base = chat.shown, base_url(request)
    words = {
        "base": base, "frame": f"{base}/chat/{chat.key}/frame", "key": chat.key, "color": shown["color"], "side": shown["side"],
        "sites": [*shown["sites"], base], "label": shown["label"],
        "open": shown["label"] or _("Chat with us"), "close": _("Close the chat"), "title": shown["name"],
        "news": _("New message"),
    }  # fmt: skip
    text = loader.render_to_string("chat/button.js", {"words": json.dumps(words).replace("<", "\\u003c")})
    headers = {"Cache-Control": f"public, max-age={_FRESH}", "Cross-Origin-Resource-Policy": "cross-origin"}
    return HttpResponse(text, content_type="text/javascript; charset=utf-8", headers=headers)


@require_safe
@public
def frame(request: HttpRequest, chat: PublicChat) -> HttpResponse:
    """The page in the frame: only the sites that were named may show it."""
    language = str(chat.shown["language"])
    values = {
        "chat": chat.shown, "key": chat.key, "token": new_token(chat), "trap": TRAP, "longest": LONGEST, "language": language,
        "direction": "rtl" if is_rtl(language) else "ltr", "is_present": bool(present(context(chat), chat)),
        "nonce": getattr(request, "csp_nonce", ""), "who": _signed(request.GET.get("who", "")) is not None,
    }  # fmt: skip
    sites = " ".join(["'self'", *chat.shown["sites"]])
    own = policy(getattr(request, "csp_nonce", "")).replace("frame-ancestors 'none'", f"frame-ancestors {sites}")
    headers = {
        "Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer", "Content-Security-Policy": own,
    }  # fmt: skip
    return HttpResponse(loader.render_to_string("chat/frame.html", values, request), headers=headers)


@require_POST
@public
def begin(request: HttpRequest, chat: PublicChat) -> HttpResponse:
    """The first line. Nobody here: then only with an address to answer to."""
    text, email = _text(request), _field(request, "email", 254)
    if request.POST.get(TRAP) or not token_holds(chat, request.POST.get("token", "")):
        return told({"sentence": _("Look at what you typed, then press the button once more, please.")}, status=409)
    guest = _signed(request.POST.get("who", ""))
    ctx = context(chat)
    here = present(ctx, chat)
    errors = _wrong(text, email, needs_email=not here and guest is None)
    if chat.shown["privacy_url"] and request.POST.get("agreed") != "1":
        errors["agreed"] = _("Agree to the privacy page first, please.")
    if errors:
        return told({"errors": errors}, status=422)
    if wait := take_turn(request, chat.key, "chat_begin"):
        return said_too_much(wait)
    person_id, name, known_email = guest or (None, _field(request, "name", 80), email)
    more = {key: _field(request, key, most) for key, most in _KEPT.items()}
    opening = Opening(
        chat.record_id, text, name=name, email=known_email, person_id=person_id, present=here,
        page=_web(more["page"]), page_title=more["page_title"], referrer=_web(more["referrer"]), campaign=more["campaign"],
    )  # fmt: skip
    begun = talking.begin(ctx, chat, opening)
    return told({"secret": begun.secret, **_state(ctx, begun.talk, is_message=not here)})


@require_POST
@public
@with_talk
def lines(request: HttpRequest, chat: PublicChat, talk: Talk, ctx: Context) -> HttpResponse:
    """Everything that was said, and what the bell stands at."""
    talking.note_here(talk, ctx.format.now)
    return told(_state(ctx, talk))


@require_POST
@public
@with_talk
def say(request: HttpRequest, chat: PublicChat, talk: Talk, ctx: Context) -> HttpResponse:
    """A further line."""
    text = _text(request)
    if errors := _wrong(text, "", needs_email=False):
        return told({"errors": errors}, status=422)
    if talk.ended_at is not None:
        return told(_state(ctx, talk), status=410)
    if wait := take_turn(request, talk.pk.hex, "chat_say"):
        return said_too_much(wait)
    try:
        talking.say(ctx, talk, text, _field(request, "mark", 40))
    except Gone:
        return told(_state(ctx, talk), status=410)
    talking.note_here(talk, ctx.format.now)
    talk.refresh_from_db()
    return told(_state(ctx, talk))


@require_POST
@public
@with_talk
def end(request: HttpRequest, chat: PublicChat, talk: Talk, ctx: Context) -> HttpResponse:
    """The visitor ends it; what was said stays with the company."""
    talking.end(talk, ctx.format.now)
    talk.refresh_from_db()
    return told(_state(ctx, talk))


@require_safe
@public
def stream(request: HttpRequest, chat: PublicChat, token: str) -> HttpResponseBase:
    """The bell of one conversation for its visitor."""
    talk = talk_of_stream(chat, token)
    if talk is None:
        return told({"error": "gone"}, status=404)
    return _ring(request, talk)


@require_safe
def agents_stream(request: HttpRequest, talk_id: UUID) -> HttpResponseBase:
    """The bell of one conversation for whoever may see the record it is kept in."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    talk = Talk.objects.filter(workspace_id=ctx.workspace.pk, pk=talk_id).first()
    if talk is None:
        raise Gone
    gate.get(ctx, registry.get(talk.type), talk.record_id)
    return _ring(request, talk)


def _ring(request: HttpRequest, talk: Talk) -> HttpResponseBase:
    asked = request.headers.get("Last-Event-ID") or request.GET.get("seq", "")
    return held_answer(talk.pk, asked, talk.seq)


def _state(ctx: Context, talk: Talk, **more: object) -> dict[str, object]:
    found = keeper().lines(ctx, talk.record_id)
    said = [{"id": one.id, "who": one.who, "text": one.text, "at": one.at.isoformat()} for one in found or ()]
    is_over = talk.ended_at is not None or found is None
    # Only what will happen is promised.
    follows = bool(talk.email) and not is_over and keeper().mails(ctx, talk.record_id)
    return {"seq": talk.seq, "lines": said, "is_over": is_over, "stream": stream_of(talk), "has_email": follows, **more}


def _field(request: HttpRequest, key: str, most: int) -> str:
    return " ".join(request.POST.get(key, "").replace("\0", "").split())[:most]


def _text(request: HttpRequest) -> str:
    return request.POST.get("text", "").replace("\0", "").replace("\r\n", "\n").strip()


def _web(address: str) -> str:
    """Only an address of the web: what a page tells of itself is as true as any page."""
    return address if address.startswith(("https://", "http://")) else ""


def _wrong(text: str, email: str, *, needs_email: bool) -> dict[str, str]:
    errors = {}
    if not text:
        errors["text"] = _("Write something first; one line is enough.")
    elif len(text) > LONGEST:
        errors["text"] = _("Keep this under 4,000 characters.")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            errors["email"] = _("Enter a whole e-mail address, such as ann@example.com.")
    elif needs_email:
        errors["email"] = _("Nobody is here just now: leave your e-mail address, so that we can answer.")
    return errors


def _signed(who: str) -> tuple[UUID, str, str] | None:
    """The guest of a portal, as its page vouched for them a moment ago."""
    try:
        person_id, name, email = signing.loads(who, salt=GUEST, max_age=GUEST_AGE)
    except (signing.BadSignature, ValueError):
        return None
    return UUID(str(person_id)), str(name)[:80], str(email)[:254]


#: How the portal vouches for a guest: signed, for as long as a page is looked at.
GUEST, GUEST_AGE = "rapport.chat.guest", 3600
