"""The pages behind the entrance: start, the sections of the modules, what is done there, and articles for customers."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import loader
from django.views.decorators.http import require_POST, require_safe

from rapport.engines.portal.entering import hold
from rapport.engines.portal.guest import Guest
from rapport.engines.portal.models import PortalAccount, PortalSite
from rapport.engines.portal.registry import Asked, PortalSection, section, sections_for
from rapport.engines.publishing import inside
from rapport.engines.publishing.shelf import picture_on_shelf, shown_at
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Conflict, Gone, Invalid, Refused
from rapport.kernel.kinds.base import Format
from rapport.surfaces.web.files import as_picture
from rapport.surfaces.web.outside_files import Kept, kept_files
from rapport.surfaces.web.portal.answering import page, sealed, signed_in, start
from rapport.surfaces.web.sign_in_limit import take_turn, too_many

_LONGEST = 20_000
_LONGEST_QUESTION = 4_000


@require_safe
@signed_in
def home(request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount) -> HttpResponse:
    """What there is, with a few words of each."""
    tiles = [(one, one.line(guest)) for one in sections_for(guest)]
    return page(request, site, "portal/start.html", {"tiles": tiles}, guest=guest)


@require_safe
@signed_in
def first(request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount, section_key: str) -> HttpResponse:
    """The first page of a section."""
    return _shown(request, site, guest, _section(guest, section_key), "")


@require_safe
@signed_in
def named(
    request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount, section_key: str, page_key: str
) -> HttpResponse:
    """A further page of a section."""
    if page_key in ("", "one"):
        raise Gone
    return _shown(request, site, guest, _section(guest, section_key), page_key)


@require_safe
@signed_in
def one(
    request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount, section_key: str, record_id: UUID
) -> HttpResponse:
    """One record of a section."""
    return _shown(request, site, guest, _section(guest, section_key), "one", record_id)


@require_POST
@signed_in
def do(
    request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount, section_key: str, deed_key: str,
    record_id: UUID | None = None,
) -> HttpResponse:  # fmt: skip
    """Do something: all of it or nothing. What cannot be taken comes back with what was typed and a sentence."""
    where = _section(guest, section_key)
    deed = where.deeds.get(deed_key)
    if deed is None or deed.is_of_one != (record_id is not None):
        raise Gone
    typed = {key: str(value).replace("\0", "")[:_LONGEST] for key, value in request.POST.items()}
    ids = () if record_id is None else (record_id,)
    files: Kept = []
    if wait := take_turn(request, account.pk.hex, "portal_write"):
        asked, status = Asked(typed, wrong=too_many(wait)), 429
    else:
        try:
            files, refused = kept_files(request, guest.context(), account.pk.hex) if deed.takes_files else ([], "")
            if refused:
                raise Invalid(refused, errors={"files": refused})
            with unit_of_work(guest.context()):
                hold(guest)
                to = deed.run(guest, Asked(typed, files=[facts for _text, facts in files]), *ids)
            done = f"{start(site)}{where.key}/{to}?done={deed.key}"
            return sealed(HttpResponseRedirect(done, status=303))
        except (Invalid, Conflict, Refused) as problem:
            again = [(text, str(facts["name"])) for text, facts in files]
            asked, status = Asked(typed, problem.errors, problem.sentence, kept=again), 422
    return _shown(request, site, guest, where, deed.page, *(ids if deed.page == "one" else ()), asked=asked, status=status)


def _section(guest: Guest, key: str) -> PortalSection:
    found = section(guest, key)
    if found is None:
        raise Gone
    return found


def _shown(
    request: HttpRequest, site: PortalSite, guest: Guest, where: PortalSection, key: str, *ids: UUID, asked: Asked | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    make = where.pages.get(key)
    if make is None:
        raise Gone
    asked = asked or Asked({name: str(value).replace("\0", "")[:200] for name, value in request.GET.items()})
    shown = make(guest, asked, *ids)
    deed = where.deeds.get(request.GET.get("done", "")) if request.method != "POST" else None
    values = {
        "section": where, "page": shown, "values": shown.values, "asked": asked, "said": str(deed.said) if deed else "",
        "is_first": key == "",
    }  # fmt: skip
    return page(request, site, "portal/section.html", values, guest=guest, here=f"{start(site)}{where.key}/", status=status)


# -- articles -----------------------------------------------------------------------------------------------------------


@require_safe
@signed_in
def articles(request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount) -> HttpResponse:
    """Search, topics, what is new; or what was found."""
    q = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:200]
    language = inside.language_for(site.workspace, guest.language)
    if not language:
        raise Gone
    found = inside.search(site.workspace, language, q) if q else []
    values = {"q": q, "found": found, "text_language": language, "topic": None, "more": None}
    values |= {"topics": [], "lines": []} if q else {
        "topics": inside.topics(site.workspace, language), "lines": inside.newest(site.workspace, language),
    }  # fmt: skip
    return page(request, site, "portal/articles.html", values, guest=guest)


@require_safe
@signed_in
def topic(request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount, language: str, slug: str) -> HttpResponse:
    """The texts of a topic."""
    found = inside.topic_at(site.workspace, language, slug)
    if found is None:
        raise Gone
    given = request.GET.get("after", "")
    after = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None
    lines, more = inside.in_topic(site.workspace, found, after)
    values = {"q": "", "found": [], "text_language": language, "topic": found, "topics": [], "lines": lines, "more": more}
    return page(request, site, "portal/articles.html", values, guest=guest)


@require_safe
@signed_in
def article(
    request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount, language: str, slug: str
) -> HttpResponse:
    """One article."""
    text = inside.text_at(site.workspace, language, slug)
    if text is None:
        raise Gone
    inside.tell_read(site.workspace, guest.person_id, text.record_id)
    html = shown_at(text.html, f"{start(site)}articles/picture/")
    values = {"text": text, "html": html, "shown": Format(language=language)}
    return page(request, site, "portal/article.html", values, guest=guest)


@require_safe
@signed_in
def picture(request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount, key: str) -> HttpResponse:
    """A picture of an article that customers may read."""
    if not picture_on_shelf(site.workspace_id, key, inside.AUDIENCES):
        raise Gone
    return sealed(as_picture(key))


@require_safe
@signed_in
def fitting(request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount) -> HttpResponse:
    """Articles for what is being written: a part of a page."""
    text = request.GET.get("q", "").replace("\0", " ")[:_LONGEST_QUESTION]
    language = inside.language_for(site.workspace, guest.language)
    hits = inside.fits(site.workspace, language, text) if language and text.strip() else []
    return sealed(HttpResponse(loader.render_to_string("portal/fitting.html", {"hits": hits, "base": start(site)}, request)))
