"""Passkeys in a real Chromium, with the virtual authenticator of its developer tools."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator

from rapport.kernel.access.models import Account
from tests.cast import PASSWORD, Cast

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

pytestmark = pytest.mark.browser


def with_authenticator(page: Page) -> tuple[CDPSession, str]:
    """Plug a virtual device with a fingerprint reader into the page."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    made = tools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    return tools, made["authenticatorId"]


def sign_in_by_password(page: Page, url: str, email: str) -> None:
    page.goto(f"{url}/sign-in/")
    page.fill("#f-email", email)
    page.fill("#f-password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page, url: str, name: str = "My laptop") -> None:
    page.goto(f"{url}/settings/security/passkeys/new")
    page.fill("#f-name", name)
    page.get_by_role("button", name="Make the passkey").click()


def test_make_a_passkey_and_sign_in_with_it_alone(committed_cast: Cast, live: Any, desktop: Page) -> None:
    """No password, no address: the device says who it is."""
    page, cast = desktop, committed_cast
    tools, device = with_authenticator(page)
    sign_in_by_password(page, live.url, cast.ana.email)
    page.wait_for_url(f"{live.url}/")
    add_passkey(page, live.url)
    codes = re.findall(r"\d{8}", page.locator("#codes").inner_text())
    assert len(codes) == 10
    assert len(tools.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]) == 1
    page.goto(f"{live.url}/settings/security")
    assert page.get_by_text("My laptop").is_visible()
    page.context.clear_cookies()
    page.goto(f"{live.url}/sign-in/?next=/settings/account")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{live.url}/settings/account")
    assert page.get_by_text(cast.ana.email).is_visible()


def test_passkey_as_second_step_and_its_end(committed_cast: Cast, live: Any, desktop: Page) -> None:
    """After the password the device is asked; removed, it opens nothing any more."""
    page, cast = desktop, committed_cast
    with_authenticator(page)
    sign_in_by_password(page, live.url, cast.ana.email)
    page.wait_for_url(f"{live.url}/")
    add_passkey(page, live.url)
    page.locator("#codes").wait_for()
    page.context.clear_cookies()
    sign_in_by_password(page, live.url, cast.ana.email)
    page.wait_for_url(f"{live.url}/sign-in/code")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{live.url}/")
    page.goto(f"{live.url}/settings/security")
    page.get_by_label("Rename My laptop").click()
    page.get_by_label("Name", exact=True).fill("Work laptop")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Work laptop").wait_for()
    page.get_by_role("button", name="Remove Work laptop").click()
    page.get_by_text("With a passkey you sign in").wait_for()
    assert not Authenticator.objects.exists()
    page.context.clear_cookies()
    page.goto(f"{live.url}/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("This passkey does not open an account here").wait_for()


def test_passkey_of_one_account_is_no_second_step_for_another(
    committed_cast: Cast, live: Any, open_page: Callable[..., Page]
) -> None:
    """Ben's device in Ana's second step is refused, and without the device's own check nothing is given."""
    cast = committed_cast
    bens = open_page()
    tools, device = with_authenticator(bens)
    sign_in_by_password(bens, live.url, cast.ben.email)
    bens.wait_for_url(f"{live.url}/")
    add_passkey(bens, live.url)
    bens.locator("#codes").wait_for()
    anas = open_page()
    with_authenticator(anas)
    sign_in_by_password(anas, live.url, cast.ana.email)
    anas.wait_for_url(f"{live.url}/")
    add_passkey(anas, live.url)
    anas.locator("#codes").wait_for()
    row = Authenticator.objects.get(type="webauthn", user=Account.objects.get(pk=cast.ana.account_id))
    assert "privateKey" not in str(row.data)
    bens.context.clear_cookies()
    sign_in_by_password(bens, live.url, cast.ana.email)
    bens.wait_for_url(f"{live.url}/sign-in/code")
    bens.get_by_role("button", name="Use a passkey").click()
    bens.get_by_text("No passkey was given").wait_for()
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    bens.goto(f"{live.url}/sign-in/")
    bens.get_by_role("button", name="Sign in with a passkey").click()
    bens.get_by_text("No passkey was given").wait_for()
