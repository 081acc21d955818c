"""Files that are a guest's to download."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from rapport.engines.portal.guest import Guest
from rapport.engines.portal.models import PortalAccount, PortalSite
from rapport.engines.portal.registry import section
from rapport.kernel.errors import Gone
from rapport.surfaces.web.files import as_download
from rapport.surfaces.web.portal.answering import sealed, signed_in


@require_GET
@signed_in
def download(
    request: HttpRequest, site: PortalSite, guest: Guest, account: PortalAccount, section_key: str, record_id: UUID, file_id: UUID
) -> HttpResponse:
    """A file that the section says is the guest's: always a download."""
    where = section(guest, section_key)
    facts = where.finds(guest, record_id, file_id) if where is not None else None
    if facts is None:
        raise Gone
    return sealed(as_download(str(facts["key"]), str(facts["name"])))
