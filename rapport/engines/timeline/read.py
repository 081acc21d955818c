"""Reading a record's story through the gate: entries of many types and its own changes, newest first, page by page."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from rapport.engines.timeline.models import TimelineLink
from rapport.kernel.access import gate
from rapport.kernel.changes.history import ChangeLine, lines
from rapport.kernel.changes.models import STORY, Change
from rapport.kernel.errors import Invalid
from rapport.kernel.query.read import Row, load_titles, pick_fields, read_ids
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Entry:
    """One line of a story: a record of some type, or changes of the record itself (type "change")."""

    at: dt.datetime
    type: str
    id: UUID
    icon: str
    title: str
    url: str
    actor: str
    body: str = ""
    badge: str = ""
    is_future: bool = False
    is_pinned: bool = False
    row: Row | None = None
    lines: tuple[tuple[Field, object, object], ...] = ()
    verb: str = ""
    #: Where a change came from (web, api, system ...).
    surface: str = ""


@dataclass(frozen=True)
class Told:
    """What a line of a story says instead of its record's own title and text."""

    title: str = ""
    body: str = ""
    #: Who it was, where that is not the record's owner.
    actor: str = ""


Teller = Callable[["Context", Sequence[UUID]], dict[UUID, Told]]
_tellers: dict[str, Teller] = {}


def tells(type_key: str) -> Callable[[Teller], Teller]:
    """Say what lines of a type read like (decorator): asked once per page, and it reads through the gate."""

    def add(function: Teller) -> Teller:
        _tellers[type_key] = function
        return function

    return add


@dataclass
class TimelinePage:
    """Entries and the cursor of older ones."""

    entries: list[Entry]
    next: str | None = None


#: Lucide icon of an entry by its "kind" value, before the type's own.
_ICONS = {
    "note": "sticky-note", "call": "phone", "meeting": "calendar", "email": "mail", "visit": "map-pin",
    "message": "message-square",
}  # fmt: skip
_INSTANT = dt.timedelta(microseconds=1)
#: No page mark asks for more to be read over than this.
_MOST_OF_A_MOMENT = 10_000
_FAR = dt.datetime(9990, 1, 1, tzinfo=dt.UTC)


def read_timeline(
    ctx: Context, info: TypeInfo, record_id: UUID, *, limit: int = 30, cursor: str = "", only: str = "", text: str = ""
) -> TimelinePage:
    """A page of the story of a record that the caller has passed through the gate. `only` is a type key, "change",
    or a value of the entries' `kind` field; `text` leaves the entries whose title or text holds it. Raises Invalid for a
    foreign cursor."""
    before, skip = _decode(cursor)
    found: list[Entry] = []
    links: list[TimelineLink] = []
    if only != "change":
        found, links = _records(ctx, record_id, before, limit + skip, only, text)
    if only in ("", "change") and not text:
        found += _changes(ctx, info, record_id, before, limit + skip)
    found.sort(key=lambda e: (e.at, e.id), reverse=True)
    # Some of a page's links may lead to entries this viewer may not see: go on from the oldest link in that case.
    more = len(found) > limit + skip or len(links) > limit + skip
    # Entries of one moment may stand on two pages: the mark names the moment and how many of it were shown.
    shown = found[skip:][:limit]
    if not shown and links:
        return TimelinePage([], _encode(links[-1].at - _INSTANT))
    if not more or not shown:
        return TimelinePage(shown)
    last = shown[-1].at
    return TimelinePage(shown, _encode(last, sum(e.at == last for e in shown) + (skip if last == before else 0)))


def _records(
    ctx: Context, record_id: UUID, before: dt.datetime, limit: int, only: str, text: str
) -> tuple[list[Entry], list[TimelineLink]]:
    rows = TimelineLink.objects.filter(workspace_id=ctx.workspace.pk, story_id=record_id, at__lte=before)
    if only in registry and not text:
        rows = rows.filter(entry_type=only)
    elif only or text:
        rows = rows.filter(_matching(ctx, only, text))
    links = list(rows.order_by("-at", "-entry_id")[: limit + 1])
    by_type: dict[str, list[TimelineLink]] = {}
    for link in links:
        by_type.setdefault(link.entry_type, []).append(link)
    found: list[Entry] = []
    for type_key, some in by_type.items():
        if type_key in registry:
            found += _entries(ctx, registry.get(type_key), some, only if only not in registry else "")
    return found, links


