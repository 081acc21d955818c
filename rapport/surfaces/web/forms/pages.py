"""A form for strangers: shown, sent, confirmed. Works without script, sets no cookie, and never tells who is known.

What keeps programs out, without asking anybody else: a field that people do not see, a signed token that is not valid in its
first seconds, a pace per address and per form, and the same answers taken once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import loader
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from rapport.engines.booking.models import PublicBooking
from rapport.engines.webforms.models import PublicForm
from rapport.engines.webforms.receiving import keep, open_form, questions_of
from rapport.engines.webforms.registry import FILES
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import system_context
from rapport.kernel.errors import Invalid
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.forms.mailing import send_link
from rapport.surfaces.web.help.answering import is_rtl, missing
from rapport.surfaces.web.middleware import policy
from rapport.surfaces.web.outside_files import Kept, kept_files
from rapport.surfaces.web.sign_in_limit import take_turn, too_many

_SALT = "rapport.web_form"
#: Nobody reads and answers in less; a page may lie open for a day.
QUICKEST, _TOKEN_AGE = 3, 24 * 3600
_LONGEST_KEY = 40
#: Looks like a field worth filling to a program; people never see it.
TRAP = "website_url"
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A view of an open form, inside its workspace and in its language; closed, deleted and never made answer alike."""

    @wraps(view)
    def answer(request: HttpRequest, key: str, **more: object) -> HttpResponse:
        form = open_form(key) if len(key) <= _LONGEST_KEY and key.isascii() else None
        if form is None:
            return missing(request)
        language = str(form.shown.get("language") or settings.LANGUAGE_CODE)
        known = language if translation.check_for_language(language) else settings.LANGUAGE_CODE
        with use_workspace(form.workspace_id), translation.override(known):
            return view(request, form, **more)

    return answer


@csrf_exempt  # there is no session that a foreign page could borrow; see the token
@xframe_options_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@public
def form(request: HttpRequest, public_form: PublicForm, *, is_framed: bool = False) -> HttpResponse:
    """The form; on sending, the same with what is wrong, or the way to the thanks."""
    if request.method != "POST":
        return _page(request, public_form, is_framed, values={}, errors={})
    given = {key: request.POST.get(key, "") for key in [one.key for one in questions_of(public_form)]}
    if request.POST.get(TRAP):
        return _sent(public_form, is_framed)
    if not token_holds(public_form, request.POST.get("token", "")):
        return _page(request, public_form, is_framed, values=given, errors={}, is_again=True)
    if wait := take_turn(request, public_form.key, "web_form"):
        headers = {"Retry-After": str(wait), "Content-Type": "text/plain; charset=utf-8"}
        return HttpResponse(too_many(wait) + "\n", status=429, headers=headers)
    sealed, refused = _files(request, public_form)
    try:
        if refused:
            raise Invalid(refused, errors={FILES: refused})
        kept = keep(
            public_form, given, files=[facts for _text, facts in sealed],
            has_consent=request.POST.get("consent") == "1", source=_source(request),
            campaign=request.POST.get("utm_campaign", "").replace("\0", "")[:80],
        )  # fmt: skip
    except Invalid as wrong:
        return _page(request, public_form, is_framed, values=given, errors=wrong.errors, status=422, sealed=sealed)
    if kept.submission is not None and kept.email and not take_turn(request, kept.email, "form_mail"):
        send_link(kept.submission, base_url(request))
    return _sent(public_form, is_framed)


@xframe_options_exempt
@require_safe
@public
def sent(request: HttpRequest, public_form: PublicForm, *, is_framed: bool = False) -> HttpResponse:
    """The thanks, or that a mail is on its way; the same whoever sent it."""
    return _show(request, public_form, "forms/sent.html", {}, is_framed=is_framed)


