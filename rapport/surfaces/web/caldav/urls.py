"""The addresses of calendars that programs write, and of the page where their passwords are made."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web.caldav import devices_page, pages

urlpatterns = [
    path(".well-known/caldav", pages.well_known, name="caldav_well_known"),
    path("dav/", pages.root, name="caldav"),
    path("dav/<uuid:user_id>/", pages.home, name="caldav_home"),
    path("dav/<uuid:user_id>/<slug:type_key>/", pages.collection, name="caldav_collection"),
    path("dav/<uuid:user_id>/<slug:type_key>/<str:file>", pages.entry, name="caldav_entry"),
    path("settings/calendar/devices", devices_page.devices, name="calendar_devices"),
    path("settings/calendar/devices/<uuid:device_id>/revoke", devices_page.revoke, name="calendar_revoke_device"),
]
