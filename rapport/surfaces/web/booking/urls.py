"""Addresses of booking pages; all of them stand outside of sign-in."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web.booking import booked, pages

urlpatterns = [
    path("book/<str:key>", pages.times, name="book"),
    path("book/<str:key>/at", pages.form, name="book_at"),
    path("booking/<str:token>", booked.shown, name="booking"),
    path("booking/<str:token>/move", booked.moved, name="booking_move"),
]
