"""The audit log as a page: who did what when, with filters, and as a file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.engines.exports.formulas import defended
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.changes.audit import AuditLine, AuditPage, audit_page, audit_types, demand_audit, reads_people
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.context import Context
from rapport.kernel.format import capital
from rapport.kernel.ids import as_id
from rapport.kernel.query.read import Row, load_titles
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.audit_words import VERBS, detail_words, kind_words, sentence, surface_words, thing
from rapport.surfaces.web.shell import is_part, render

_LIMIT = 50
_PEOPLE_MOST = 200
_EXPORT_PAGE = 200


@dataclass(frozen=True)
class Wanted:
    """The filters of the page, as they stand in its address."""

    type: str = ""
    verb: str = ""
    who: str = ""
    record: str = ""
    since: str = ""
    until: str = ""
    q: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    def url(self, path: str = "/settings/audit", **more: str) -> str:
        """The address of these filters with some changed."""
        one = replace(self, **{k: v for k, v in more.items() if k != "cursor"})
        names = ("type", "verb", "who", "record", "since", "until", "q")
        given = {name: getattr(one, name) for name in names if getattr(one, name)}
        if more.get("cursor"):
            given["cursor"] = more["cursor"]
        return path + ("?" + urlencode(given) if given else "")


@dataclass(frozen=True)
class Shown:
    """One row of the page."""

    line: AuditLine
    who: str
    text: str
    thing: str
    url: str
    kind: str
    surface: str
    details: list[tuple[str, str]]


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the address without it."""

    label: str
    value: str
    remove_url: str


@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """The page; for its script the rows that follow a cursor."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    demand_audit(ctx)
    wanted = _wanted(request)
    cursor = request.GET.get("cursor", "")
    page = _page(ctx, wanted, cursor=cursor) if not wanted.errors else AuditPage([])
    values = {
        "rows": shown(ctx, page.lines),
        "wanted": wanted,
        "next_url": wanted.url(cursor=page.next) if page.next else "",
        "is_first": not cursor,
    }
    if is_part(request) and cursor:
        return render(request, "settings/audit_rows.html", values)
    values |= {
        "chips": _chips(ctx, wanted),
        "types": [(one.key, str(one.plural)) for one in audit_types(ctx)],
        "verbs": [(key, str(label)) for key, label in VERBS.items()],
        "people": _people(ctx),
        "export_url": wanted.url("/settings/audit.csv") if _may_export(ctx) else "",
    }
    return render(request, "settings/audit.html", values)


@require_GET
def audit_csv(request: HttpRequest) -> HttpResponse:
    """The filtered log as CSV, one line per changed field. Needs the right to export besides; leaves an entry itself."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    demand_audit(ctx, "export")
    wanted = _wanted(request)
    response = StreamingHttpResponse(_csv(ctx, wanted), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def _csv(ctx: Context, wanted: Wanted) -> Iterator[bytes]:
    """Page by page, in the workspace and language that the request has left by then."""
    out, rows, cursor = io.StringIO(newline=""), 0, ""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["number", "at", "who", "what", "type", "record", "title", "field", "before", "after", "through", "details"])
    try:
        while True:
            with use_workspace(ctx.workspace), translation.override(ctx.format.language):
                page = _page(ctx, wanted, cursor=cursor, limit=_EXPORT_PAGE, also="export")
                _load_titles(ctx, page.lines)
                for line in page.lines:
                    writer.writerows(_csv_lines(ctx, line))
            rows += len(page.lines)
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
            if page.next is None:
                return
            cursor = page.next
    finally:
        note_quietly(ctx, "exported", rows=rows, format="csv", what="audit", filter=wanted.url("").lstrip("?"))


def _csv_lines(ctx: Context, line: AuditLine) -> Iterator[list[str]]:
    change = line.change
    head = [
        str(change.number), change.at.isoformat(), change.actor_name, kind_words(change.verb), change.type,
        str(change.record_id or ""), line.title,
    ]  # fmt: skip
    details = "; ".join(f"{label}: {text}" for label, text in detail_words(line))
    tail = [surface_words(change.surface), details]
    for one, before, after in line.entries or [(None, None, None)]:
        texts = ["" if value is None or one is None else one.kind.text(value, ctx.format) for value in (before, after)]
        cells = [*head, one.key if one else "", *texts, *tail]
        yield [cells[0], *map(defended, cells[1:])]


def _page(ctx: Context, wanted: Wanted, *, cursor: str = "", limit: int = _LIMIT, also: str = "") -> AuditPage:
    return audit_page(
        ctx, type_key=wanted.type, verb=wanted.verb, actor_id=as_id(wanted.who), record_id=as_id(wanted.record),
        since=_start(ctx, wanted.since), until=_start(ctx, wanted.until, after=1), text=wanted.q, cursor=cursor,
        limit=limit, also=also,
    )  # fmt: skip


