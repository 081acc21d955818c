"""Follow-up rules in the settings: the list in plain sentences, the form with its preview, on and off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engines.followups import words
from rapport.engines.followups.finding import Due
from rapport.engines.followups.indexing import READING, is_ready
from rapport.engines.followups.making import subject_of
from rapport.engines.followups.models import FollowUpMade, FollowUpRule, FollowUpState
from rapport.engines.followups.plan import check_work, kinds_of_work, moments_of, plan_of, types_with_moments
from rapport.engines.followups.preview import foresee
from rapport.engines.followups.registry import Preset, presets, the_work
from rapport.engines.followups.running import in_workspace_zone, values_of
from rapport.engines.followups.subject import PLACEHOLDERS
from rapport.kernel.access import gate
from rapport.kernel.access.chart import chart_of
from rapport.kernel.changes.values import settable_fields
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid, RapportError
from rapport.kernel.query.read import read_ids
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.controls import controls
from rapport.surfaces.web.posted import Posted, lists_of, read_posted
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import say, undo_mark

HOME = "/settings/follow-ups"
#: How many days back the preview looks when the rule starts from now.
_SAMPLE_DAYS, _MOST_SHOWN, _LATEST = 30, 500, 10
_OWN = ("on_type", "moment")
_MAY_BE_EMPTY = ("matching", "person", "due_time", "note")


@dataclass(frozen=True)
class Line:
    """One rule in the list."""

    rule: FollowUpRule
    when: str
    only: str
    what: str
    due: str
    runs_as: str
    state: FollowUpState | None
    problem: str


@dataclass
class Preview:
    """What the rule would do."""

    sentence: str
    error: str = ""
    examples: list[str] = field(default_factory=list)


def _type() -> TypeInfo:
    return registry.get("follow_up_rule")


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """All rules, and those offered with one click."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "view")
    rows = list(gate.visible(ctx, _type()).order_by("title_key", "pk")[:200])
    states = {
        one.rule_id: one for one in FollowUpState.objects.filter(workspace_id=ctx.workspace.pk, rule_id__in=[r.pk for r in rows])
    }
    found = [line(ctx, one, states.get(one.pk)) for one in rows]
    may = gate.allows(ctx, _type(), "create")
    return render(request, "settings/followups.html", {"lines": found, "presets": presets() if may else [], "may": may})


def line(ctx: Context, rule: FollowUpRule, state: FollowUpState | None) -> Line:
    """A rule in words."""
    seats = chart_of(ctx.workspace).seats
    info = registry.get(rule.on_type) if rule.on_type in registry else None
    moment = gate.fields(ctx, info).get(rule.moment) if info else None
    when = words.when_words(rule, info.label if info else rule.on_type, moment.label if moment else rule.moment)
    person = seats[rule.person_id].name if rule.person_id in seats else ""
    maker = seats[rule.runs_as_id].name if rule.runs_as_id in seats else ""
    return Line(
        rule, when, rule.matching, words.what_words(rule, person), words.due_words(rule), maker, state, _problem(state, maker)
    )


def _problem(state: FollowUpState | None, maker: str) -> str:
    if state is None or not state.problem:
        return ""
    if state.problem == READING:
        return _("It waits until its dates have been read for the first time.")
    if state.problem == "nobody":
        return _(
            "It stands still: %(name)s, with whose rights it ran, may no longer work here. Open it and save it to take it over."
        ) % {"name": maker or _("the person")}
    return _("It stands still: a field or filter that it uses is gone. Open it and choose another.")


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new rule, empty or from one that is offered."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "create")
    if request.method == "POST":
        posted = _read(request, ctx)
        if not posted.errors:
            try:
                made = ctx.create("follow_up_rule", **{k: v for k, v in posted.values.items() if v is not None})
            except Invalid as wrong:
                return _form(request, ctx, None, posted, _taken(posted, wrong))
            say(
                request,
                _("The rule “%(name)s” is on.") % {"name": made.name} if made.is_active else _("Saved."),
                undo=undo_mark(made),
            )  # type: ignore[attr-defined]
            return HttpResponseRedirect(HOME)
        return _form(request, ctx, None, posted, "")
    chosen = next((one for one in presets() if one.key == request.GET.get("preset")), None)
    return _form(request, ctx, None, Posted(values=_start(chosen)), "", chosen)


def _start(chosen: Preset | None) -> dict[str, object]:
    plain = {
        f.name: f.get_default() for f in FollowUpRule._meta.concrete_fields
        if f.name in _type().fields and f.name not in ("created_at", "updated_at", "created_by")
    }  # fmt: skip
    return {**plain, **(chosen.start() if chosen else {"subject": "", "amount": 1})}


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Change a rule; whoever saves it is whose rights it runs with from then on."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    rule = gate.get(ctx, _type(), rule_id, "edit")
    assert isinstance(rule, FollowUpRule)
    if request.method == "POST":
        posted = _read(request, ctx)
        if not posted.errors:
            before = rule.version
            try:
                ctx.write(rule, **posted.values)
            except Invalid as wrong:
                return _form(request, ctx, rule, posted, _taken(posted, wrong))
            say(request, _("Saved."), undo=undo_mark(rule) if rule.version != before else "")
            return HttpResponseRedirect(HOME)
        return _form(request, ctx, rule, posted, "")
    held = {**values_of(rule), "name": rule.name, "also_days": rule.also_days, "is_active": rule.is_active}
    return _form(request, ctx, rule, Posted(values=held), "")


