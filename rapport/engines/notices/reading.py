"""Reading notices: what they are about is asked at the gate each time, and what the reader may not see is not there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Max

from rapport.engines.duplicates.pointers import standing_for
from rapport.engines.notices.models import Notice
from rapport.kernel.access import gate
from rapport.kernel.ids import as_id
from rapport.kernel.query.read import add_titles
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Counting stops here: a bell says "99+".
MOST_COUNTED = 100


@dataclass(frozen=True)
class Told:
    """A notice with what its reader may see of it."""

    notice: Notice
    info: TypeInfo
    #: The visible records among those it is about, and the title of the first.
    ids: tuple[UUID, ...]
    title: str
    actor: str
    cause: str

    @property
    def url(self) -> str:
        """Where it leads: the record, or the list of the type when there are several; mail that did not go lies in the outbox."""
        if self.notice.event in ("unsent", "bounced", "delayed") and self.info.key == "mailbox":
            return "/outbox"
        if len(self.ids) == 1:
            return self.info.record_url(self.ids[0])
        return f"{self.info.url}?filter=owner+is+me&sort=-updated_at"


def mark_of(ctx: Context) -> tuple[int, str]:
    """How many notices are unread (capped) and the last of them: one query along the index of unread ones."""
    rows = _mine(ctx).filter(read_at=None).order_by("-id")[:MOST_COUNTED]
    # The time too: what joins a notice of a moment ago moves it.
    got = rows.aggregate(count=Count("pk"), last=Max("at"))
    return got["count"], got["last"].isoformat() if got["last"] else ""


def page_of(ctx: Context, *, limit: int, before: UUID | None = None, unread: bool = False) -> tuple[list[Told], UUID | None]:
    """Notices, newest first, and where the next page begins."""
    rows = _mine(ctx).filter(read_at=None) if unread else _mine(ctx)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    got = list(rows.order_by("-id")[: limit + 1])
    return told(ctx, got[:limit]), got[limit - 1].pk if len(got) > limit else None


def told(ctx: Context, notices: Sequence[Notice]) -> list[Told]:
    """Notices with titles: one guarded query per type, one for the people and one for the rules behind them."""
    wanted: dict[str, set[UUID]] = {}
    for one in notices:
        if one.type in registry:
            wanted.setdefault(one.type, set()).update(pk for text in one.records if (pk := as_id(text)))
    seen = {key: _titles(ctx, registry.get(key), ids) for key, ids in wanted.items()}
    for key, ids in wanted.items():
        if gone := ids - set(seen[key]):
            # Merged into another record meanwhile: the notice is about that one now.
            heirs = standing_for(ctx, key, gone)
            for notice in notices:
                if notice.type == key:
                    notice.records = list(dict.fromkeys(str(heirs.get(as_id(one), one)) for one in notice.records))  # type: ignore[arg-type]
            seen[key] |= _titles(ctx, registry.get(key), set(heirs.values()))
    add_titles(ctx, registry.get("user"), {one.actor_id for one in notices if one.actor_id})
    causes = _causes(ctx, {one.cause_id for one in notices if one.cause_id})
    found = []
    for one in notices:
        mine = seen.get(one.type, {})
        ids = tuple(pk for text in one.records if (pk := as_id(text)) in mine)
        if not ids or (one.field and one.field not in gate.fields(ctx, registry.get(one.type))):
            continue
        actor = ctx.format.titles.get(("user", one.actor_id)) if one.actor_id else None
        found.append(
            Told(one, registry.get(one.type), ids, mine[ids[0]], actor.text if actor else "", causes.get(one.cause_id, ""))  # type: ignore[arg-type]
        )
    return found


def _titles(ctx: Context, info: TypeInfo, ids: set[UUID]) -> dict[UUID, str]:
    """The visible records, with their titles where the reader may see those."""
    titles = gate.titles(ctx, info, ids)
    if titles or not ids:
        return {pk: str(text) for pk, text in titles.items()}
    return dict.fromkeys(gate.visible(ctx, info).filter(pk__in=ids).values_list("pk", flat=True), "")


def _causes(ctx: Context, ids: set[UUID]) -> dict[UUID, str]:
    """Names of the rules behind notices; no secret of theirs, and whoever got the task reads them in its story."""
    if not ids or "follow_up_rule" not in registry:
        return {}
    rows = registry.get("follow_up_rule").model.objects.filter(workspace_id=ctx.workspace.pk, pk__in=ids)
    return dict(rows.values_list("pk", "name"))


def mark_read(ctx: Context, notice_id: UUID | None = None) -> int:
    """Mark one of the reader's notices, or all, as read; returns how many were not yet."""
    rows = _mine(ctx).filter(read_at=None)
    if notice_id is not None:
        rows = rows.filter(pk=notice_id)
    return rows.update(read_at=dt.datetime.now(dt.UTC))


def one_of(ctx: Context, notice_id: UUID) -> Told | None:
    """One notice of the reader's own; None when it is somebody else's, gone, or about nothing they may see."""
    found = told(ctx, list(_mine(ctx).filter(pk=notice_id)))
    return found[0] if found else None


def _mine(ctx: Context):  # type: ignore[no-untyped-def]
    return Notice.objects.filter(workspace_id=ctx.workspace.pk, user_id=ctx.viewer.user_id)
