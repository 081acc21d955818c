"""Addresses of help centres. All stand outside of sign-in."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web.help import pages, voting

_SITE = "help/<str:site_slug>/"
_IN = f"{_SITE}<slug:language>/"

urlpatterns = [
    path("robots.txt", pages.robots, name="robots"),
    path(_SITE, pages.entrance, name="help"),
    path(f"{_SITE}sitemap.xml", pages.site_map, name="help_map"),
    path(f"{_SITE}picture/<str:key>", pages.picture, name="help_picture"),
    path(_IN, pages.start, name="help_start"),
    path(f"{_IN}search", pages.search, name="help_search"),
    path(f"{_IN}suggest", pages.suggest, name="help_suggest"),
    path(f"{_IN}note", voting.note, name="help_note"),
    path(f"{_IN}topic/<str:slug>", pages.topic, name="help_topic"),
    path(f"{_IN}article/<str:slug>", pages.article, name="help_article"),
    path(f"{_IN}article/<str:slug>/vote", voting.vote, name="help_vote"),
    path(f"{_IN}article/<str:slug>/end", voting.end, name="help_end"),
]
