"""The composer of a record page: what happened or is to be done, written down in place.

Which tabs there are is not known here: modules fill the slot "record.composer" with a panel whose value "tabs" is a
list of `ComposerTab`, in whose words this file shows a form and creates records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rapport.kernel.access import gate
from rapport.kernel.actions.running import find_action, offered, run_action
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import defaults, settable_fields
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.kinds.mentions import mentioned, named, plain
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import panels
from rapport.kernel.slots.composing import ComposerTab
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.controls import Control, controls
from rapport.surfaces.web.files import store_uploads
from rapport.surfaces.web.posted import Posted, lists_of, read_posted
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import undo_mark

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Names of the inputs of the follow-up.
THEN = "then__"
#: The input with the ids of the people who were chosen after an "@".
PEOPLE = "people"
_TITLE = 120


@dataclass(frozen=True)
class OpenTab:
    """A tab ready to show: its main text, the small fields beside it, the follow-up."""

    tab: ComposerTab
    main: Control | None
    small: list[Control]
    file: Control | None
    then: list[Control]
    error: str = ""


def composer_of(ctx: Context, info: TypeInfo, record: Record) -> list[OpenTab]:
    """The tabs this viewer may use on this record."""
    return [_open(ctx, tab) for tab in tabs_of(ctx, info, record)]


def tabs_of(ctx: Context, info: TypeInfo, record: Record) -> list[ComposerTab]:
    """What the modules put into the slot, less the types this viewer may not create."""
    found: list[ComposerTab] = []
    for panel in panels(ctx, "record.composer", info, record):
        tabs = panel.values.get("tabs")
        assert isinstance(tabs, list)
        found += [tab for tab in tabs if tab.action or gate.allows(ctx, registry.get(tab.type), "create")]
    if any(tab.action for tab in found):
        may = {one.key for one in offered(ctx, info, record)}
        found = [tab for tab in found if not tab.action or tab.action in may]
    return found


def _open(ctx: Context, tab: ComposerTab, posted: Posted | None = None, then: Posted | None = None) -> OpenTab:
    fields = _fields(ctx, tab)
    held = posted or Posted(
        values={f.key: f.default for f in fields if f.default is not None} if tab.action
        else defaults(ctx, registry.get(tab.type), {}, {f.key: f for f in fields if f.default != "now"})
    )
    made = {c.key: c for c in controls(ctx, fields, held.held, held.errors, prefix=f"{tab.key}-")}
    follow = _then_fields(ctx, tab) if then or tab.then else []
    shown = then or Posted()
    error = next(iter({**held.errors, **shown.errors}.values()), "")
    return OpenTab(
        tab, made.get(tab.main), [c for k, c in made.items() if k not in (tab.main, tab.file)], made.get(tab.file),
        controls(ctx, follow, shown.held, shown.errors, prefix=f"{tab.key}-{THEN}") if follow else [], error,
    )  # fmt: skip


def _fields(ctx: Context, tab: ComposerTab) -> list[Field]:
    info = registry.get(tab.type)
    settable = find_action(info, tab.action).fields() if tab.action else settable_fields(ctx, info, creating=True)
    return [settable[key] for key in tab.fields if key in settable]


def _then_fields(ctx: Context, tab: ComposerTab) -> list[Field]:
    if tab.then is None or not gate.allows(ctx, registry.get(tab.then.type), "create"):
        return []
    settable = settable_fields(ctx, registry.get(tab.then.type), creating=True)
    return [settable[key] for key in tab.then.fields if key in settable]


@require_POST
def compose(request: HttpRequest, type_key: str, record_id: UUID) -> HttpResponse:
    """Write down what a tab holds, and its follow-up when one was given; both or neither."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    record = gate.get(ctx, info, record_id)
    tab = next((t for t in tabs_of(ctx, info, record) if t.key == request.POST.get("tab")), None)
    if tab is None:
        raise Gone(_("There is nothing to write down here in this way."))
    post = lists_of(request)
    posted = _read(request, ctx, tab)
    follow = read_posted(ctx, post, _then_fields(ctx, tab), prefix=f"{tab.key}-{THEN}")
    if tab.action and not posted.errors:
        return _act(request, ctx, info, record, tab, posted)
    values = _titled(tab, posted)
    if not posted.errors and not follow.errors:
        try:
            with unit_of_work(ctx):
                made = ctx.create(tab.type, **{**tab.preset, **tab.links, **values})
                _follow_up(ctx, tab, follow)
        except Invalid as wrong:
            sentence = posted.take(wrong)
            posted.errors.setdefault(tab.main, sentence or wrong.sentence)
        else:
            return done(request, str(tab.done), info.record_url(record.pk), undo=undo_mark(made), stay=True)
    return _again(request, ctx, info, record, tab, posted, follow)


