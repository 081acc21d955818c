"""Doing one thing to all ticked rows: set a field, hand over, tag, delete, or run one of the type's actions. Every row can
be taken back with one Undo (`batch.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from rapport.kernel.access import gate
from rapport.kernel.actions.running import clean_inputs, find_action
from rapport.kernel.changes.values import settable_fields
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.ids import as_id
from rapport.kernel.query.read import filtered
from rapport.kernel.query.text import parse
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.batch import do_batch, state_of, tell
from rapport.surfaces.web.controls import controls
from rapport.surfaces.web.posted import Posted, lists_of, read_posted
from rapport.surfaces.web.problems import note
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import say, trigger

#: More than this at once is the work of an import or of several filters.
MOST = 10_000
#: Ids that one entry of the audit log names.
_MOST_NOTED = 100
#: Ids in one condition: below every limit of both databases.
_IDS = 5_000
#: Kinds whose values no two rows share, or that a bulk edit cannot carry.
_NOT_IN_BULK = frozenset({"file"})


@dataclass
class Wish:
    """What shall be done, its name, and what has to be asked before."""

    what: str
    label: str
    fields: list[Field] = field(default_factory=list)
    #: Which field to set, when that is the question.
    choices: list[Field] = field(default_factory=list)
    chosen: str = ""

    def work(self, values: Mapping[str, object]) -> dict[str, object]:
        """The batch's work with these values, in the kinds' json shape."""
        found = {f.key: f.kind.to_json(values[f.key]) if values.get(f.key) is not None else None for f in self.fields}
        if self.what == "tags":
            return {"do": "tags", "key": self.chosen, "add": found["add"] or [], "remove": found["remove"] or []}
        if self.what in ("owner", "edit"):
            return {"do": "edit", "values": found}
        if self.what.startswith("run:"):
            given = {key: value for key, value in found.items() if value is not None}
            return {"do": "run", "action": self.what.removeprefix("run:"), "values": given}
        return {"do": "delete"}


@require_POST
def bulk(request: HttpRequest, type_key: str) -> HttpResponse:
    """Do what the pressed button says to the ticked rows; ask first for what it needs to know."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    asked = ticked(ctx, info, request)
    ids = _within_mass_edit(ctx, info, asked) if len(asked) > 1 else asked
    wish = _wish(ctx, info, request)
    posted = read_posted(ctx, lists_of(request), wish.fields, prefix="in_", needed=True)
    is_asking = bool(wish.fields or wish.choices) and (not request.POST.get("confirmed") or (wish.choices and not wish.fields))
    if is_asking:
        # What new records begin with ("me") is no proposal for those that are there.
        begins = wish.fields if wish.what.startswith("run:") else []
        posted = Posted(values={f.key: f.default for f in begins if f.default is not None})
    elif not posted.errors:
        posted = _checked(ctx, info, wish, posted)
    if is_asking or posted.errors:
        return _ask(request, info, ids, wish, posted)
    batch = do_batch(ctx, info, ids, wish.work(posted.values))
    if batch.refused:
        # One entry for all, whether a row is a stranger's or there is none.
        note(request, Refused(), what=wish.what, count=batch.refused, records=[str(pk) for pk in ids[:_MOST_NOTED]])
    if batch.finished_at is not None or not is_part(request):
        tell(request, batch)
    if left := len(asked) - len(ids):
        text = ngettext(
            "%(count)d row was left out: your role does not let you change it together with others.",
            "%(count)d rows were left out: your role does not let you change them many at once.", left,
        )  # fmt: skip
        say(request, text % {"count": left}, kind="bad")
    answer = _back(request, info)
    return trigger(answer, batchStarted=state_of(batch)) if batch.finished_at is None and is_part(request) else answer


def ticked(ctx: Context, info: TypeInfo, request: HttpRequest) -> list[UUID]:
    """The ticked ids, or with `all` every row of the filter. Raises Invalid for none and for too many."""
    if request.POST.get("all") == "1":
        rows = filtered(ctx, info, parse(request.POST.get("filter", "")))
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    else:
        # Hundreds of ticks come as one text: so many single inputs are refused by the server.
        given = [*request.POST.getlist("id"), *request.POST.get("ids", "").split(",")]
        ids = [pk for pk in map(as_id, given) if pk is not None]
    if not ids:
        raise Invalid(_("Tick at least one row first."), code="nothing_ticked")
    if len(ids) > MOST:
        raise Invalid(
            _("At most %(most)d rows at once; narrow the list with a filter.") % {"most": MOST}, code="too_many"
        )
    return list(dict.fromkeys(ids))


def _within_mass_edit(ctx: Context, info: TypeInfo, ids: list[UUID]) -> list[UUID]:
    """Those of the rows that the right to change many at once covers."""
    gate.demand(ctx, info, "mass_edit")
    beyond = beyond_mass_edit(ctx, info, ids)
    return [pk for pk in ids if pk not in beyond]


