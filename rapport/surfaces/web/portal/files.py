"""Files of guests: those that come with a form, kept while it is put right, and those that are theirs to download."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.engines.portal.guest import Guest
from rapport.engines.portal.models import PortalAccount, PortalSite
from rapport.engines.portal.registry import section
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.files.attaching import WAITS
from rapport.kernel.files.store import keep
from rapport.surfaces.web.files import as_download
from rapport.surfaces.web.portal.answering import sealed, signed_in

#: Guests bring less than people of the house do.
MOST, LARGEST = 10, 20 * 1024 * 1024
_SALT = "rapport.portal.file"
Kept = list[tuple[str, Mapping[str, object]]]


def kept_files(request: HttpRequest, guest: Guest, account: PortalAccount) -> tuple[Kept, str]:
    """The files of a form with a sealed text of each, and a sentence about one that could not be taken.

    What came with a form that was refused comes again as its sealed text, which counts for this account and for as long as
    such files are kept.
    """
    found: Kept = []
    for text in request.POST.getlist("kept")[:MOST]:
        try:
            mark, facts = signing.loads(text, salt=_SALT, max_age=WAITS)
        except (signing.BadSignature, ValueError):
            continue
        if mark == account.pk.hex:
            found.append((text, facts))
    wrong = ""
    for given in request.FILES.getlist("files"):
        if len(found) >= MOST:
            wrong = _("At most %(most)d files go along at once.") % {"most": MOST}
            break
        try:
            if (given.size or 0) > LARGEST:
                raise Invalid(_("This file is larger than %(most)d MB; choose a smaller one.") % {"most": LARGEST // 2**20})
            facts = keep(guest.context(), given)
        except Invalid as problem:
            wrong = f"{given.name}: {problem.sentence}"
            continue
        found.append((signing.dumps([account.pk.hex, facts], salt=_SALT), facts))
    return found, wrong


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
