"""The pages of a help centre: start, topic, article, search, and what search engines are told."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import loader
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_safe

from rapport.engines.publishing import reading
from rapport.engines.publishing.finding import Found, find
from rapport.engines.publishing.models import PublicSite
from rapport.engines.publishing.shelf import picture_on_shelf, shown_at
from rapport.kernel.errors import Gone
from rapport.kernel.kinds.base import Format
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.files import as_picture
from rapport.surfaces.web.help import addresses
from rapport.surfaces.web.help.answering import kept, missing, page, public
from rapport.surfaces.web.help.voting import vote_of, vote_token

_LONGEST_QUESTION = 200
_SUGGESTED = 6


@require_safe
@public
def entrance(request: HttpRequest, site: PublicSite, _language: str) -> HttpResponse:
    """To the start page in the visitor's language, if there is a text in it, else in the company's."""
    wanted = (get_language_from_request(request) or "").split("-")[0]
    for one in (wanted, site.language, *site.languages):
        if one in site.languages:
            return HttpResponseRedirect(addresses.start(site, one), headers={"Vary": "Accept-Language"})
    return missing(request)


@require_safe
@public
def start(request: HttpRequest, site: PublicSite, language: str) -> HttpResponse:
    """Topics, what is in none, and what is new."""

    def made() -> HttpResponse:
        values = {
            "topics": reading.topics(site, language), "loose": reading.without_topic(site, language),
            "newest": reading.newest(site, language),
        }  # fmt: skip
        return page(request, site, language, "help/start.html", values, canonical=addresses.start(site, language))

    return kept(request, site, made)


@require_safe
@public
def topic(request: HttpRequest, site: PublicSite, language: str, slug: str) -> HttpResponse:
    """The texts of a topic and the topics in it."""

    def made() -> HttpResponse:
        way = reading.find_topic(reading.topics(site, language), slug=slug)
        if not way:
            return missing(request)
        given = request.GET.get("after", "")
        after = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None
        lines, more = reading.in_topic(site, way[-1].topic, after)
        values = {"way": way, "here": way[-1], "lines": lines, "more": more}
        return page(request, site, language, "help/topic.html", values, canonical=addresses.topic(site, language, slug))

    return kept(request, site, made)


@require_safe
@public
def picture(request: HttpRequest, site: PublicSite, language: str, key: str) -> HttpResponse:
    """A picture of an article that everybody may read; one of any other article is not there."""
    if not picture_on_shelf(site.workspace_id, key, ("public",)):
        return missing(request)
    try:
        return as_picture(key)
    except Gone:
        return missing(request)


@require_safe
@public
def article(request: HttpRequest, site: PublicSite, language: str, slug: str) -> HttpResponse:
    """One article, with the question whether it helped."""

    def made() -> HttpResponse:
        text = reading.text_at(site, language, slug)
        if text is None:
            return missing(request)
        there = {one: addresses.article(site, one, other) for one, other in reading.translations(site, text)}
        way = reading.find_topic(reading.topics(site, language), record_id=text.topic_id) if text.topic_id else []
        values = {
            "text": text,
            "html": shown_at(text.html, f"/help/{quote(site.slug)}/picture/"),
            "way": way,
            "shown": Format(language=language),
            "token": vote_token(site, text),
            "vote": vote_of(request, text),
        }
        return page(
            request, site, language, "help/article.html", values, alternates=there,
            canonical=addresses.article(site, language, slug),
        )  # fmt: skip

    return kept(request, site, made)


@require_safe
@public
def search(request: HttpRequest, site: PublicSite, language: str) -> HttpResponse:
    """What was found for some words."""
    text = _question(request)
    values = {"q": text, "hits": _hits(site, language, text, 20) if text else []}
    response = page(request, site, language, "help/search.html", values)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@public
def suggest(request: HttpRequest, site: PublicSite, language: str) -> HttpResponse:
    """A few links for what is being typed: a part of a page."""
    text = _question(request)
    hits = find(site.workspace_id, ("public",), language, text, limit=_SUGGESTED, is_begun=True) if text else []
    made = loader.render_to_string(
        "help/suggest.html", {"hits": hits, "site": site, "language": language, "at": addresses}, request
    )
    return HttpResponse(made, headers={"X-Robots-Tag": "noindex", "Cache-Control": "public, max-age=60"})


@require_safe
@public
def site_map(request: HttpRequest, site: PublicSite, _language: str) -> HttpResponse:
    """Every public article, for search engines."""

    def made() -> HttpResponse:
        rows = [(addresses.article(site, lang, slug), at) for lang, slug, at in reading.map_of(site)]
        values = {"base": base_url(request), "starts": [addresses.start(site, one) for one in site.languages], "rows": rows}
        return HttpResponse(
            loader.render_to_string("help/sitemap.xml", values, request), content_type="application/xml; charset=utf-8"
        )

    return kept(request, site, made)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines read help centres that are switched on, and nothing else here."""
    text = "User-agent: *\nAllow: /help/\nAllow: /static/\nDisallow: /\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"})


def _question(request: HttpRequest) -> str:
    return " ".join(request.GET.get("q", "").replace("\0", " ").split())[:_LONGEST_QUESTION]


def _hits(site: PublicSite, language: str, text: str, limit: int) -> list[Found]:
    return find(site.workspace_id, ("public",), language, text, limit=limit)


__all__ = ["article", "entrance", "picture", "robots", "search", "site_map", "start", "suggest", "topic"]
