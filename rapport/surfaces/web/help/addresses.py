"""Where things of a help centre are."""

from __future__ import annotations

from urllib.parse import quote

from rapport.engines.publishing.models import PublicSite


def start(site: PublicSite, language: str = "") -> str:
    """The first page, in a language or in the one that fits the visitor."""
    return f"/help/{quote(site.slug)}/" + (f"{language}/" if language else "")


def article(site: PublicSite, language: str, slug: str) -> str:
    """One article."""
    return f"{start(site, language)}article/{quote(slug)}"


def topic(site: PublicSite, language: str, slug: str) -> str:
    """One topic."""
    return f"{start(site, language)}topic/{quote(slug)}"


def search(site: PublicSite, language: str) -> str:
    """The search."""
    return f"{start(site, language)}search"
