"""Signing in through a workspace's own OpenID Connect provider: the talk with the provider.

allauth carries the protocol (state, PKCE, token exchange, signature); the nonce, the issuer and the subject are checked
here on top. What the provider's word is worth is decided in identities.py.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.kernel.access.tokens import digest_of
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.models import SsoProvider
from rapport.surfaces.web.signing_in.sealing import Unreadable

#: Seconds for which a process remembers a provider's description.
_REMEMBERED = 300
log = logging.getLogger(__name__)


class NotVouched(Exception):
    """The provider did not vouch for anybody; the message is a sentence for the person."""


@dataclass(frozen=True)
class Claims:
    """What the provider said, checked: who (its own name for them), and their address if it verified it."""

    subject: str
    email: str
    is_verified: bool
    name: str


def callback_url(request: HttpRequest, row: SsoProvider) -> str:
    """Where the provider sends people back to; the same for ever, for it is written down over there."""
    return f"{base_url(request)}/sign-in/sso/{row.workspace_id}/callback"


def well_known(issuer: str) -> str:
    """The address of the provider's description."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def describe(issuer: str) -> dict:
    """The provider's own description of itself; raises NotVouched when this is no provider, or another one."""
    import requests

    from rapport.surfaces.web.signing_in.adapters import outgoing_session

    try:
        with outgoing_session() as session:
            answer = session.get(well_known(issuer))
            answer.raise_for_status()
            found = answer.json()
    except (requests.RequestException, ValueError):
        raise NotVouched(_("The provider does not answer at the moment. Try again, or use another way.")) from None
    needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    if not isinstance(found, dict) or not all(isinstance(found.get(key), str) for key in needed):
        raise NotVouched(_("This address does not answer like an OpenID Connect provider."))
    if found["issuer"].rstrip("/") != issuer.rstrip("/"):
        raise NotVouched(_("The provider at this address calls itself something else; use the address it gives itself."))
    return found


def _talk(request: HttpRequest, row: SsoProvider) -> tuple:
    """allauth's provider and adapter for this workspace, with our callback and the description already fetched."""
    from allauth.socialaccount.adapter import get_adapter
    from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
    from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter

    description = cache.get_or_set(f"sso-{digest_of(row.issuer)}", lambda: describe(row.issuer), _REMEMBERED)
    callback = callback_url(request, row)

    class Talk(OpenIDConnectOAuth2Adapter):
        """One talk with one provider."""

        openid_config = description

        def get_provider(self) -> OpenIDConnectProvider:
            """The one this talk is with; the registry of allauth knows none."""
            return provider

        def get_callback_url(self, request: HttpRequest, app: object) -> str:
            """Ours; allauth's own addresses do not exist here."""
            return callback

    try:
        provider = OpenIDConnectProvider(request, app=get_adapter().list_apps(request, str(row.key))[0])
    except Unreadable:
        log.warning("The client secret of a workspace's provider was sealed with another secret key.")
        raise NotVouched(_("Single sign-on has to be set up anew by the owner of the workspace.")) from None
    provider.oauth2_adapter_class = Talk
    return provider, provider.get_oauth2_adapter(request)


def begin(request: HttpRequest, row: SsoProvider, go_to: str) -> HttpResponse:
    """Send the person to the provider."""
    provider, _adapter = _talk(request, row)
    nonce = secrets.token_urlsafe(24)
    return provider.redirect(request, "login", next_url=go_to, data={"nonce": nonce}, auth_params={"nonce": nonce})


def complete(request: HttpRequest, row: SsoProvider) -> tuple[Claims, str]:
    """Take the person back: the checked claims, and where they wanted to go. Raises NotVouched."""
    import requests
    from allauth.socialaccount.internal import statekit
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error

    state = statekit.unstash_state(request, state_id=request.GET.get("state", ""), provider_id=str(row.key))
    if state is None:
        raise NotVouched(_("This sign-in took too long or was begun in another browser. Try again."))
    if "code" not in request.GET:
        raise NotVouched(_("The provider let nobody in. Try again, or use another way."))
    provider, adapter = _talk(request, row)
    try:
        client = adapter.get_client(request, provider.app)
        token = client.get_access_token(request.GET["code"], pkce_code_verifier=state.get("pkce_code_verifier"))
        claims = _id_claims(adapter, provider.app.client_id, token, state["data"]["nonce"])
        about = claims if "email" in claims else _more_about(adapter, token, claims["sub"])
    except (OAuth2Error, requests.RequestException, KeyError, ValueError, TypeError, AttributeError) as problem:
        # The kind only: the message may hold what the provider sent, tokens included.
        log.warning("A workspace's provider was not believed: %s", type(problem).__name__)
        raise NotVouched(_("The answer of the provider could not be believed. Try again, or tell the owner.")) from None
    email = str(about.get("email") or "").strip().casefold()
    verified = about.get("email_verified") in (True, "true")
    name = str(about.get("name") or claims.get("name") or email.partition("@")[0])
    return Claims(str(claims["sub"]), email, verified and bool(email), name[:150]), str(state.get("next") or "/")


def _id_claims(adapter: object, client_id: str, token: dict, nonce: str) -> dict:
    """The claims of the ID token: signed by the provider's key, by this issuer, for us, for this very sign-in."""
    from allauth.socialaccount.internal import jwtkit

    description = adapter.openid_config  # type: ignore[attr-defined]
    claims = jwtkit.verify_and_decode(
        credential=token["id_token"], keys_url=description["jwks_uri"], issuer=description["issuer"], audience=client_id,
        lookup_kid=jwtkit.lookup_kid_jwk, verify_signature=True,
    )  # fmt: skip
    if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
        raise ValueError("another sign-in's token")
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != client_id:
        raise ValueError("a token for somebody else as well")
    if not str(claims["sub"]) or len(str(claims["sub"])) > 190:
        raise ValueError("no usable subject")
    return claims


def _more_about(adapter: object, token: dict, subject: str) -> dict:
    """The address from the provider's user information, which must speak of the same person."""
    if "userinfo_endpoint" not in adapter.openid_config:  # type: ignore[attr-defined]
        return {}
    found = adapter._fetch_user_info(token["access_token"])  # type: ignore[attr-defined]
    if str(found["sub"]) != subject:
        raise ValueError("user information of somebody else")
    return found
