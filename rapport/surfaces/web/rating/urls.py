"""Addresses of ratings: those of whoever was asked stand outside of sign-in."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web.rating import pages, report

urlpatterns = [
    path("rate/<str:token>", pages.rating, name="rating"),
    path("rate/<str:token>/stop", pages.stop, name="rating_stop"),
    path("satisfaction", report.satisfaction, name="satisfaction"),
    path("satisfaction/rest", report.rest, name="satisfaction_rest"),
]
