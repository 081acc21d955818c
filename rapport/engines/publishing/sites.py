"""The help centre of a workspace as a place: its row, its address, and what is in force there."""

from __future__ import annotations

import secrets

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.text import slugify

from rapport.engines.publishing.models import PublicSite, Shelved
from rapport.kernel.access.current import unscoped
from rapport.kernel.access.models import Workspace

LONGEST_SLUG = 60


def site_of(workspace: Workspace) -> PublicSite:
    """The help centre of a workspace as it is; for one that was never set up, how it would begin (nothing is stored)."""
    found = PublicSite.objects.filter(workspace_id=workspace.pk).first()
    return found or PublicSite(
        workspace_id=workspace.pk, name=workspace.name[:80], language=workspace.language[:10], slug="",
    )  # fmt: skip


def stored_site(workspace: Workspace) -> PublicSite:
    """The same, stored: publishing the first text makes it, switched off."""
    found = site_of(workspace)
    if not found.slug:
        found.slug, found.languages = _free_slug(workspace.name), _languages(workspace)
        PublicSite.objects.bulk_create([found], ignore_conflicts=True)
        found = PublicSite.objects.get(workspace_id=workspace.pk)
    return found


def _free_slug(name: str) -> str:
    """An address made of the name; another company may have it already, and nobody is told who, so chance is added."""
    return f"{slugify(name)[:40] or 'help'}-{secrets.token_hex(3)}"


def keep_site(site: PublicSite) -> bool:
    """Store what somebody set; False when another workspace has the address."""
    try:
        with transaction.atomic():
            PublicSite.objects.filter(workspace_id=site.workspace_id, pk=site.pk).update(
                is_on=site.is_on, name=site.name, welcome=site.welcome, slug=site.slug, language=site.language,
                contact=site.contact, edition=F("edition") + 1,
            )  # fmt: skip
    except IntegrityError:
        return False
    return True


def open_site(slug: str) -> PublicSite | None:
    """The help centre at an address, when it is switched on: the one question asked outside of any workspace."""
    with unscoped("the workspace of a help centre is known by its address only"):
        return PublicSite.objects.select_related("workspace").filter(slug=slug, is_on=True).first()


def shelf_changed(workspace: Workspace) -> None:
    """Pages that visitors kept are old from now on, and there may be another language or one less."""
    stored_site(workspace)
    PublicSite.objects.filter(workspace_id=workspace.pk).update(
        languages=_languages(workspace), edition=F("edition") + 1
    )


def _languages(workspace: Workspace) -> list[str]:
    """The languages that have a public text: one look into the index per language, however many texts there are."""
    public = Shelved.objects.filter(workspace_id=workspace.pk, audience="public").order_by("language")
    found: list[str] = []
    last: str | None = ""
    while (last := public.filter(language__gt=last).values_list("language", flat=True).first()) is not None:
        found.append(last)
    return found
