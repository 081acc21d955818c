"""Files in tickets: put beside what is written, shown with it, and who of the customer's side may have them.

Files that came by mail are not among them: they stay with their message and show to those who may see that
(`mail_shown`, `docs/decisions/0035-tickets-by-mail.md`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry
from rapport.modules.service.models import Ticket, TicketEntry, TicketFile

if TYPE_CHECKING:
    from rapport.kernel.context import Context

Facts = Mapping[str, object]
_MOST = 400


@dataclass(frozen=True)
class Attached:
    """One file as a page shows it."""

    id: UUID
    name: str
    size: str
    key: str


def attach(ctx: Context, ticket: Ticket, entry: TicketEntry | None, files: Iterable[Facts] | None) -> None:
    """Put stored files beside an entry, or beside the question itself. Whoever calls has made sure that the writer may."""
    for one in files or ():
        is_internal = entry is not None and entry.kind == "note"
        values = {"ticket": ticket.pk, "name": str(one["name"])[:255], "file": dict(one), "is_internal": is_internal}
        ctx.as_system("file").create("ticket_file", **values, **({"entry": entry.pk} if entry is not None else {}))


def attach_new(ctx: Context, ticket: Ticket, entry: TicketEntry | None, files: Iterable[Facts]) -> None:
    """Those that are not there yet: the same form may come twice, the second time with a file that was forgotten."""
    rows = TicketFile.objects.filter(workspace_id=ctx.workspace.pk, ticket_id=ticket.pk, entry=entry, deleted_at=None)
    there = {(one["name"], one["size"]) for one in rows.values_list("file", flat=True) if one}
    attach(ctx, ticket, entry, [one for one in files if (one["name"], one["size"]) not in there])


def files_of(ctx: Context, tickets: Sequence[UUID]) -> dict[UUID, list[Attached]]:
    """As this viewer may see them, by the id of the entry, or of the ticket for those of the question."""
    info = registry.get("ticket_file")
    if not gate.allows(ctx, info, "view"):
        return {}
    return _shown(ctx, gate.visible(ctx, info).filter(ticket_id__in=tickets))  # type: ignore[arg-type]


def files_for_customer(ctx: Context, tickets: Sequence[UUID], entries: Iterable[UUID]) -> dict[UUID, list[Attached]]:
    """Those of the question and of these entries, and of no other: the caller says which entries the customer reads."""
    there = set(entries)
    rows = TicketFile.objects.filter(workspace_id=ctx.workspace.pk, ticket_id__in=tickets, is_internal=False, deleted_at=None)
    found = _shown(ctx, rows)
    return {key: files for key, files in found.items() if key in there or key in tickets}


def file_for_customer(workspace_id: UUID, tickets: Sequence[UUID], file_id: UUID) -> Facts | None:
    """One of them; never one of an internal note."""
    rows = TicketFile.objects.filter(workspace_id=workspace_id, ticket_id__in=tickets, deleted_at=None, is_internal=False)
    # The entry may stand in the bin, or have become a note by somebody's hand.
    read = Q(entry=None) | Q(entry__kind__in=("reply", "answer"), entry__deleted_at=None)
    found = rows.filter(read, pk=file_id).first()
    return found.file if found is not None and found.file else None


def _shown(ctx: Context, rows: Iterable[TicketFile]) -> dict[UUID, list[Attached]]:
    found: dict[UUID, list[Attached]] = {}
    for one in rows.order_by("pk")[:_MOST]:  # type: ignore[attr-defined]
        facts = one.file or {}
        size = shown_as.file_size(int(facts.get("size") or 0), ctx.format)
        found.setdefault(one.entry_id or one.ticket_id, []).append(Attached(one.pk, one.name, size, str(facts.get("key", ""))))
    return found
