"""Keeping a workspace's provider: checked against the provider itself, its secret sealed and never shown again."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rapport.kernel.access.accounts import owners_who_sign_in
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.surfaces.web.models import SsoProvider
from rapport.surfaces.web.signing_in import invitations, sessions, sso
from rapport.surfaces.web.signing_in.mails import one_line
from rapport.surfaces.web.signing_in.sealing import seal

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
#: Nobody's own domain: everybody can have an address there.
_EVERYBODYS = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com me.com gmx.de gmx.net web.de aol.com "
    "proton.me protonmail.com mail.com yandex.ru mail.ru qq.com 163.com".split()
)


def typed(ctx: Context, row: SsoProvider | None) -> dict[str, str]:
    """What the form starts with; the secret stays where it is."""
    return {
        "name": row.name if row else "",
        "issuer": row.issuer if row else "",
        "client_id": row.client_id if row else "",
        "domains": "\n".join(row.domains) if row else "",
        "new_users": str(row.new_users_role_id or "") if row else "",
        "local": "1" if ctx.workspace.local_sign_in else "",
    }


def save(ctx: Context, row: SsoProvider | None, given: Mapping[str, str]) -> SsoProvider:
    """Check and keep; raises Invalid with a sentence per field."""
    errors: dict[str, object] = {}
    name, client_id = one_line(given.get("name", ""))[:40], given.get("client_id", "").strip()[:191]
    if not name:
        errors["name"] = _("Enter the name people know the provider by, such as “Acme account”.")
    if not client_id:
        errors["client_id"] = _("Enter the client id that the provider gave you.")
    issuer = given.get("issuer", "").strip().removesuffix("/.well-known/openid-configuration").rstrip("/")[:500]
    if wrong := _wrong_issuer(issuer):
        errors["issuer"] = wrong
    domains = [part.removeprefix("@") for part in re.split(r"[\s,;]+", given.get("domains", "").casefold()) if part]
    if not domains or any(not _DOMAIN.fullmatch(one) or one in _EVERYBODYS for one in domains):
        errors["domains"] = _("Enter your own domains, such as acme.com, one on each line; none where everybody has an address.")
    role = given.get("new_users", "")
    if role and role not in {str(one.pk) for one in invitations.roles_to_give(ctx) if one.key != "owner"}:
        errors["new_users"] = _("Choose a role you may give; nobody becomes an owner by themselves.")
    local = given.get("local") == "1"
    if not local and not _owner_with_password():
        errors["local"] = _("At least one owner needs a password of their own first, for the day the provider is away.")
    moved = row is None or (row.issuer, row.client_id) != (issuer, client_id)
    secret = given.get("client_secret", "").strip()[:500]
    if moved and not secret:
        errors["client_secret"] = _("Enter the secret of this client.")
    if errors:
        raise Invalid(next(iter(errors.values())), errors=errors)
    sealed = seal(secret) if secret else row.sealed_secret  # type: ignore[union-attr]
    return _keep(ctx, row, moved=moved, local=local, name=name, issuer=issuer, client_id=client_id, sealed_secret=sealed,
                 domains=_claimed(row, domains), new_users_role_id=role or None)  # fmt: skip


def _keep(ctx: Context, row: SsoProvider | None, *, moved: bool, local: bool, **values: object) -> SsoProvider:
    """A provider that became another one gets a new key, so that no identity of the old one opens anything."""
    with transaction.atomic():
        if row is not None and moved:
            forget(row)
            row = None
        if row is None:
            row = SsoProvider.objects.create(workspace=ctx.workspace, **values)
        else:
            SsoProvider.objects.filter(workspace=ctx.workspace, pk=row.pk).update(**values)
        Workspace.objects.filter(pk=ctx.workspace.pk).update(local_sign_in=local)
    return row


def forget(row: SsoProvider) -> None:
    """Take the provider away, with its identities and what it said in open sessions."""
    with transaction.atomic():
        accounts = list(SocialAccount.objects.filter(provider=str(row.key)).values_list("user_id", flat=True))
        sessions.end_where_it_no_longer_counts(accounts, row.workspace_id)
        SocialAccount.objects.filter(provider=str(row.key)).delete()
        Workspace.objects.filter(pk=row.workspace_id).update(local_sign_in=True)
        SsoProvider.objects.filter(workspace_id=row.workspace_id, pk=row.pk).delete()


def _claimed(row: SsoProvider | None, domains: list[str]) -> dict[str, str]:
    """Each domain with the moment it was first claimed here: where two claim one, the older claim counts."""
    now = timezone.now().isoformat()
    before = row.domains if row else {}
    return {one: before.get(one, now) for one in sorted(set(domains))}


def _wrong_issuer(issuer: str) -> str:
    parts = urlsplit(issuer)
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.ALLOW_PRIVATE_EGRESS):
        return _("Enter the provider's address beginning with https://")
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        return _("Enter the provider's address alone, such as https://login.acme.com")
    if not settings.ALLOW_PRIVATE_EGRESS and _is_private(parts.hostname):
        return _("This address lies inside the server's own network, which whoever runs it has not allowed.")
    try:
        sso.describe(issuer)
    except sso.NotVouched as why:
        return str(why)
    return ""


def _is_private(host: str) -> bool:
    """Names and numbers that plainly mean this machine or network; the egress wall looks at what a name resolves to."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host


def _owner_with_password() -> bool:
    return any(one.account is not None and one.account.has_usable_password() for one in owners_who_sign_in())
