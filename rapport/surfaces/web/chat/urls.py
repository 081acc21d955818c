"""Addresses of live chat: those of visitors stand outside of sign-in."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web.chat import pages

urlpatterns = [
    path("chat/<str:key>.js", pages.script, name="chat_script"),
    path("chat/<str:key>/frame", pages.frame, name="chat_frame"),
    path("chat/<str:key>/begin", pages.begin, name="chat_begin"),
    path("chat/<str:key>/lines", pages.lines, name="chat_lines"),
    path("chat/<str:key>/say", pages.say, name="chat_say"),
    path("chat/<str:key>/end", pages.end, name="chat_end"),
    path("chat/<str:key>/stream/<str:token>", pages.stream, name="chat_stream"),
    path("talks/<uuid:talk_id>/stream", pages.agents_stream, name="talk_stream"),
]
