"""Which workspace's sign-in provider a person may be sent to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rapport.kernel.access.current import unscoped, use_workspace
from rapport.surfaces.web.models import SsoProvider


@dataclass(frozen=True)
class Offer:
    """"Continue with …" on the sign-in page."""

    name: str
    url: str


def offers_for(email: str) -> list[Offer]:
    """The provider of the workspace whose domain the address has. Where two claim a domain, the older claim is shown:
    a workspace cannot put its own provider before the people of another by claiming their domain later."""
    domain = email.rpartition("@")[2]
    if not domain or "@" not in email:
        return []
    with unscoped("an address is asked for before anybody is in a workspace"):
        every = list(SsoProvider.objects.all())
    claims = [(row.domains[domain], str(row.key), row) for row in every if domain in row.domains]
    return [_offer(min(claims, key=lambda claim: claim[:2])[2])] if claims else []


def offer_of(workspace_id: UUID) -> Offer | None:
    """The provider of one workspace."""
    with use_workspace(workspace_id):
        row = SsoProvider.objects.filter(workspace_id=workspace_id).first()
    return _offer(row) if row else None


def _offer(row: SsoProvider) -> Offer:
    return Offer(row.name, f"/sign-in/sso/{row.workspace_id}")
