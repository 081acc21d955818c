"""The page behind a link in a survey mail. Looking writes nothing, since programs open every link in a mail; one press counts.

No session, no cookie, no script needed. A wrong token, a survey that is switched off and one that never was answer alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import loader
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from rapport.engines.rating.desk import Asked, desk
from rapport.kernel.access.current import use_workspace
from rapport.kernel.errors import Invalid
from rapport.surfaces.web.help.answering import is_rtl, missing
from rapport.surfaces.web.sign_in_limit import take_turn, too_many

_LONGEST_COMMENT = 5_000
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A view `(request, asked, token)` of a question that was sent, inside its workspace and in the language of the person."""

    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponse:
        asked = desk().find(token)
        if asked is None:
            wait = take_turn(request, "", "rating_guess")
            return _slow_down(wait) if wait else missing(request)
        with use_workspace(asked.workspace), translation.override(asked.language):
            if request.method == "POST" and (wait := take_turn(request, str(asked.ask), "rating")):
                return _slow_down(wait)
            return view(request, asked, token)

    return answer


@csrf_exempt  # the token in the address is the key; there is no session that a foreign page could borrow
@require_http_methods(["GET", "HEAD", "POST"])
@public
def rating(request: HttpRequest, asked: Asked, token: str) -> HttpResponse:
    """The question with the score that was chosen in the mail; after the press the thanks, with room for a comment."""
    if request.method != "POST":
        chosen = _score(asked, request.GET.get("score", ""))
        return _page(request, asked, "rating/page.html", {"chosen": asked.score if chosen is None else chosen})
    chosen = _score(asked, request.POST.get("score", ""))
    comment = request.POST.get("comment", asked.comment).replace("\0", "").replace("\r\n", "\n").strip()
    wrong = ""
    if chosen is None:
        wrong = _("Choose a number first.")
    elif len(comment) > _LONGEST_COMMENT:
        wrong = _("Write at most %(most)d characters.") % {"most": _LONGEST_COMMENT}
    else:
        try:
            desk().rate(asked, chosen, comment, "mail")
            return HttpResponseRedirect(f"/rate/{token}", status=303, headers=_HEADERS)
        except Invalid as problem:
            wrong = problem.sentence
    values = {"chosen": chosen, "comment": comment, "wrong": wrong}
    return _page(request, asked, "rating/page.html", values, status=422)


@csrf_exempt  # mail programs send this by themselves when somebody presses "unsubscribe" in them (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
@public
def stop(request: HttpRequest, asked: Asked, token: str) -> HttpResponse:
    """No more surveys; a page with a button first, for the same reason."""
    if request.method == "POST" and not asked.is_refused:
        desk().refuse(asked)
    return _page(request, asked, "rating/stop.html", {"is_done": request.method == "POST" or asked.is_refused, "token": token})


def _score(asked: Asked, text: str) -> int | None:
    return next((one for one in asked.scores if str(one) == text), None)


def _page(request: HttpRequest, asked: Asked, template: str, values: Mapping[str, object], *, status: int = 200) -> HttpResponse:
    given = {
        "asked": asked, "language": asked.language, "direction": "rtl" if is_rtl(asked.language) else "ltr",
        "form": {"name": asked.company}, "is_framed": False, "comment": asked.comment, "wrong": "", **values,
    }  # fmt: skip
    return HttpResponse(loader.render_to_string(template, given, request), status=status, headers=_HEADERS)


def _slow_down(wait: int) -> HttpResponse:
    headers = {**_HEADERS, "Retry-After": str(wait), "Content-Type": "text/plain; charset=utf-8"}
    return HttpResponse(too_many(wait) + "\n", status=429, headers=headers)
