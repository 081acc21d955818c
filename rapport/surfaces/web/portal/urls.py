"""Addresses of portals. All stand outside of sign-in: guests have sessions of their own."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web.portal import account, entrance, files, pages, settings_page

_SITE = "portal/<str:site_slug>/"
_SECTION = f"{_SITE}<slug:section_key>/"

urlpatterns = [
    path("settings/portal", settings_page.settings, name="portal_settings"),
    path(_SITE, pages.home, name="portal"),
    path(f"{_SITE}enter", entrance.enter, name="portal_enter"),
    path(f"{_SITE}password", entrance.password, name="portal_password"),
    path(f"{_SITE}link/<str:secret>", entrance.link, name="portal_link"),
    path(f"{_SITE}leave", entrance.leave, name="portal_leave"),
    path(f"{_SITE}account", account.account, name="portal_account"),
    path(f"{_SITE}articles/", pages.articles, name="portal_articles"),
    path(f"{_SITE}articles/fitting", pages.fitting, name="portal_fitting"),
    path(f"{_SITE}articles/picture/<str:key>", pages.picture, name="portal_picture"),
    path(f"{_SITE}articles/<slug:language>/topic/<str:slug>", pages.topic, name="portal_topic"),
    path(f"{_SITE}articles/<slug:language>/<str:slug>", pages.article, name="portal_article"),
    path(_SECTION, pages.first, name="portal_section"),
    path(f"{_SECTION}do/<slug:deed_key>", pages.do, name="portal_do"),
    path(f"{_SECTION}<uuid:record_id>", pages.one, name="portal_one"),
    path(f"{_SECTION}<uuid:record_id>/do/<slug:deed_key>", pages.do, name="portal_do_one"),
    path(f"{_SECTION}<uuid:record_id>/file/<uuid:file_id>", files.download, name="portal_file"),
    path(f"{_SECTION}<slug:page_key>", pages.named, name="portal_page"),
]
