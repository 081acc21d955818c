"""The page of one record: who it is, where it stands, what is next, its story, and everything that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from rapport.engines.duplicates.pointers import heir_of
from rapport.engines.mail.reading.headers import shown_addresses
from rapport.engines.privacy.registry import subject_of
from rapport.engines.words.layouts import shown_fields
from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Action
from rapport.kernel.actions.running import offered
from rapport.kernel.changes.audit import audit_types
from rapport.kernel.changes.history import history
from rapport.kernel.errors import Gone
from rapport.kernel.format import capital
from rapport.kernel.query.read import Row, load_titles, mark_shape, read_ids
from rapport.kernel.records.declare import Section
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, is_filled, panels
from rapport.surfaces.web import shell
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.board_values import has_values
from rapport.surfaces.web.briefing import brief_of, health_of, slot_figures
from rapport.surfaces.web.composer import composer_of
from rapport.surfaces.web.figures import key_figures
from rapport.surfaces.web.posted import whole_number
from rapport.surfaces.web.properties import property_groups
from rapport.surfaces.web.related import related_panels
from rapport.surfaces.web.stages import board_bar, choice_bar
from rapport.surfaces.web.story import Chapter, Line, read_story, story_filters
from rapport.surfaces.web.toasts import trigger, undo_mark

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Kinds of value by which one reaches somebody.
_REACH = {
    "phone": [("tel:", "phone", gettext_lazy("Call")), ("sms:", "message-circle", gettext_lazy("Message"))],
    "email": [("/write?", "mail", gettext_lazy("Write e-mail"))],
}


@dataclass(frozen=True)
class Reach:
    """A way to reach somebody: a link that the device opens, or the form of a new e-mail."""

    label: str
    icon: str
    url: str


@dataclass(frozen=True)
class Head:
    """What the header of a record page shows."""

    title: str
    shape: str
    badges: list[SafeString | str]
    facts: list[SafeString | str]
    owner: str
    reach: list[Reach]
    actions: list[Action]
    may_edit: bool
    may_delete: bool
    may_audit: bool
    #: A person, whose data has a page of its own.
    is_subject: bool


@require_GET
def page(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """The record page; for its script also its parts (`?part=head` and so on) after something changed."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    try:
        record = gate.get(ctx, info, record_id)
    except Gone:
        if (heir := heir_of(ctx, info, record_id)) is None:
            raise
        return HttpResponseRedirect(info.record_url(heir))  # merged into another, whose page this leads to
    row = read_ids(ctx, info, [record.pk])[record.pk]
    load_titles(ctx, [row], list(gate.fields(ctx, info).values()))
    may_edit = gate.may(ctx, info, record, "edit")
    head = head_of(ctx, info, record, row, may_edit=may_edit)
    own = next(iter(panels(ctx, "record.page", info, record)), None)
    if own is not None:
        return _own_page(request, info, record, row, head, own)
    related = related_panels(ctx, info, record, row)
    chapters, more = read_story(ctx, info, record)
    values = {
        "info": info,
        "record": record,
        "row": row,
        "head": head,
        "groups": property_groups(ctx, info, row, may_edit=may_edit),
        "figures": key_figures(ctx, info, row, related, slot_figures(ctx, info, record)),
        "health": health_of(ctx, info, record),
        "brief": brief_of(ctx, info, record),
        "related": related,
        "bar": board_bar(ctx, info, record, may_move=_may_move(ctx, info, head)),
        "lifecycle": choice_bar(ctx, info, record, may_edit=may_edit),
        "main": panels(ctx, "record.main", info, record),
        "aside": panels(ctx, "record.aside", info, record),
        "extra": panels(ctx, "record.header", info, record),
        "composer": composer_of(ctx, info, record),
        "chapters": chapters,
        "more": more,
        "only": "",
        "text": "",
        "rest": "only=",
        "filters": story_filters(ctx, info),
        "is_first": True,
        "reading": panels(ctx, "record.reading", info, record),
        "next": _next_step(ctx, info, row),
        "next_line": _next_line(chapters, row),
        "crumb": _crumb(info),
        "has_network": is_filled("record.network", info.key),
    }
    return shell.render(request, "record/page.html", values)


