"""Addresses of web forms: those of visitors stand outside of sign-in."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web.forms import builder, mailing, pages

_FRAMED = {"is_framed": True}

urlpatterns = [
    path("form/confirm/<str:token>", mailing.confirmed, name="form_confirm"),
    path("form/<str:key>", pages.form, name="form"),
    path("form/<str:key>/sent", pages.sent, name="form_sent"),
    path("form/<str:key>/frame", pages.form, _FRAMED, name="form_frame"),
    path("form/<str:key>/frame/sent", pages.sent, _FRAMED, name="form_frame_sent"),
    path("web_form/<uuid:record_id>/questions", builder.questions, name="form_questions"),
]