def beyond_mass_edit(ctx: Context, info: TypeInfo, ids: list[UUID]) -> set[UUID]:
    """Those of the rows that the right to change many at once does not cover."""
    if gate.sees_all(ctx, info, "mass_edit"):
        return set()
    able: set[UUID] = set()
    for at in range(0, len(ids), _IDS):
        able |= set(gate.visible(ctx, info, "mass_edit").filter(pk__in=ids[at : at + _IDS]).values_list("pk", flat=True))
    return set(ids) - able


def bulk_fields(ctx: Context, info: TypeInfo) -> list[Field]:
    """The fields that one may set for many rows at once: not the title, which tells rows apart."""
    if not gate.allows(ctx, info, "edit"):
        return []
    return [
        one for one in settable_fields(ctx, info, creating=False).values()
        if one.key != info.declared.title and one.kind.key not in _NOT_IN_BULK
    ]  # fmt: skip


def tag_field(ctx: Context, info: TypeInfo) -> Field | None:
    """The field that holds tags, if the viewer may set one."""
    return next((one for one in bulk_fields(ctx, info) if one.kind.key == "tags"), None)


def bulk_keys(ctx: Context, info: TypeInfo) -> dict[str, bool]:
    """Which buttons of the bulk bar the viewer has."""
    fields = bulk_fields(ctx, info)
    return {
        "edit": bool(fields), "owner": any(one.key == "owner" for one in fields),
        "tags": any(one.kind.key == "tags" for one in fields),
    }  # fmt: skip


def _wish(ctx: Context, info: TypeInfo, request: HttpRequest) -> Wish:
    """What the pressed button means; raises Gone for an unknown one, Refused for what the role cannot do."""
    what = request.POST.get("do", "")
    if what == "delete":
        return Wish(what, _("Delete"))
    if what == "owner":
        owner = next((one for one in bulk_fields(ctx, info) if one.key == "owner"), None)
        if owner is None:
            raise Refused(_("Your role does not allow you to change the owner."))
        return Wish(what, _("Change owner"), [owner])
    if what == "edit":
        choices = bulk_fields(ctx, info)
        if not choices:
            raise Refused(_("Your role does not allow you to change these rows."))
        chosen = next((one for one in choices if one.key == request.POST.get("field")), None)
        return Wish(what, _("Set a field"), [chosen] if chosen else [], choices, chosen.key if chosen else "")
    if what == "tags":
        one = tag_field(ctx, info)
        if one is None:
            raise Gone(_("There is no such action."))
        add, remove = (replace(one, key=key, label=label, required=False, default=None)
                       for key, label in (("add", _("Add tags")), ("remove", _("Remove tags"))))  # fmt: skip
        return Wish(what, _("Tags"), [add, remove], chosen=one.key)
    if what.startswith("run:"):
        action = find_action(info, what.removeprefix("run:"))
        if not action.bulk:
            raise Refused(_("“%(action)s” works on one record at a time.") % {"action": action.label})
        return Wish(what, str(action.label), list(action.fields().values()))
    raise Gone(_("There is no such action."))


def _checked(ctx: Context, info: TypeInfo, wish: Wish, posted: Posted) -> Posted:
    """The inputs of an action are checked once before it runs, so that a wrong one is asked again and nothing is done."""
    if wish.what.startswith("run:"):
        try:
            clean_inputs(ctx, find_action(info, wish.what.removeprefix("run:")), posted.values)
        except Invalid as wrong:
            posted.take(wrong)
    return posted


def _ask(request: HttpRequest, info: TypeInfo, ids: list[UUID], wish: Wish, posted: Posted) -> HttpResponse:
    ctx = request.ctx  # type: ignore[attr-defined]
    values = {
        "info": info,
        "ids": ",".join(map(str, ids)),
        "count": len(ids),
        "wish": wish,
        "label": wish.label,
        "back": back_url(request, info),
        "controls": controls(ctx, wish.fields, posted.held, posted.errors, prefix="in_", first=True),
        "noun": info.label if len(ids) == 1 else info.plural,
    }
    if is_part(request):
        return render(request, "list/bulk_ask.html", values)
    return render(request, "list/bulk_page.html", values, status=422 if posted.errors else 200)


def back_url(request: HttpRequest, info: TypeInfo) -> str:
    """The list this came from; only addresses of the type itself count."""
    wanted = request.POST.get("back", "")
    return wanted if wanted.startswith(info.url) else info.url


def _back(request: HttpRequest, info: TypeInfo) -> HttpResponse:
    if is_part(request):
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = back_url(request, info)
        return response
    return HttpResponseRedirect(back_url(request, info))
