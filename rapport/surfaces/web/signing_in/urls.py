"""Addresses of signing in, invitations, security and single sign-on."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web.signing_in import pages

urlpatterns = [
    path("sign-in/", pages.sign_in, name="sign_in"),
    path("sign-in/ways", pages.ways, name="sign_in_ways"),
    path("sign-in/code", pages.second_factor, name="second_factor"),
    path("sign-in/passkey", pages.passkey, name="sign_in_passkey"),
    path("sign-in/passkey/options", pages.passkey_options, name="passkey_options"),
    path("sign-out/", pages.sign_out, name="sign_out"),
]
