"""The portal of a workspace as a place: its row and its address."""

from __future__ import annotations

import secrets

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from rapport.engines.portal.models import PortalSite
from rapport.kernel.access.current import unscoped
from rapport.kernel.access.models import Workspace

LONGEST_SLUG = 60


def site_of(workspace: Workspace) -> PortalSite:
    """The portal of a workspace as it is; for one that was never set up, how it would begin (nothing is stored)."""
    found = PortalSite.objects.filter(workspace_id=workspace.pk).first()
    return found or PortalSite(workspace_id=workspace.pk, name=workspace.name[:80], slug="")


def keep_site(site: PortalSite) -> bool:
    """Store what somebody set; False when another workspace has the address."""
    site.slug = site.slug or f"{slugify(site.name)[:40] or 'portal'}-{secrets.token_hex(3)}"
    values = {"is_on": site.is_on, "name": site.name, "welcome": site.welcome, "slug": site.slug, "is_open": site.is_open}
    try:
        with transaction.atomic():
            if not PortalSite.objects.filter(workspace_id=site.workspace_id).update(**values):
                PortalSite.objects.create(workspace_id=site.workspace_id, **values)
    except IntegrityError:
        return False
    return True


def open_site(slug: str) -> PortalSite | None:
    """The portal at an address, when it is switched on: the one question asked outside of any workspace."""
    with unscoped("the workspace of a portal is known by its address only"):
        return PortalSite.objects.select_related("workspace").filter(slug=slug, is_on=True).first()
