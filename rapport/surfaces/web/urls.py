"""Addresses of the pages. Fixed pages first, then those of record types, which are derived from the registry."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web import (
    account_page,
    bell,
    bulk,
    duplicates,
    exporting,
    files,
    filter_builder,
    home,
    list_page,
    lookup,
    quick_add,
    record_urls,
    search_page,
    settings_page,
    setup_page,
    tokens_page,
    undo,
    workspaces,
)
from rapport.surfaces.web.signing_in import urls as signing_in_urls

urlpatterns = [
    path("", home.today, name="home"),
    *signing_in_urls.urlpatterns,
    path("setup/<str:secret>", setup_page.setup, name="setup"),
    path("search", search_page.search_everything, name="search"),
    path("lookup/<slug:type_key>", lookup.look_up, name="lookup"),
    path("duplicates/<slug:type_key>", duplicates.duplicates, name="duplicates"),
    path("quick-add", quick_add.quick_add, name="quick_add"),
    path("file/", files.upload, name="upload"),
    path("file/<str:key>", files.download, name="file"),
    path("bell", bell.bell, name="bell"),
    path("undo", undo.undo, name="undo"),
    path("settings/", settings_page.settings_home, name="settings"),
    path("settings/more", settings_page.more, name="more"),
    path("settings/shortcuts", settings_page.shortcuts, name="shortcuts"),
    path("settings/theme", account_page.choose_theme, name="theme"),
    path("settings/account", account_page.account, name="account"),
    path("settings/tokens", tokens_page.tokens, name="tokens"),
    path("settings/tokens/<uuid:token_id>/revoke", tokens_page.revoke, name="revoke_token"),
    path("settings/tokens/revoke-all", tokens_page.revoke_all, name="revoke_all_tokens"),
    path("settings/tokens/permit", tokens_page.permit, name="permit_tokens"),
    path("workspaces", workspaces.workspaces, name="workspaces"),
    path("workspaces/new", workspaces.new, name="new_workspace"),
    path("workspace/<uuid:workspace_id>", workspaces.switch, name="switch_workspace"),
    path("<slug:type_key>/", list_page.list_page, name="list"),
    path("<slug:type_key>/rows", list_page.rows, name="rows"),
    path("<slug:type_key>/tabs", list_page.tabs, name="tabs"),
    path("<slug:type_key>/totals", list_page.totals, name="totals"),
    path("<slug:type_key>/filter", filter_builder.build, name="filter"),
    path("<slug:type_key>/bulk", bulk.bulk, name="bulk"),
    path("<slug:type_key>/export.csv", exporting.export_csv, name="export"),
    *record_urls.urlpatterns,
]
