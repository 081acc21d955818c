"""What allauth asks this house: nobody signs up alone, factors are sealed, providers belong to workspaces."""

from __future__ import annotations

from uuid import UUID

import requests
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from rapport.engines import egress
from rapport.kernel.access.current import unscoped
from rapport.surfaces.web.connection import base_url
from rapport.surfaces.web.models import SsoProvider
from rapport.surfaces.web.signing_in.sealing import seal, unseal

#: Seconds until a provider that does not answer is given up.
_PATIENCE = 10


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by set-up, invitations and a workspace's own provider only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """allauth sends nothing by itself: every mail of this house is written in mails.py."""


class FactorAdapter(DefaultMFAAdapter):
    """Second factors: sealed in the database, named after this installation."""

    def get_totp_issuer(self) -> str:
        """What the code app shows beside the address."""
        return "Rapport"

    def encrypt(self, text: str) -> str:
        """Keys of code apps and seeds of recovery codes are sealed."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The counterpart."""
        return unseal(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the host people type, never to whatever a Host header says."""
        return {"id": _host(context.request), "name": "Rapport"}

    def get_public_key_credential_user_entity(self, user: object) -> dict:
        """The account by its id and address."""
        email = user.email  # type: ignore[attr-defined]
        return {"id": str(user.pk).encode(), "name": email, "display_name": email}  # type: ignore[attr-defined]


def _host(request: HttpRequest) -> str:
    return base_url(request).split("://", 1)[1].split("/")[0].rsplit(":", 1)[0]


class SocialAdapter(DefaultSocialAccountAdapter):
    """Providers come from the workspaces' settings, and all outgoing traffic passes one function."""

    def list_apps(self, request: HttpRequest, provider: object = None, client_id: object = None) -> list:
        """The one provider of this key; there is no installation-wide one."""
        from allauth.socialaccount.models import SocialApp

        try:
            key = UUID(str(provider))
        except ValueError:
            return []
        with unscoped("the workspace of a sign-in provider is known by its key only"):
            row = SsoProvider.objects.filter(key=key).first()
        if row is None:
            return []
        app = SocialApp(
            provider="openid_connect", provider_id=str(row.key), name=row.name, client_id=row.client_id,
            secret=unseal(row.sealed_secret) if row.sealed_secret else "",
        )  # fmt: skip
        app.settings = {"server_url": row.issuer, "oauth_pkce_enabled": True}
        return [app]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        """Never by allauth: sso.py decides."""
        return False

    def get_requests_session(self) -> requests.Session:
        """The one way out of this server for discovery, keys, tokens and user information."""
        return outgoing_session()


class _OneHost(requests.Session):
    """Waits a bounded time and follows no redirect to another host."""

    def request(self, method: str, url: str, **more: object) -> requests.Response:  # type: ignore[override]
        """As requests does, with a timeout."""
        more.setdefault("timeout", _PATIENCE)
        try:
            return super().request(method, url, **more)  # type: ignore[arg-type]
        except egress.EgressRefused as refused:
            # Callers know the errors of requests; the sentence never says what lies behind a name.
            raise requests.ConnectionError(refused.sentence) from refused

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where an answer leads; refused when that is another scheme, host or port."""
        target = super().get_redirect_target(resp)
        if target is None:
            return None
        whole = requests.compat.urljoin(resp.url, target)
        if requests.compat.urlparse(whole)[:2] != requests.compat.urlparse(resp.url)[:2]:
            raise requests.TooManyRedirects("The provider sent us on to another host.", response=resp)
        return target


def outgoing_session() -> requests.Session:
    """A session for calls to a workspace's provider. Every address passes the egress wall, resolved;
    `settings.ALLOW_PRIVATE_EGRESS` says whether a provider on a private address may be reached."""
    session = _OneHost()
    session.trust_env = False
    walled = egress.session(allow_private=settings.ALLOW_PRIVATE_EGRESS, timeout=_PATIENCE)
    for prefix, way in walled.adapters.items():
        session.mount(prefix, way)
    return session
