"""Addresses of signing in, invitations, security and single sign-on."""

from __future__ import annotations

from django.urls import path

from rapport.surfaces.web.signing_in import factor_pages, invitation_pages, owner_links, pages, resets, security_page, sso_pages

urlpatterns = [
    path("sign-in/", pages.sign_in, name="sign_in"),
    path("sign-in/ways", pages.ways, name="sign_in_ways"),
    path("sign-in/code", pages.second_factor, name="second_factor"),
    path("sign-in/passkey", pages.passkey, name="sign_in_passkey"),
    path("sign-in/passkey/options", pages.passkey_options, name="passkey_options"),
    path("sign-in/sso/<uuid:workspace_id>", sso_pages.begin, name="sso"),
    path("sign-in/sso/<uuid:workspace_id>/callback", sso_pages.callback, name="sso_callback"),
    path("settings/sso", sso_pages.settings_page, name="sso_settings"),
    path("settings/sso/remove", sso_pages.remove, name="remove_sso"),
    path("sign-in/link/<str:secret>", owner_links.use, name="owner_link"),
    path("sign-in/forgot", resets.forgot, name="forgot"),
    path("sign-in/reset/<str:uid>/<str:token>", resets.reset, name="reset"),
    path("sign-in/invitation/<str:secret>", invitation_pages.accept, name="accept_invitation"),
    path("settings/people/invite", invitation_pages.invite, name="invite"),
    path("settings/people/invitations/<uuid:invitation_id>/resend", invitation_pages.resend, name="resend_invitation"),
    path("settings/people/invitations/<uuid:invitation_id>/revoke", invitation_pages.revoke, name="revoke_invitation"),
    path("sign-out/", pages.sign_out, name="sign_out"),
    path("settings/security", security_page.security, name="security"),
    path("settings/security/password", security_page.change_password, name="change_password"),
    path("settings/security/confirm", security_page.confirm, name="confirm_account"),
    path("settings/security/confirm/options", factor_pages.confirm_options, name="confirm_options"),
    path("settings/security/sessions/end-others", security_page.end_other_sessions, name="end_other_sessions"),
    path("settings/security/sessions/<uuid:session_id>/end", security_page.end_session, name="end_session"),
    path("settings/security/app", factor_pages.add_app, name="add_app"),
    path("settings/security/app/remove", factor_pages.remove_app, name="remove_app"),
    path("settings/security/codes", factor_pages.make_codes, name="recovery_codes"),
    path("settings/security/passkeys/new", factor_pages.new_passkey, name="new_passkey"),
    path("settings/security/passkeys/options", factor_pages.new_passkey_options, name="new_passkey_options"),
    path("settings/security/passkeys/add", factor_pages.add_passkey, name="add_passkey"),
    path("settings/security/passkeys/<int:passkey_id>/rename", factor_pages.rename_passkey, name="rename_passkey"),
    path("settings/security/passkeys/<int:passkey_id>/remove", factor_pages.remove_passkey, name="remove_passkey"),
]