@require_POST
def switch(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """On or off. Switched on, it counts from now."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    rule = gate.get(ctx, _type(), rule_id, "edit")
    on = request.POST.get("on") == "1"
    try:
        ctx.write(rule, is_active=on, **({"also_days": 0} if on else {}))
    except Invalid as wrong:
        say(request, wrong.sentence, kind="bad")
        return HttpResponseRedirect(f"{HOME}/{rule.pk}")
    name = {"name": rule.name}  # type: ignore[attr-defined]
    say(request, _("“%(name)s” is on, from now.") % name if on else _("“%(name)s” is off.") % name, undo=undo_mark(rule))
    return HttpResponseRedirect(HOME)


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What the rule in the form would make."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    gate.demand(ctx, _type(), "create")
    posted = _read(request, ctx)
    found = Preview("", error=next(iter(posted.errors.values()))) if posted.errors else foreseen(ctx, posted.values)
    return render(request, "settings/followup_preview.html", {"preview": found})


def foreseen(ctx: Context, values: Mapping[str, object]) -> Preview:
    """The sentence over the preview, and the subjects of the first few tasks."""
    zoned = in_workspace_zone(ctx)
    also = values.get("also_days") or 0
    assert isinstance(also, int)
    try:
        plan = plan_of(zoned, values)
        check_work(zoned, values)
        if not is_ready(ctx.workspace, plan.info.key, plan.field, plan.mode):
            return Preview(_("These dates are read when the rule is saved; how many tasks it makes can be said after that."))
        found = foresee(zoned, plan, min(also or _SAMPLE_DAYS, 365), most=_MOST_SHOWN)
    except RapportError as wrong:
        return Preview("", error=wrong.sentence)
    count = {"count": found.count, "days": also or _SAMPLE_DAYS}
    if found.is_capped:
        text = _("More than %(most)d tasks in the last %(days)d days.") % {**count, "most": _MOST_SHOWN}
    elif also:
        text = ngettext("It would make %(count)d task now.", "It would make %(count)d tasks now.", found.count) % count
    else:
        text = ngettext(
            "It makes no task now, only from now on. In the last %(days)d days it would have made %(count)d task.",
            "It makes no task now, only from now on. In the last %(days)d days it would have made %(count)d tasks.", found.count,
        ) % count  # fmt: skip
    return Preview(text, examples=[_example(zoned, values, plan, one) for one in found.first])


def _example(ctx: Context, values: Mapping[str, object], plan: object, one: Due) -> str:
    return subject_of(ctx, str(values.get("subject") or ""), plan, one)  # type: ignore[arg-type]


def _taken(posted: Posted, wrong: Invalid) -> str:
    """The sentence of a refusal that stands beside no control."""
    sentence = posted.take(wrong)
    if wrong.field and not posted.errors:
        posted.errors[wrong.field] = wrong.sentence
        return ""
    return sentence


def _fields(ctx: Context) -> list:  # type: ignore[type-arg]
    return [f for f in settable_fields(ctx, _type(), creating=True).values() if f.key not in (*_OWN, "kind")]


def _read(request: HttpRequest, ctx: Context) -> Posted:
    """What was posted; type and date come together as "deal.closed_on"."""
    posted = read_posted(ctx, lists_of(request), _fields(ctx), needed=True)
    on_type, _dot, moment = request.POST.get("what", "").partition(".")
    posted.values |= {"on_type": on_type, "moment": moment, "kind": request.POST.get("kind", "")}
    if not request.POST.get("also"):
        posted.values["also_days"] = 0
    for key in ("amount", "due_days", "also_days"):
        if posted.values.get(key) is None and key not in posted.errors:
            posted.values[key] = 0
    posted.values["person"] = posted.values.get("person") if posted.values.get("give_to") == "person" else None
    return posted


def _form(
    request: HttpRequest, ctx: Context, rule: FollowUpRule | None, posted: Posted, sentence: str, chosen: Preset | None = None
) -> HttpResponse:  # fmt: skip
    made = {
        one.key: replace(one, is_optional=one.is_optional and one.key in _MAY_BE_EMPTY)
        for one in controls(ctx, _fields(ctx), posted.held, posted.errors)
    }
    kinds = [(info, moments_of(ctx, info)) for info in types_with_moments(ctx)]
    on = f"{posted.values.get('on_type')}.{posted.values.get('moment')}"
    state = FollowUpState.objects.filter(workspace_id=ctx.workspace.pk, rule_id=rule.pk).first() if rule else None
    values = {
        "rule": rule, "controls": made, "whats": kinds, "what": on, "kinds": kinds_of_work(),
        "kind": posted.values.get("kind") or "",
        "shown": ",".join(f.key for f in _fields(ctx)), "errors": posted.errors, "sentence": sentence, "preset": chosen,
        "preview": foreseen(ctx, posted.values) if not posted.errors and posted.values.get("subject") else None,
        "also": bool(posted.values.get("also_days")), "placeholders": ", ".join(f"{{{one}}}" for one in PLACEHOLDERS),
        "line": line(ctx, rule, state) if rule else None, "latest": latest(ctx, rule) if rule else [],
    }  # fmt: skip
    return render(request, "settings/followup_form.html", values, status=422 if posted.errors or sentence else 200)


def latest(ctx: Context, rule: FollowUpRule) -> list[tuple[str, str]]:
    """Title and address of what the rule made last, of what this viewer may see."""
    work = registry.get(the_work().type)
    if not gate.allows(ctx, work, "view"):
        return []
    rows = FollowUpMade.objects.filter(workspace_id=ctx.workspace.pk, rule_id=rule.pk, made_id__isnull=False)
    ids = list(rows.order_by("-id").values_list("made_id", flat=True)[:_LATEST])
    seen = read_ids(ctx, work, ids, [work.declared.title])
    return [(str(seen[pk].values.get(work.declared.title) or ""), work.record_url(pk)) for pk in ids if pk in seen]