def _matching(ctx: Context, only: str, text: str) -> Q:
    """Links to entries of a kind, and with words in them. Asked of the database for each link on the way along the story's
    index, so that a rare kind among ten thousand entries costs one query and not one for each page without it."""
    found = Q(pk__in=[])
    for info in registry.all():
        fields = gate.fields(ctx, info)
        kinds = getattr(getattr(fields.get("kind"), "kind", None), "choices", None)
        is_type = only in ("", info.key)
        if info.declared.timeline is None or not (is_type or (kinds and only in kinds.pairs)):
            continue
        if not gate.allows(ctx, info, "view"):
            continue
        rows = gate.visible(ctx, info).filter(pk=OuterRef("entry_id"))
        rows = rows if is_type else rows.filter(**{fields["kind"].path: only})
        if text:
            words = [f.path for f in fields.values() if f.source == "column" and f.kind.key in ("text", "longtext")]
            rows = rows.filter(reduce(or_, (Q(**{f"{path}__icontains": text}) for path in words), Q(pk__in=[])))
        found |= Q(Exists(rows), entry_type=info.key)
    return found


def _entries(ctx: Context, info: TypeInfo, links: Sequence[TimelineLink], kind: str) -> list[Entry]:
    fields = pick_fields(ctx, info, None)
    seen = read_ids(ctx, info, [link.entry_id for link in links])
    load_titles(ctx, seen.values(), fields)
    found = []
    for link in links:
        row = seen.get(link.entry_id)
        if row is not None and (not kind or row.values.get("kind") == kind):
            found.append(_entry(ctx, info, link, row))
    if info.key in _tellers and found:
        told = _tellers[info.key](ctx, [one.id for one in found])
        found = [_as_told(one, told.get(one.id, Told())) for one in found]
    return found


def _as_told(entry: Entry, told: Told) -> Entry:
    return replace(
        entry, title=told.title or entry.title, body=told.body or entry.body, actor=told.actor or entry.actor,
    )  # fmt: skip


def _entry(ctx: Context, info: TypeInfo, link: TimelineLink, row: Row) -> Entry:
    values = row.values
    title = values.get(info.declared.title)
    owner = ctx.format.titles.get(("user", values.get("owner")))  # type: ignore[arg-type]
    kind = values.get("kind")
    declared = info.declared.timeline
    badge_field = info.fields.get("state") or info.fields.get("outcome")
    badge = badge_field.kind.text(values.get(badge_field.key), ctx.format) if badge_field and badge_field.key in values else ""
    return Entry(
        at=link.at, type=info.key, id=row.id,
        icon=_ICONS.get(str(kind), declared.icon if declared else "circle-dot"),
        title=info.title_field.kind.text(title, ctx.format) if title is not None else str(info.label),
        url=info.record_url(row.id), actor=owner.text if owner else "",
        body=str(values.get("body") or values.get("note") or ""), badge=badge,
        is_future=link.at > ctx.format.now or (info.fields.get("state") is not None and values.get("state") == "open"),
        is_pinned=bool(values.get("is_pinned")), row=row,
    )  # fmt: skip


def _changes(ctx: Context, info: TypeInfo, record_id: UUID, before: dt.datetime, limit: int) -> list[Entry]:
    rows = Change.objects.filter(Q(workspace_id=ctx.workspace.pk, record_id=record_id), at__lte=before, verb__in=STORY)
    seen: list[ChangeLine] = lines(ctx, info, list(rows.order_by("-number")[: limit + 1]))
    refs = [Row(record_id, 0, {f.key: v}) for line in seen for f, old, new in line.entries for v in (old, new)]
    load_titles(ctx, refs, list(gate.fields(ctx, info).values()))
    return [
        Entry(
            at=line.change.at, type="change", id=line.change.pk, icon="history", title=line.change.verb, url="",
            actor=line.change.actor_name, lines=line.entries, verb=line.change.verb,
            surface=line.change.surface,
        )
        for line in seen
    ]  # fmt: skip


def _encode(at: dt.datetime, shown: int = 0) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{shown}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[dt.datetime, int]:
    """The moment to go on from, and how many entries of that very moment were shown already."""
    if not cursor:
        return _FAR, 0
    try:
        text, _bar, shown = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition("|")
        found, skip = dt.datetime.fromisoformat(text), int(shown or 0)
    except ValueError:
        found, skip = None, 0
    if found is None or found.tzinfo is None or not 0 <= skip <= _MOST_OF_A_MOMENT:
        raise Invalid("This page mark does not belong to this timeline; load the page again.", field="cursor")
    return found, skip
