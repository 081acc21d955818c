"""An article as it is put into a reply: title and address where the customer can read it there, else title and text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

from django.conf import settings

from rapport.engines.portal.accounts import account_of
from rapport.engines.portal.sites import site_of as portal_of
from rapport.engines.publishing import opinions
from rapport.engines.publishing.markdown import render
from rapport.engines.publishing.models import Shelved, Version
from rapport.engines.publishing.sites import site_of
from rapport.kernel.changes.indexers import indexer
from rapport.modules.service.models import TicketEntry

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context

_LONGEST = 6_000
_MARKS = re.compile(r"<[^>]*>")
_ENDS, _LINES = re.compile(r"</(?:p|h[1-6]|ul|ol|pre|table|blockquote)>"), re.compile(r"<br[^>]*>|</(?:li|tr)>")
#: The end of an article's address in the help centre and in the portal: language and place.
_ADDRESS = re.compile(r"/(?:help/[^/\s]+/([a-z-]{2,10})/article|portal/[^/\s]+/articles/([a-z-]{2,10}))/([^\s/?#]{1,100})")


@dataclass(frozen=True)
class Ready:
    """What the button puts in; without an address it is the whole text."""

    text: str
    is_address: bool


def ready_for(ctx: Context, record_ids: Sequence[UUID], person_id: UUID | None) -> dict[UUID, Ready]:
    """By the id of the article; `person_id` is who will read the reply."""
    texts = {one.record_id: one for one in Shelved.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=record_ids)}
    if not texts:
        return {}
    help_at, portal_at = _places(ctx.workspace, person_id)
    bodies = _bodies(ctx, texts.values())
    found = {}
    for pk, one in texts.items():
        address = ""
        if one.audience == "public" and help_at:
            address = f"{help_at}/{one.language}/article/{quote(one.slug)}"
        elif one.audience in ("public", "portal") and portal_at:
            address = f"{portal_at}/articles/{one.language}/{quote(one.slug)}"
        text = f"{one.title}\n{address or bodies.get(pk, one.summary)}"
        found[pk] = Ready(text, bool(address))
    return found


def _places(workspace: Workspace, person_id: UUID | None) -> tuple[str, str]:
    """Where the help centre is, and the portal when this person is let in; "" where a link would lead to nothing."""
    base, site, portal = settings.BASE_URL, site_of(workspace), portal_of(workspace)
    account = account_of(workspace, person_id) if base and portal.is_on and person_id is not None else None
    return (
        f"{base}/help/{quote(site.slug)}" if base and site.is_on else "",
        f"{base}/portal/{quote(portal.slug)}" if account is not None and account.is_active else "",
    )


def _bodies(ctx: Context, texts: Iterable[Shelved]) -> dict[UUID, str]:
    """The published words, a paragraph each, without the marks of Markdown."""
    number = {one.record_id: one.version for one in texts}
    rows = Version.objects.filter(workspace_id=ctx.workspace.pk, record_id__in=number).order_by("-number")
    bodies = {one.record_id: str(one.texts.get("body") or "") for one in rows[:200] if number[one.record_id] == one.number}
    return {pk: _as_letter(body)[:_LONGEST] for pk, body in bodies.items()}


def _as_letter(body: str) -> str:
    """Lines and paragraphs as they read in a letter; the marks are gone, as are the addresses behind links."""
    text = _ENDS.sub("\n\n", str(render(body)).replace("\n", " "))
    lines = [" ".join(line.split()) for line in html.unescape(_MARKS.sub("", _LINES.sub("\n", text))).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


@indexer
def count_used(ctx: Context, written: list[Written]) -> None:
    """A reply that names the address of an article is an answer with it."""
    replies = [one.record for one in written if one.verb == "create" and isinstance(one.record, TicketEntry)]
    places = {
        (found[1] or found[2], found[3])
        for one in replies if one.kind == "reply" and "/article" in one.body
        for found in _ADDRESS.finditer(one.body)
    }  # fmt: skip
    for language, slug in sorted(places)[:10]:
        rows = Shelved.objects.filter(workspace_id=ctx.workspace.pk, language=language, slug=slug, type="article")
        pk = rows.values_list("record_id", flat=True).first()
        if pk is not None:
            opinions.count(ctx.workspace.pk, pk, "used")