def _act(request: HttpRequest, ctx: Context, info: TypeInfo, record: Record, tab: ComposerTab, posted: Posted) -> HttpResponse:
    """Run the tab's action instead of creating a record; a new record of the same type that came of it is gone to."""
    if not str(posted.values.get(tab.main) or "").strip():
        posted.errors.setdefault(tab.main, str(tab.empty))
        return _again(request, ctx, info, record, tab, posted, Posted())
    try:
        result = run_action(ctx, record, tab.action, _given(posted))
    except Invalid as wrong:
        sentence = posted.take(wrong)
        posted.errors.setdefault(tab.main, sentence or wrong.sentence)
        return _again(request, ctx, info, record, tab, posted, Posted())
    is_new = isinstance(result, Record) and result.pk != record.pk
    return done(request, str(tab.done), info.record_url(result.pk if is_new else record.pk), stay=not is_new)  # type: ignore[union-attr]


def _again(
    request: HttpRequest, ctx: Context, info: TypeInfo, record: Record, tab: ComposerTab, posted: Posted, follow: Posted
) -> HttpResponse:
    """The tab with what is wrong; what was typed is still there."""
    if not is_part(request):
        raise Invalid(next(iter({**posted.errors, **follow.errors}.values())))
    shown = {"one": _open(ctx, tab, posted, follow), "info": info, "record": record, "is_on": True}
    return render(request, tab.template, shown, status=422)


def _read(request: HttpRequest, ctx: Context, tab: ComposerTab) -> Posted:
    """The tab's fields; its inputs are called <tab>-<field>, so that every tab keeps what was typed."""
    fields = _fields(ctx, tab)
    posted = read_posted(ctx, lists_of(request), fields, prefix=f"{tab.key}-")
    held = Posted()
    for one in fields:
        given = request.FILES.getlist(f"{tab.key}-{one.key}__upload")
        if given:
            request.FILES.setlist(f"{one.key}__upload", given)
        if one.kind.key == "files" and one.key in posted.values:
            held.values[one.key] = posted.values[one.key]
    store_uploads(request, held, fields)
    posted.values.update(held.values)
    posted.errors.update(held.errors)
    if isinstance(text := posted.values.get(tab.main), str) and "@" in text:
        posted.values[tab.main] = named(text, _chosen_people(request, ctx, tab))
    return posted


def _chosen_people(request: HttpRequest, ctx: Context, tab: ComposerTab) -> dict[UUID, str]:
    """Those of the people chosen while typing whom this viewer may see, by the names they have."""
    given = request.POST.get(f"{tab.key}-{PEOPLE}", "")[:4000].split()
    ids = {one for word in given[:50] if (one := as_id(word)) is not None}
    return {pk: str(name) for pk, name in gate.titles(ctx, registry.get("user"), ids).items()}


def _given(posted: Posted) -> dict[str, object]:
    return {key: value for key, value in posted.values.items() if value is not None}


def _titled(tab: ComposerTab, posted: Posted) -> dict[str, object]:
    """The given values with a title: a note is called by its first line, one short line is the title and no more."""
    title = registry.get(tab.type).declared.title
    values = _given(posted)
    text = values.get(tab.main)
    if tab.main == title or values.get(title):
        return values
    if not isinstance(text, str) or not text.strip():
        file = values.get(tab.file)
        if not isinstance(file, dict):
            posted.errors.setdefault(tab.main, str(tab.empty))
            return values
        return {**values, title: str(file["name"])[:_TITLE]}
    has_names = bool(mentioned(text))
    first, _break, rest = plain(text).strip().partition("\n")
    values[title] = first if len(first) <= _TITLE else first[: _TITLE - 1].rstrip() + "…"
    if not rest and len(first) <= _TITLE and not has_names:
        values.pop(tab.main)
    return values


def _follow_up(ctx: Context, tab: ComposerTab, follow: Posted) -> None:
    """Create what is to be done next when anything of it was given."""
    values = _given(follow)
    if tab.then is None or not values:
        return
    title = registry.get(tab.then.type).declared.title
    values.setdefault(title, str(tab.then.title))
    ctx.create(tab.then.type, **{**tab.then.preset, **tab.links, **values})
