"""What every address of a chat has in common: the workspace in force, the language, answers that nobody keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt

from rapport.engines.livechat.models import PublicChat, Talk
from rapport.engines.livechat.talking import LIVES, open_chat, talk_with
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import Context, system_context
from rapport.surfaces.web.help.answering import missing
from rapport.surfaces.web.sign_in_limit import take_turn, too_many

_LONGEST_KEY, _LONGEST_SECRET = 40, 100
_TOKEN, _STREAM = "rapport.chat", "rapport.chat.stream"
#: Nobody opens it and writes a line in less; a page may lie open for a day.
QUICKEST, _TOKEN_AGE = 1, 24 * 3600
View = Callable[..., HttpResponseBase]


def public(view: View) -> View:
    """A view of a chat that is switched on, inside its workspace and in its language; off and never made answer alike."""

    @wraps(view)
    def answer(request: HttpRequest, key: str, **more: object) -> HttpResponseBase:
        chat = open_chat(key) if len(key) <= _LONGEST_KEY and key.isascii() and "\0" not in key else None
        if chat is None:
            return missing(request)
        language = str(chat.shown.get("language") or "")
        known = language if language and translation.check_for_language(language) else settings.LANGUAGE_CODE
        with use_workspace(chat.workspace_id), translation.override(known):
            return view(request, chat, **more)

    # There is no session that a foreign page could borrow: the secret in the body is the key.
    return csrf_exempt(xframe_options_exempt(answer))


def with_talk(view: View) -> View:
    """A view `(request, chat, talk, ctx)` for whoever has the secret of a conversation; everybody else learns nothing."""

    @wraps(view)
    def answer(request: HttpRequest, chat: PublicChat, **more: object) -> HttpResponseBase:
        secret, ctx = request.POST.get("secret", ""), context(chat)
        talk = talk_with(chat, secret, ctx.format.now) if secret and len(secret) <= _LONGEST_SECRET else None
        if talk is None:
            if wait := take_turn(request, "", "chat_guess"):
                return said_too_much(wait)
            return told({"error": "gone"}, status=404)
        return view(request, chat, talk, context(chat, talk), **more)

    return answer


def context(chat: PublicChat, talk: Talk | None = None) -> Context:
    """For writing through the door: the system's rights, logged under the visitor's name."""
    made = system_context(chat.workspace, "chat")
    return replace(made, surface="chat", actor_name=(talk.name if talk else "")[:150] or "chat")


def told(values: dict[str, object], status: int = 200) -> HttpResponse:
    """An answer for the script of the page, which nobody keeps."""
    return JsonResponse(values, status=status, headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})


def said_too_much(wait: int) -> HttpResponse:
    """Too fast."""
    answer = told({"error": "wait", "sentence": too_many(wait)}, status=429)
    answer.headers["Retry-After"] = str(wait)
    return answer


def new_token(chat: PublicChat) -> str:
    """Comes with the page and goes back with the first line."""
    return signing.dumps(chat.key, salt=_TOKEN)


def token_holds(chat: PublicChat, token: str) -> bool:
    """Made here for this chat, not older than a day, not younger than a person needs."""
    try:
        if signing.loads(token, salt=_TOKEN, max_age=_TOKEN_AGE) != chat.key:
            return False
    except signing.BadSignature:
        return False
    try:
        signing.loads(token, salt=_TOKEN, max_age=QUICKEST)
    except signing.SignatureExpired:
        return True
    return False


def stream_of(talk: Talk) -> str:
    """What opens the bell of one conversation, and nothing else: it may stand in an address, as the secret may not."""
    return signing.dumps(talk.pk.hex, salt=_STREAM)


def talk_of_stream(chat: PublicChat, token: str) -> Talk | None:
    """The conversation behind it."""
    try:
        found = signing.loads(token, salt=_STREAM, max_age=int(LIVES.total_seconds()))
    except signing.BadSignature:
        return None
    return Talk.objects.filter(workspace_id=chat.workspace_id, chat_id=chat.record_id, pk=found).first()
