"""Write it down: one line in plain words becomes the records it speaks of, shown before anything is saved.

The line is read again on every request (`engines/sentence`), so the page carries no state but what was typed; a field
that the person has touched keeps their value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from rapport.engines.sentence.line import Draft, Line, Link, read_line
from rapport.kernel.access import gate
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import settable_fields
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.query.read import mark_shape
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.answers import done, part_or_page
from rapport.surfaces.web.controls import Control, controls, needed_fields
from rapport.surfaces.web.duplicates import Twin, twins
from rapport.surfaces.web.posted import Posted, lists_of, read_posted
from rapport.surfaces.web.quick_add import addable, quick_add
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import undo_mark

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_NEW = "new"
Post = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Card:
    """One record of the line on the page."""

    draft: Draft
    label: str
    controls: list[Control]
    sentence: str
    is_on: bool
    #: Who it may be already, and the one that is used ("" for a new record).
    known: list[Twin]
    use: str


@dataclass(frozen=True)
class Piece:
    """A run of the typed text; `hue` 0 is plain."""

    text: str
    hue: int


def quick(request: HttpRequest) -> HttpResponse:
    """The line, empty or as it came with the address (`?title=`); with a type in it, that type's short form."""
    if request.method == "POST" or "type" in request.GET:
        return quick_add(request)
    if not addable(request.ctx):  # type: ignore[attr-defined]
        raise Gone(_("There is nothing of this kind to write down, or your role does not allow it."))
    return _show(request, request.GET.get("text", "") or request.GET.get("title", ""), {}, {})


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """What the line says so far: the cards, for the page's script; nothing is saved."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    post = lists_of(request)
    line = read_line(ctx, request.POST.get("text", ""))
    values = {"cards": cards(ctx, line, post, {}), "pieces": pieces(line), "text": line.text}
    return render(request, "jot/cards.html", values)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Make everything that is ticked, all or nothing; refused fields come back with their sentence."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    post, text = lists_of(request), request.POST.get("text", "")
    if "look" in request.POST:
        return _show(request, text, post, {})
    line = read_line(ctx, text)
    errors: dict[str, Posted] = {}
    try:
        with unit_of_work(ctx):
            made = _make(ctx, line, post, errors)
            if errors:
                raise Invalid(_("Look at the fields marked below; what you typed is kept."))
            if not made:
                raise Invalid(_("There is nothing to save yet. Write a name, a task or a note."))
    except Invalid as wrong:
        return _show(request, text, post, errors, sentence=wrong.sentence, status=422)
    go_to = "/quick-add" if "keep" in request.POST else registry.of(made[0]).record_url(made[0].pk)
    return done(request, _told(ctx, made), go_to, undo=" ".join(undo_mark(one) for one in reversed(made)))


def _make(ctx: Context, line: Line, post: Post, errors: dict[str, Posted]) -> list[Record]:
    """Make the drafts in their order, or use what is there; returns the records made."""
    got: dict[str, UUID] = {}
    made: list[Record] = []
    for draft in line.drafts.values():
        links = [one.key for one in draft.values.values() if isinstance(one, Link)]
        # What only ties others together is not made without them; a task stands without its person.
        if not is_on(draft, post) or (not draft.shown and not set(links) <= set(got)):
            continue
        info = registry.get(draft.type)
        if known := used_of(ctx, draft, post):
            got[draft.key] = gate.get(ctx, info, known).pk
            continue
        posted = posted_of(ctx, draft, post)
        if posted.errors:
            errors[draft.key] = posted
            continue
        values = {k: _linked(line, info, k, v, got) for k, v in {**draft.values, **posted.values}.items()}
        try:
            record = ctx.create(draft.type, **{k: v for k, v in values.items() if v is not None})
        except Invalid as wrong:
            posted.take(wrong)
            if not posted.errors:
                raise
            errors[draft.key] = posted
            continue
        got[draft.key] = record.pk
        made.append(record)
    return made


def _linked(line: Line, info: TypeInfo, key: str, value: object, got: Mapping[str, UUID]) -> object:
    """A value, or the record that a link stands for (with its type where the field may point at any)."""
    if not isinstance(value, Link):
        return value
    found = got.get(value.key)
    return (line.drafts[value.key].type, found) if found and info.fields[key].kind.key == "anyref" else found


def cards(ctx: Context, line: Line, post: Post, errors: Mapping[str, Posted]) -> list[Card]:
    """The drafts as the page shows them."""
    found = []
    for draft in line.drafts.values():
        info = registry.get(draft.type)
        posted = errors.get(draft.key) or posted_of(ctx, draft, post)
        held = {**draft.values, **posted.held}
        fields = shown_fields(ctx, info, draft)
        known = twins_of(ctx, info, draft) if draft.may_be_known else []
        use = str(used_of(ctx, draft, post) or "")
        found.append(
            Card(
                draft, draft.label or str(info.label),
                controls(ctx, fields, held, posted.errors, prefix=f"{draft.key}-") if not use else [],
                draft.sentence, is_on(draft, post), known, use,
            )
        )  # fmt: skip
    return found


def shown_fields(ctx: Context, info: TypeInfo, draft: Draft) -> list[Field]:
    """The fields of a card that this viewer may set."""
    settable = settable_fields(ctx, info, creating=True)
    return needed_fields(info, [settable[key] for key in draft.shown if key in settable])


def posted_of(ctx: Context, draft: Draft, post: Post) -> Posted:
    """The values of a card: read from the line, and what the person changed themselves."""
    info = registry.get(draft.type)
    touched = set(",".join(post.get("touched", ())).split(","))
    shown = shown_fields(ctx, info, draft)
    fields = [f for f in shown if f"{draft.key}-{f.key}" in touched]
    posted = read_posted(ctx, post, fields, prefix=f"{draft.key}-", needed=True)
    for one in shown:
        if one in fields or draft.values.get(one.key) is None:
            continue
        value = draft.values[one.key]
        if not isinstance(value, Link):
            try:
                posted.values[one.key] = one.kind.clean(value, ctx.cleaning())
            except Invalid as wrong:
                posted.errors[one.key], posted.typed[one.key] = wrong.sentence, str(value)
    return posted


def is_on(draft: Draft, post: Post) -> bool:
    """Whether the card is ticked; one that the page has not shown yet is."""
    return draft.key not in ",".join(post.get("seen", ())).split(",") or f"{draft.key}-on" in post or not draft.shown


def used_of(ctx: Context, draft: Draft, post: Post) -> UUID | None:
    """The record that is there already and shall be used, as chosen or as surely known; None for a new one."""
    chosen = (post.get(f"{draft.key}-use") or [""])[-1]
    if chosen == _NEW:
        return None
    if pk := as_id(chosen):
        return pk if gate.visible(ctx, registry.get(draft.type)).filter(pk=pk).exists() else None
    return draft.existing


def twins_of(ctx: Context, info: TypeInfo, draft: Draft) -> list[Twin]:
    """Records that this one may be, the surely known one among them."""
    texts = {key: str(draft.values[key]).replace("\n", " ") for key in draft.shown if draft.values.get(key) and key != "note"}
    found = list(twins(ctx, info, texts))
    if draft.existing and all(one.id != draft.existing for one in found):
        title = gate.titles(ctx, info, {draft.existing}).get(draft.existing)
        if title is not None:
            shape = mark_shape(info, title.is_person)
            found.insert(0, Twin(draft.existing, str(title), info.record_url(draft.existing), _("has the same name"), shape))
    return found


def pieces(line: Line) -> list[Piece]:
    """The typed text cut where something was understood."""
    found, at = [], 0
    for span in sorted(line.spans, key=lambda one: (one.start, -one.end)):
        if span.start < at:
            continue
        if span.start > at:
            found.append(Piece(line.text[at : span.start], 0))
        found.append(Piece(line.text[span.start : span.end], line.drafts[span.draft].hue))
        at = span.end
    return [*found, Piece(line.text[at:], 0)]


def _told(ctx: Context, made: list[Record]) -> str:
    """"Ann Lee and 3 more saved."."""
    info = registry.of(made[0])
    title = str(gate.titles(ctx, info, {made[0].pk}).get(made[0].pk, info.label))
    if len(made) == 1:
        return _("“%(title)s” saved.") % {"title": title}
    more = len(made) - 1
    return ngettext(
        "“%(title)s” and %(more)d more saved.", "“%(title)s” and %(more)d more saved.", more
    ) % {"title": title, "more": more}  # fmt: skip


def _show(
    request: HttpRequest, text: str, post: Post, errors: Mapping[str, Posted], *, sentence: str = "", status: int = 200
) -> HttpResponse:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    line = read_line(ctx, text)
    values = {
        "text": line.text, "cards": cards(ctx, line, post, errors), "pieces": pieces(line), "sentence": sentence,
        "types": addable(ctx), "touched": ",".join(post.get("touched", ())), "keep": "keep" in post,
    }  # fmt: skip
    return part_or_page(request, "jot/form.html", "jot/page.html", values, status=status)


