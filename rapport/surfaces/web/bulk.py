"""Doing one thing to all ticked rows: delete, give to an owner, or run one of the type's actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from rapport.kernel.access import gate
from rapport.kernel.actions.running import find_action, run_bulk
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context
from rapport.kernel.errors import Gone, Invalid, RapportError, Refused
from rapport.kernel.ids import as_id
from rapport.kernel.query.read import filtered
from rapport.kernel.query.text import parse
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.controls import controls
from rapport.surfaces.web.posted import Posted, lists_of, read_posted
from rapport.surfaces.web.problems import note
from rapport.surfaces.web.shell import is_part, render
from rapport.surfaces.web.toasts import say, undo_mark

#: More than this at once is the work of an import or a job.
MOST = 1000
#: Undo for as many as its form can carry.
UNDO_MOST = 200
#: Ids that one entry of the audit log names.
_MOST_NOTED = 100


@dataclass
class Outcome:
    """What was done, the sentence about it, and the marks to take it back."""

    text: str
    marks: list[str]
    problems: list[str]
    #: How many rows the viewer may not do this to, or not see.
    refused: int = 0


@require_POST
def bulk(request: HttpRequest, type_key: str) -> HttpResponse:
    """Do what the pressed button says to the ticked rows; ask first for what it needs to know."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    asked = ticked(ctx, info, request)
    ids = _within_mass_edit(ctx, info, asked) if len(asked) > 1 else asked
    what = request.POST.get("do", "")
    fields = _inputs(ctx, info, what)
    posted = read_posted(ctx, lists_of(request), fields, prefix="in_", needed=True)
    if fields and ("confirmed" not in request.POST or posted.errors):
        if "confirmed" not in request.POST:
            posted = Posted(values={f.key: f.default for f in fields if f.default is not None})
        return _ask(request, info, ids, what, fields, posted)
    try:
        outcome = _do(ctx, info, ids, what, posted.values)
    except Invalid as wrong:
        posted.take(wrong)
        if not fields:
            raise
        return _ask(request, info, ids, what, fields, posted, wrong.sentence)
    if outcome.refused:
        # One entry for all, whether a row is a stranger's or there is none.
        note(request, Refused(), what=what, count=outcome.refused, records=[str(pk) for pk in ids[:_MOST_NOTED]])
    if outcome.marks or not outcome.problems:
        say(request, outcome.text, undo=" ".join(outcome.marks) if len(outcome.marks) <= UNDO_MOST else "")
    if left := len(asked) - len(ids):
        text = ngettext(
            "%(count)d row was left out: your role does not let you change it together with others.",
            "%(count)d rows were left out: your role does not let you change them many at once.", left,
        )  # fmt: skip
        outcome.problems.insert(0, text % {"count": left})
    for text in outcome.problems[:3]:
        say(request, text, kind="bad")
    return _back(request, info)


def ticked(ctx: Context, info: TypeInfo, request: HttpRequest) -> list[UUID]:
    """The ticked ids, or with `all` every row of the filter. Raises Invalid for none and for too many."""
    if request.POST.get("all") == "1":
        rows = filtered(ctx, info, parse(request.POST.get("filter", "")))
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    else:
        ids = [pk for pk in map(as_id, request.POST.getlist("id")) if pk is not None]
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
    if gate.sees_all(ctx, info, "mass_edit"):
        return ids
    able = set(gate.visible(ctx, info, "mass_edit").filter(pk__in=ids).values_list("pk", flat=True))
    return [pk for pk in ids if pk in able]


def _inputs(ctx: Context, info: TypeInfo, what: str) -> list[Field]:
    """What has to be asked before."""
    if what == "owner":
        field = gate.fields(ctx, info, edit=True).get("owner")
        if field is None:
            raise Refused(_("Your role does not allow you to change the owner."))
        return [field]
    if what.startswith("run:"):
        return list(find_action(info, what.removeprefix("run:")).fields().values())
    return []


def _do(ctx: Context, info: TypeInfo, ids: list[UUID], what: str, values: dict[str, object]) -> Outcome:
    if what == "delete":
        done, problems, refused = _each(ctx, info, ids, ctx.delete)
        text = ngettext("%(count)d deleted.", "%(count)d deleted.", len(done)) % {"count": len(done)}
        return Outcome(text, [undo_mark(one) for one in done], problems, refused)
    if what == "owner":
        result = ctx.write_many(info.key, [(pk, {"owner": values.get("owner")}) for pk in ids])
        text = ngettext("%(count)d handed over.", "%(count)d handed over.", len(result.ids)) % {
            "count": len(result.ids)
        }
        return Outcome(
            text, _marks(ctx, info, list(result.ids.values())), sorted({e.sentence for e in result.errors.values()}),
            sum(isinstance(e, (Refused, Gone)) for e in result.errors.values()),
        )  # fmt: skip
    if what.startswith("run:"):
        one = find_action(info, what.removeprefix("run:"))
        if not one.bulk:
            raise Refused(_("“%(action)s” works on one record at a time.") % {"action": one.label})
        got = run_bulk(ctx, info, ids, one.key, values)
        text = _("%(action)s: %(count)d done.") % {"action": one.label, "count": len(got.done)}
        return Outcome(text, _marks(ctx, info, got.done), sorted(set(got.errors.values())), got.refused)
    raise Gone(_("There is no such action."))


def _each(
    ctx: Context, info: TypeInfo, ids: list[UUID], do: Callable[[Record], None]
) -> tuple[list[Record], list[str], int]:
    """Do it to each record in one transaction; what is refused is left out, told once, and counted."""
    found = gate.visible(ctx, info).in_bulk(ids)
    done: list[Record] = []
    problems: dict[str, None] = {}
    refused = 0
    with unit_of_work(ctx):
        for pk in ids:
            record = found.get(pk)
            if record is None:
                problems[_("Some of these rows do not exist any more, or you may not see them.")] = None
                refused += 1
                continue
            try:
                do(record)
                done.append(record)
            except RapportError as wrong:
                problems[wrong.sentence] = None
                refused += isinstance(wrong, (Refused, Gone))
    return done, list(problems), refused


def _marks(ctx: Context, info: TypeInfo, ids: list[UUID]) -> list[str]:
    return [undo_mark(one) for one in gate.visible(ctx, info).filter(pk__in=ids)] if len(ids) <= UNDO_MOST else []


def _ask(
    request: HttpRequest,
    info: TypeInfo,
    ids: list[UUID],
    what: str,
    fields: list[Field],
    posted: Posted,
    sentence: str = "",
) -> HttpResponse:
    ctx = request.ctx  # type: ignore[attr-defined]
    label = _("Change owner") if what == "owner" else str(find_action(info, what.removeprefix("run:")).label)
    values = {
        "info": info,
        "ids": ids,
        "what": what,
        "label": label,
        "sentence": sentence,
        "back": back_url(request, info),
        "controls": controls(ctx, fields, posted.held, posted.errors, prefix="in_", first=True),
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
