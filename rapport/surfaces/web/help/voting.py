"""What visitors say back: whether a text helped, whether it was solved, and (from scripts) what was looked for and opened.

Nobody is known. One vote per browser and article by a signed cookie that holds the votes and no name; a vote needs the
token of a page that was shown, and one address may vote three times on an article in an hour before it has to wait.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rapport.engines.publishing import opinions, reading
from rapport.engines.publishing.asked import note_asked
from rapport.engines.publishing.finding import find
from rapport.engines.publishing.models import PublicSite, Shelved
from rapport.surfaces.web.help import addresses
from rapport.surfaces.web.help.answering import VOTES_COOKIE, missing, public
from rapport.surfaces.web.sign_in_limit import take_turn, too_many

_TOKEN, _COOKIE = "rapport.help.vote", "rapport.help.votes"
#: A page may lie open for so long before its vote is refused.
_TOKEN_AGE = 7 * 24 * 3600
_COOKIE_AGE = 365 * 24 * 3600
#: Votes that one cookie holds; after that many the oldest is forgotten.
_MOST = 60
_MARK = 10


def vote_token(site: PublicSite, text: Shelved) -> str:
    """Proof that a page of this very text was shown; the same for everybody, so that pages can be kept."""
    return signing.dumps([site.workspace_id.hex, text.record_id.hex], salt=_TOKEN)


def vote_of(request: HttpRequest, text: Shelved) -> str:
    """What this browser said of a text: "yes", "no", "solved", or nothing."""
    return _votes(request).get(text.record_id.hex[-_MARK:], "")


@csrf_exempt  # there is no session that a foreign page could borrow; see _is_foreign for foreign pages that vote
@require_POST
@public
def vote(request: HttpRequest, site: PublicSite, language: str, slug: str) -> HttpResponse:
    """Count one yes or no, with a sentence if there is one."""
    text = reading.text_at(site, language, slug)
    if text is None or _is_foreign(request):
        return missing(request)
    back = addresses.article(site, language, slug) + "#helpful"
    said = request.POST.get("helped", "")
    if not _holds(site, text, request.POST.get("token", "")) or said not in ("yes", "no") or vote_of(request, text):
        return HttpResponseRedirect(back, status=303)
    if wait := take_turn(request, text.record_id.hex, "help_vote"):
        return _wait(wait)
    opinions.vote(site.workspace_id, text.record_id, helped=said == "yes", note=request.POST.get("note", ""))
    return _remember(request, HttpResponseRedirect(back, status=303), site, text, said)


@csrf_exempt
@require_POST
@public
def end(request: HttpRequest, site: PublicSite, language: str, slug: str) -> HttpResponse:
    """Whether what brought the visitor is solved; if not, on to the people."""
    text = reading.text_at(site, language, slug)
    if text is None or _is_foreign(request):
        return missing(request)
    solved = request.POST.get("solved") == "yes"
    back = addresses.article(site, language, slug) + "#helpful"
    said = vote_of(request, text)
    onward = back if solved or not _is_page(site.contact) else site.contact
    if said not in ("yes", "no") or not _holds(site, text, request.POST.get("token", "")):
        return HttpResponseRedirect(onward, status=303)
    opinions.end_visit(site.workspace_id, text.record_id, solved=solved)
    return _remember(request, HttpResponseRedirect(onward, status=303), site, text, "solved" if solved else "unsolved")


@csrf_exempt
@require_POST
@public
def note(request: HttpRequest, site: PublicSite, language: str) -> HttpResponse:
    """From the script of the pages: what was looked for, what was opened. Nothing about who."""
    done = HttpResponse(status=204)
    if _is_foreign(request) or take_turn(request, "", "help_note"):
        return done
    question, slug = request.POST.get("q", "")[:200], request.POST.get("slug", "")[:100]
    kind = request.POST.get("kind")
    if kind == "search" and question:
        hits = find(site.workspace_id, ("public",), language, question, limit=1)
        note_asked(site.workspace_id, language, question, found=len(hits))
    elif kind == "open" and question:
        note_asked(site.workspace_id, language, question, found=1, opened=True)
    elif kind == "view" and (text := reading.text_at(site, language, slug)) is not None:
        opinions.count(site.workspace_id, text.record_id, "opened")
    return done


def _is_foreign(request: HttpRequest) -> bool:
    """Whether another site sent this; browsers say so."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc != request.get_host()


def _holds(site: PublicSite, text: Shelved, token: str) -> bool:
    try:
        return signing.loads(token, salt=_TOKEN, max_age=_TOKEN_AGE) == [site.workspace_id.hex, text.record_id.hex]
    except signing.BadSignature:
        return False


def _votes(request: HttpRequest) -> dict[str, str]:
    try:
        found = signing.loads(request.COOKIES.get(VOTES_COOKIE, ""), salt=_COOKIE, max_age=_COOKIE_AGE)
    except signing.BadSignature:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _remember(request: HttpRequest, response: HttpResponse, site: PublicSite, text: Shelved, said: str) -> HttpResponse:
    votes = {**_votes(request), text.record_id.hex[-_MARK:]: said}
    response.set_cookie(
        VOTES_COOKIE, signing.dumps(dict(list(votes.items())[-_MOST:]), salt=_COOKIE), max_age=_COOKIE_AGE, httponly=True,
        samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, path=addresses.start(site),
    )  # fmt: skip
    return response


def _is_page(contact: str) -> bool:
    return contact.startswith(("https://", "http://"))


def _wait(seconds: int) -> HttpResponse:
    headers = {"Retry-After": str(seconds), "Content-Type": "text/plain; charset=utf-8"}
    return HttpResponse(too_many(seconds) + "\n", status=429, headers=headers)
