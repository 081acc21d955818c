"""The timeline of a record as its page shows it: groups by time, changes folded by day and person, filters by kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rapport.engines.timeline.read import Entry, TimelinePage, read_timeline
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Action, actions_of
from rapport.kernel.records.declare import Related
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.actors import actor_words
from rapport.surfaces.web.related import derived

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: A narrow filter may meet many pages without a hit; after so many the page offers to look further.
_LOOKS = 6
#: Icons whose entries read as the yellow sticky.
_NOTES = frozenset({"sticky-note"})


@dataclass(frozen=True)
class Line:
    """One line of the timeline."""

    entry: Entry
    when: str
    full: str
    iso: str
    hue: str
    is_note: bool
    is_late: bool = False
    #: For folded changes: labels, and (label, before, after) as HTML.
    labels: tuple[str, ...] = ()
    changes: tuple[tuple[str, SafeString | str, SafeString | str], ...] = ()
    remark: str = ""
    #: Rapport itself did it, as `entry.actor` says.
    is_system: bool = False
    #: Where this is ticked off, for what is still to be done.
    done_url: str = ""
    done_label: str = ""


@dataclass
class Chapter:
    """Lines under one heading."""

    title: str
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Filter:
    """One choice above the timeline."""

    key: str
    label: str


def read_story(
    ctx: Context, info: TypeInfo, record: Record, *, cursor: str = "", only: str = "", text: str = ""
) -> tuple[list[Chapter], str | None]:
    """The chapters of one page and the cursor of the next; goes on past pages without a hit."""
    page = read_timeline(ctx, info, record.pk, cursor=cursor, only=only, text=text)
    entries = list(page.entries)
    for _look in range(_LOOKS):
        if entries or not page.next:
            break
        page = read_timeline(ctx, info, record.pk, cursor=page.next, only=only, text=text)
        entries = list(page.entries)
    return chapters(ctx, TimelinePage(entries, page.next), is_first=not cursor and not text), page.next


def chapters(ctx: Context, page: TimelinePage, *, is_first: bool) -> list[Chapter]:
    """Coming up (soonest first), pinned, this week, then months."""
    found: dict[str, Chapter] = {}
    soon = sorted((e for e in page.entries if e.is_future), key=lambda e: e.at) if is_first else []
    pinned = [e for e in page.entries if e.is_pinned and e not in soon] if is_first else []
    for title, some in ((_("Coming up"), soon), (_("Pinned"), pinned)):
        if some:
            found[title] = Chapter(title, [_line(ctx, e) for e in some])
    rest = [e for e in page.entries if e not in soon and e not in pinned]
    for group in _folded(ctx, [e for e in rest if not _is_derived(e)]):
        title = _chapter_of(ctx, group[0].at)
        found.setdefault(title, Chapter(title)).lines.append(
            _changes(ctx, group) if group[0].type == "change" else _line(ctx, group[0])
        )
    return list(found.values())


def _is_derived(entry: Entry) -> bool:
    """Changes of nothing but what Rapport keeps right by itself (the next step, the last contact) are no news."""
    return entry.type == "change" and entry.verb == "update" and all(one.readonly for one, _old, _new in entry.lines)


def _folded(ctx: Context, entries: Sequence[Entry]) -> list[list[Entry]]:
    """Neighbouring updates by one person on one day become one group; everything else stands alone."""
    groups: list[list[Entry]] = []
    for one in entries:
        last = groups[-1][-1] if groups else None
        if last is not None and _belong(ctx, last, one):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _belong(ctx: Context, last: Entry, one: Entry) -> bool:
    """Whether two neighbours are updates by one person on one day."""
    are_updates = last.type == one.type == "change" and last.verb == one.verb == "update"
    return are_updates and last.actor == one.actor and _day(ctx, last.at) == _day(ctx, one.at)


def _day(ctx: Context, at: dt.datetime) -> dt.date:
    return at.astimezone(ctx.format.zone).date()


def _chapter_of(ctx: Context, at: dt.datetime) -> str:
    """Today, Yesterday, this week, earlier this month, or the month."""
    day, today = _day(ctx, at), ctx.format.today
    if (today - day).days in (0, 1):
        return _("Today") if day == today else _("Yesterday")
    if day >= today - dt.timedelta(days=today.weekday()):
        return _("This week")
    month = shown_as.month(day, ctx.format)
    if (day.year, day.month) == (today.year, today.month):
        return _("Earlier in %(month)s") % {"month": month}
    return shown_as.capital(month)


def _line(ctx: Context, entry: Entry) -> Line:
    day, is_dated = _day(ctx, entry.at), _is_dated(entry)
    if is_dated:
        day = entry.at.date()
    is_late = entry.is_future and day < ctx.format.today
    is_note = entry.icon in _NOTES
    hue = "bad" if is_late else "acc" if entry.is_future else "nt" if is_note or entry.is_pinned else ""
    remark = " · ".join(part for part in ("" if entry.is_future else entry.badge, entry.actor) if part)
    done = _primary(ctx, entry) if entry.is_future else None
    when, full, iso = _times(ctx, entry.at, day, is_dated)
    if is_late and (ctx.format.today - day).days == 1:
        when = when.lower()  # "due yesterday"
    return Line(
        entry, when, full, iso, hue, is_note or entry.is_pinned, is_late, remark=remark,
        done_url=f"{entry.url}/do/{done.key}" if done else "", done_label=str(done.label) if done else "",
    )  # fmt: skip


def _primary(ctx: Context, entry: Entry) -> Action | None:
    """The main action of an open entry's type, where this viewer has the right to it."""
    if entry.type not in registry or entry.row is None or entry.row.values.get("state") is None:
        return None
    return next(
        (a for a in actions_of(entry.type).values() if a.primary and gate.allows(ctx, registry.get(entry.type), a.key)),
        None,
    )