def _own_page(request: HttpRequest, info: TypeInfo, record: Record, row: Row, head: Head, own: Panel) -> HttpResponse:
    """The page that a module shows in place of this one: its own values, and what every record has."""
    ctx = request.ctx  # type: ignore[attr-defined]
    values = {
        "info": info, "record": record, "row": row, "head": head, "crumb": _crumb(info), "lifecycle": None,
        "groups": property_groups(ctx, info, row, may_edit=head.may_edit), "composer": composer_of(ctx, info, record),
        "aside": panels(ctx, "record.aside", info, record),
    }  # fmt: skip
    return shell.render(request, own.template, {**values, **own.values})


@require_POST
def live(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """What an open page asks for again and again; when its `stamp` is no longer that of the page, the page follows."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    if not is_filled("record.live", info.key):
        raise Gone(_("There is nothing here that changes by itself."))
    record = gate.get(ctx, info, record_id)
    found = panels(ctx, "record.live", info, record)
    if not found:
        return HttpResponse(status=204)
    answer = shell.render(request, found[0].template, {"info": info, "record": record, **found[0].values})
    stamp = found[0].values.get("stamp")
    return trigger(answer, recordChanged=True) if stamp and stamp != request.POST.get("stamp", stamp) else answer


def head_of(ctx: Context, info: TypeInfo, record: Record, row: Row, *, may_edit: bool) -> Head:
    """Title, badges, facts, and what one can do."""
    readable = shown_fields(ctx, info)
    title_field = readable.get(info.declared.title)
    value = row.values.get(info.declared.title) if title_field else None
    title = (
        title_field.kind.text(value, ctx.format) if title_field and value is not None else str(info.label).capitalize()
    )
    badges: list[SafeString | str] = []
    facts: list[SafeString | str] = []
    for key in [*_first_section(info), "tags", "addresses"]:
        one = readable.get(key)
        if one is None or one.kind.blank(row.values.get(key)):
            continue
        cell = one.kind.cell(row.values[key], ctx.format)
        if one.kind.options.get("hues") or one.kind.key == "tags":
            badges.append(cell)
        elif (one.to and one.to not in ("user", "team") and not _is_column(info, key)) or one.kind.key == "address":
            facts.append(cell)
    owner = ctx.format.titles.get(("user", row.values.get("owner")))  # type: ignore[arg-type]
    return Head(
        title,
        mark_shape(info, row.is_person),
        badges[:4],
        facts[:2],
        owner.text if owner else "",
        _reach(ctx, info, row),
        offered(ctx, info, record),
        may_edit,
        gate.may(ctx, info, record, "delete"),
        any(one.key == info.key for one in audit_types(ctx)),
        subject_of(info, record) is not None,
    )


def _first_section(info: TypeInfo) -> list[str]:
    return next((list(p.fields) for p in info.declared.page if isinstance(p, Section)), [])


def _is_column(info: TypeInfo, key: str) -> bool:
    board = info.declared.board
    return board is not None and not has_values(info) and key in (board.by, board.within)


def _reach(ctx: Context, info: TypeInfo, row: Row) -> list[Reach]:
    """Call, message, e-mail and directions, from the first value of each kind of field."""
    found = []
    for one in shown_fields(ctx, info).values():
        entries = row.values.get(one.key)
        if not isinstance(entries, list) or not entries or not isinstance(entries[0], dict):
            continue
        first = entries[0]
        for scheme, icon, label in _REACH.get(one.kind.key, ()):
            bare = str(first.get("value", "")).replace(" ", "")
            if icon == "mail":  # written here, and not in another program of the device
                name = row.values.get(info.declared.title) if info.declared.title in shown_fields(ctx, info) else ""
                to = shown_addresses([{"address": bare, "name": str(name or "")}])
                bare = urlencode({"to": to, "back": info.record_url(row.id)})
            found.append(Reach(str(label), icon, scheme + bare))
        if one.kind.key == "address":
            words = ", ".join(str(first[p]) for p in ("street", "postcode", "city", "country") if first.get(p))
            found.append(Reach(_("Directions"), "map-pin", f"geo:0,0?q={words}"))
    order = ["phone", "message-circle", "mail", "map-pin"]
    return sorted(found, key=lambda one: order.index(one.icon))


def _may_move(ctx: Context, info: TypeInfo, head: Head) -> bool:
    board = info.declared.board
    return board is not None and not has_values(info) and any(one.key == board.move for one in head.actions)


def _next_step(ctx: Context, info: TypeInfo, row: Row) -> str:
    """ "none" when the type keeps a next step and this record has none, "set" when it has one, "" otherwise."""
    if "next_step_on" not in shown_fields(ctx, info):
        return ""
    return "set" if row.values.get("next_step") or row.values.get("next_step_on") else "none"


def _next_line(chapters: list[Chapter], row: Row) -> Line | None:
    """The line of the story that is the next step, to tick it off from where it stands out."""
    lines = [line for chapter in chapters for line in chapter.lines if line.done_url]
    return next((line for line in lines if line.entry.title == row.values.get("next_step")), None)


def _crumb(info: TypeInfo) -> str:
    return capital(info.plural)


@require_GET
def timeline(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """A further page of the story, or the story narrowed to one kind; a page of its own without script."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id)
    cursor, only = request.GET.get("cursor", ""), request.GET.get("only", "")[:40]
    text = " ".join(request.GET.get("q", "").replace("\0", "").split())[:100]
    chapters, more = read_story(ctx, info, record, cursor=cursor, only=only, text=text)
    values = {
        "info": info,
        "record": record,
        "chapters": chapters,
        "more": more,
        "only": only,
        "text": text,
        "rest": urlencode({"only": only, "q": text}),
        "is_first": not cursor,
        "filters": story_filters(ctx, info),
        "title": _title(ctx, info, record),
        "crumb": _crumb(info),
    }
    return shell.render(request, "record/_story.html" if shell.is_part(request) else "record/story_page.html", values)


@require_GET
def history_page(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """The change log of a record: who changed what, when, from what to what."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id)
    given = request.GET.get("before", "")
    changes = history(ctx, info, record.pk, limit=51, before=whole_number(given))
    fields = list(gate.fields(ctx, info).values())
    load_titles(ctx, [Row(record.pk, 0, {f.key: v}) for c in changes for f, b, a in c.entries for v in (b, a)], fields)
    values = {
        "info": info,
        "record": record,
        "changes": changes[:50],
        "title": _title(ctx, info, record),
        "crumb": _crumb(info),
        "older": changes[49].change.number if len(changes) > 50 else None,
        "is_first": not given,
    }
    return shell.render(request, "record/history.html", values)


def _title(ctx: Context, info: TypeInfo, record: Record) -> str:
    return (
        gate.titles(ctx, info, {record.pk}).get(record.pk, str(info.label))
        if not info.title_field.to
        else str(info.label)
    )


@require_POST
def delete(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """Into the bin, with Undo."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id, "delete")
    title = _title(ctx, info, record)
    ctx.delete(record)
    return done(request, _("“%(title)s” was deleted.") % {"title": title}, info.url, undo=undo_mark(record))


@require_POST
def restore(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """Out of the bin again."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id, "delete", in_bin=True)
    ctx.restore(record)
    return done(request, _("“%(title)s” is back.") % {"title": _title(ctx, info, record)}, info.record_url(record.pk))