def _wanted(request: HttpRequest) -> Wanted:
    """The filters of the address; an unreadable one is told beside its field."""
    given = {name: request.GET.get(name, "").strip()[:100] for name in ("type", "verb", "who", "record", "since", "until", "q")}
    errors = {}
    for name in ("since", "until"):
        if given[name] and _day(given[name]) is None:
            errors[name] = _("Write the day as 2026-01-31.")
    for name in ("who", "record"):
        if given[name] and as_id(given[name]) is None:
            errors[name] = _("This is nobody's id.") if name == "who" else _("This is no record's id.")
    return Wanted(**given, errors=errors)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _start(ctx: Context, text: str, *, after: int = 0) -> dt.datetime | None:
    """The first moment of a day (or of the one `after` it) where the viewer is; None at the ends of the calendar."""
    day = _day(text) if text else None
    if day is None or not 1900 < day.year < 9000:
        return None
    return dt.datetime.combine(day + dt.timedelta(days=after), dt.time(), ctx.format.zone)


def shown(ctx: Context, lines: list[AuditLine]) -> list[Shown]:
    """The rows of a page, with the names of everything they refer to."""
    _load_titles(ctx, lines)
    people = _names_of(ctx, lines)
    return [
        Shown(
            line, line.change.actor_name or people.get(line.change.actor_id, ""), sentence(line), thing(line),
            line.info.record_url(line.change.record_id) if line.info and line.title and line.change.record_id else "",
            kind_words(line.change.verb), surface_words(line.change.surface), detail_words(line),
        )
        for line in lines
    ]  # fmt: skip


def _names_of(ctx: Context, lines: list[AuditLine]) -> dict[UUID | None, str]:
    """Who did what an erasure has emptied: those entries hold no name any more, but an id."""
    ids = {line.change.actor_id for line in lines if not line.change.actor_name and line.change.actor_id is not None}
    return {pk: str(name) for pk, name in gate.titles(ctx, registry.get("user"), ids).items()}


def _load_titles(ctx: Context, lines: list[AuditLine]) -> None:
    """What the references in before and after are called: one guarded query per referenced type."""
    rows: dict[str, list[Row]] = {}
    for line in lines:
        if line.info is not None and line.entries:
            some = rows.setdefault(line.info.key, [])
            some += [Row(line.change.pk, 0, {f.key: value}) for f, old, new in line.entries for value in (old, new)]
    for key, some in rows.items():
        load_titles(ctx, some, list(gate.fields(ctx, registry.get(key)).values()))


def _may_export(ctx: Context) -> bool:
    return any(gate.allows(ctx, info, "export") for info in audit_types(ctx))


def _people(ctx: Context) -> list[tuple[str, str]]:
    """The users to choose from, by name; those the viewer may see."""
    user = registry.get("user")
    if user.declared.title not in gate.fields(ctx, user):
        return []
    rows = gate.visible(ctx, user).order_by("title_key", "pk").values_list("pk", "name")[:_PEOPLE_MOST]
    return [(str(pk), name) for pk, name in rows]


def _chips(ctx: Context, wanted: Wanted) -> list[Chip]:
    """The filters in force; each can be taken away."""
    found = []
    names = dict(_people(ctx))
    if wanted.who:
        found.append(Chip(_("Who"), names.get(wanted.who, _("Somebody")), wanted.url(who="")))
    if wanted.verb:
        found.append(Chip(_("What happened"), kind_words(wanted.verb), wanted.url(verb="")))
    if wanted.type:
        label = str(registry.get(wanted.type).plural) if wanted.type in registry else wanted.type
        found.append(Chip(_("Type"), capital(label), wanted.url(type="")))
    if wanted.record:
        found.append(Chip(_("Record"), _record_title(ctx, wanted), wanted.url(record="", type="")))
    if wanted.since:
        found.append(Chip(_("From"), wanted.since, wanted.url(since="")))
    if wanted.until:
        found.append(Chip(_("To"), wanted.until, wanted.url(until="")))
    if wanted.q:
        found.append(Chip(_("Words"), wanted.q, wanted.url(q="")))
    return found


def _record_title(ctx: Context, wanted: Wanted) -> str:
    pk: UUID | None = as_id(wanted.record)
    if pk is None or wanted.type not in registry:
        return wanted.record[:8]
    info = registry.get(wanted.type)
    if info.title_field.to:
        return str(info.label)
    return str(gate.titles(ctx, info, {pk}).get(pk, wanted.record[:8]))


def offers_audit(ctx: Context) -> bool:
    """Whether the settings home shows the way to this page."""
    return bool(audit_types(ctx)) or reads_people(ctx)