def _is_dated(entry: Entry) -> bool:
    """Whether the time is a mere date (midnight UTC), which must not shift with the zone."""
    info = registry.get(entry.type) if entry.type in registry else None
    at = info.declared.timeline.at if info and info.declared.timeline else ""
    value = entry.row.values.get(at) if entry.row else None
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _times(ctx: Context, at: dt.datetime, day: dt.date, is_dated: bool) -> tuple[str, str, str]:
    shown = shown_as.date(day, ctx.format)
    away = (day - ctx.format.today).days
    if not is_dated and abs(away) < 7:
        clock = shown_as.clock(at.astimezone(ctx.format.zone).time(), ctx.format)
        # The chapter says Today or Yesterday already.
        shown = clock if away in (0, -1) and at <= ctx.format.now else f"{shown}, {clock}"
    return shown, shown_as.full_date(day, ctx.format), day.isoformat() if is_dated else at.isoformat()


def _changes(ctx: Context, group: Sequence[Entry]) -> Line:
    """A group of changes as one line; the oldest "before" and the newest "after" of each field."""
    first: dict[str, tuple[Field, object, object]] = {}
    for entry in reversed(group):
        for one, before, after in entry.lines:
            if one.readonly:
                continue
            kept = first.get(one.key)
            first[one.key] = (one, kept[1] if kept else before, after)
    changes = tuple(
        (
            shown_as.capital(one.label),
            one.kind.cell(before, ctx.format),
            one.kind.cell(after, ctx.format),
        )
        for one, before, after in first.values()
    )
    labels = tuple(str(one.label) for one, _before, _after in first.values())
    entry = replace(group[0], actor=actor_words(group[0].actor, group[0].surface))
    return Line(
        entry, *_times(ctx, entry.at, _day(ctx, entry.at), False), "", False, labels=labels, changes=changes,
        is_system=entry.surface in ("system", "rule"),
    )  # fmt: skip


def story_filters(ctx: Context, info: TypeInfo) -> list[Filter]:
    """What the timeline can be narrowed to: kinds of what happens here, types without a panel, field changes."""
    found = [Filter("", _("All"))]
    with_panel = {part.type for part, _sort in derived(info)} | {
        p.type for p in info.declared.page if isinstance(p, Related)
    }
    for other in registry.all():
        declared = other.declared.timeline
        if declared is None or other.key in with_panel or not gate.allows(ctx, other, "view"):
            continue
        on = [other.fields[key] for key in declared.on if key in other.fields]
        if not any(f.to == info.key or f.kind.key == "anyref" for f in on):
            continue
        kinds = other.fields.get("kind")
        if kinds is not None and other.fields.get("state") is None:
            labels = kinds.kind.choices.words(ctx.format.language).labels  # type: ignore[attr-defined]
            found += [Filter(value, label) for value, label in labels.items()]
        else:
            found.append(Filter(other.key, shown_as.capital(other.plural)))
    found.append(Filter("change", _("Changes")))
    return found