def _page(
    request: HttpRequest, public_form: PublicForm, is_framed: bool, *, values: Mapping[str, str],
    errors: Mapping[str, object], is_again: bool = False, status: int = 200, sealed: Kept | None = None,
) -> HttpResponse:  # fmt: skip
    asked = request.GET if request.method != "POST" else request.POST
    given = {
        "questions": questions_of(public_form), "values": values, "errors": errors, "is_again": is_again, "trap": TRAP,
        "token": token_for(public_form, request.POST.get("token", "")),
        "has_consent": request.POST.get("consent") == "1",
        "hidden": {key: asked.get(key, "").replace("\0", "")[:80] for key in ("utm_source", "utm_campaign")},
        "referrer": _source(request), "kept": [(text, facts["name"]) for text, facts in sealed or ()],
    }  # fmt: skip
    return _show(request, public_form, "forms/page.html", given, is_framed=is_framed, status=status)


def _files(request: HttpRequest, public_form: PublicForm) -> tuple[Kept, str]:
    """What came along, where the form asks for it; looked at after the pace, so that nobody fills our store."""
    if not any(one.input == FILES for one in questions_of(public_form)):
        return [], ""
    ctx = system_context(public_form.workspace, "web form")
    return kept_files(request, ctx, f"form:{public_form.key}", most=3, largest=10 * 1024 * 1024)


def _show(
    request: HttpRequest,
    public_form: PublicForm,
    template: str,
    values: Mapping[str, object],
    *,
    is_framed: bool,
    status: int = 200,
) -> HttpResponse:
    language = str(public_form.shown.get("language") or settings.LANGUAGE_CODE)
    given = {
        "form": public_form.shown, "at": _address(public_form, is_framed), "is_framed": is_framed, "language": language,
        "direction": "rtl" if is_rtl(language) else "ltr", **values,
    }  # fmt: skip
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "strict-origin-when-cross-origin"}
    sites = " ".join(public_form.shown.get("sites") or ()) if is_framed else ""
    own = policy(getattr(request, "csp_nonce", ""))
    headers["Content-Security-Policy"] = own.replace("frame-ancestors 'none'", "frame-ancestors " + (sites or "'none'"))
    return HttpResponse(loader.render_to_string(template, given, request), status=status, headers=headers)


def _address(public_form: PublicForm, is_framed: bool) -> str:
    return f"/form/{public_form.key}" + ("/frame" if is_framed else "")


def _sent(public_form: PublicForm, is_framed: bool) -> HttpResponse:
    return HttpResponseRedirect(_address(public_form, is_framed) + "/sent", status=303)


def token_for(public_form: PublicForm | PublicBooking, before: str) -> str:
    """A new token; one that is merely too young is kept, so that it ages while somebody looks at what they typed."""
    try:
        if signing.loads(before, salt=_SALT, max_age=_TOKEN_AGE // 2) == public_form.key:
            return before
    except signing.BadSignature:
        pass
    return signing.dumps(public_form.key, salt=_SALT)


def token_holds(public_form: PublicForm | PublicBooking, token: str) -> bool:
    """Made here for this form, not older than a day, not younger than a person needs."""
    try:
        if signing.loads(token, salt=_SALT, max_age=_TOKEN_AGE) != public_form.key:
            return False
        signing.loads(token, salt=_SALT, max_age=QUICKEST)
    except signing.SignatureExpired:
        return _is_fresh(token)
    except signing.BadSignature:
        return False
    return False


def _is_fresh(token: str) -> bool:
    try:
        signing.loads(token, salt=_SALT, max_age=_TOKEN_AGE)
    except signing.BadSignature:
        return False
    return True


def _source(request: HttpRequest) -> str:
    """Where the visitor came from: what the link said, else the site before."""
    said = request.POST.get("utm_source") or request.GET.get("utm_source") or request.POST.get("referrer") or ""
    before = urlsplit(request.headers.get("Referer", "")).netloc
    return (said or (before if before != request.get_host() else "")).replace("\0", "")[:80]
