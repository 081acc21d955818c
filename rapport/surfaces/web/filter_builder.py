"""Building a filter by choosing: field, operator, value. The outcome is the text form in the list's address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET

from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.kinds.base import OPS, Op
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.read import add_titles
from rapport.kernel.query.text import parse, show
from rapport.kernel.query.tree import ME, All, Any_, Has, Node, Not, Relative, Scalar, Test, Value
from rapport.kernel.query.words import RELATIVE, bare_value
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import Relation, TypeInfo, registry
from rapport.surfaces.web.filter_chips import has_parts, in_words, related_views
from rapport.surfaces.web.list_state import PARTS, ListState, read_state
from rapport.surfaces.web.posted import whole_number
from rapport.surfaces.web.shell import is_part, render

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Words for times that are offered beside a calendar: operator and value of each; {n} is a number of days.
WHEN = {
    "today": ("is", "today"), "yesterday": ("is", "today-1d"), "tomorrow": ("is", "today+1d"),
    "this_week": ("is", "this_week"), "last_week": ("is", "last_week"), "next_week": ("is", "next_week"),
    "this_month": ("is", "this_month"), "last_month": ("is", "last_month"), "next_month": ("is", "next_month"),
    "this_year": ("is", "this_year"), "last_year": ("is", "last_year"),
    "last_days": ("between", "today-{n}d today"), "next_days": ("between", "today today+{n}d"),
    "days_ago": ("<", "today-{n}d"), "in_days": (">", "today+{n}d"),
}  # fmt: skip
_WHEN_LABELS = {
    "today": _lazy("Today"), "yesterday": _lazy("Yesterday"), "tomorrow": _lazy("Tomorrow"),
    "this_week": _lazy("This week"), "last_week": _lazy("Last week"), "next_week": _lazy("Next week"),
    "this_month": _lazy("This month"), "last_month": _lazy("Last month"), "next_month": _lazy("Next month"),
    "this_year": _lazy("This year"), "last_year": _lazy("Last year"),
    "last_days": _lazy("In the last … days"), "next_days": _lazy("In the next … days"),
    "days_ago": _lazy("More than … days ago"), "in_days": _lazy("In more than … days"),
}  # fmt: skip
_HAS_OPS = {"has": Op(_lazy("has")), "has_no": Op(_lazy("has no"))}
_MOST_DAYS = 36_500


@dataclass(frozen=True)
class Draft:
    """A condition being made: about a field of the type, a field of a record it refers to, or related records."""

    fields: list[Field]
    relations: list[Relation]
    field: Field | None = None
    #: The key in the form: "amount", "stage.outcome" or "has:deals".
    key: str = ""
    label: str = ""
    relation: Relation | None = None
    op: str = ""
    ops: Mapping[str, Op] | None = None
    values: tuple[str, ...] = ()
    #: The chosen words for a time, and their number of days.
    when: str = ""
    days: str = "7"
    error: str = ""


@require_GET
def build(request: HttpRequest, type_key: str) -> HttpResponse:
    """The builder in its next step, or, with `add`, the list with the new condition."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    state = read_state(
        ctx, info, {k: v for k, v in request.GET.dict().items() if k in PARTS},
        layout="board" if request.GET.get("layout") == "board" and info.declared.board else "list",
    )
    draft = _draft(ctx, state, request)
    if "add" in request.GET and (draft.field is not None or draft.relation is not None):
        try:
            node = made(ctx, draft, request.GET)
            compile_filter(ctx, info, node)
            how = request.GET.get("how", "and")
            return _go(request, state.url(filter=with_test(state, node, request.GET.get("edit", ""), how)))
        except Invalid as wrong:
            draft = replace(draft, error=wrong.sentence)
    values = {
        "state": state,
        "info": info,
        "draft": draft,
        "control": control(ctx, draft),
        "edit": request.GET.get("edit", ""),
        "when": _WHEN_LABELS if draft.field and draft.field.kind.key in ("date", "datetime") else {},
        "related_views": related_views(draft.relation) if draft.relation else [],
        "joinable": [(at, in_words(ctx, info, node)) for at, node in enumerate(state.tests)],
        "focus": request.GET.get("part", ""),
    }
    return render(request, "list/builder.html" if is_part(request) else "list/builder_page.html", values)


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if is_part(request):
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)


def _draft(ctx: Context, state: ListState, request: HttpRequest) -> Draft:
    """What has been chosen so far; with `edit`, the condition at that position."""
    every = gate.fields(ctx, state.info)
    fields = [f for f in every.values() if f.kind.operators and f.source != "computed"]
    every_relation = state.info.relations.values()
    relations = [r for r in every_relation if r.field in gate.fields(ctx, r.type) and gate.allows(ctx, r.type, "view")]
    start = Draft(fields, relations)
    key, op, values = request.GET.get("field", ""), request.GET.get("op", ""), ()
    at = whole_number(request.GET.get("edit", ""))
    if not key and at is not None and at < len(state.tests):
        key, op, values = _parts_of(state.tests[at])
    if key.startswith("has:"):
        relation = next((r for r in relations if r.key == key[4:]), None)
        if relation is None:
            return start
        return replace(start, key=key, label=str(relation.label), relation=relation, ops=_HAS_OPS,
                       op=op if op in _HAS_OPS else "has", values=values)  # fmt: skip
    field, label = _field_at(ctx, state.info, key)
    if field is None or not field.kind.operators or field.source == "computed":
        return start
    ops = {name: OPS[name] for name in field.kind.operators}
    when, days = _when_of(op, values)
    values = () if when else values
    return replace(start, field=field, key=key, label=label, op=op if op in ops else next(iter(ops)), ops=ops, values=values,
                   when=request.GET.get("when", when), days=request.GET.get("days", days))  # fmt: skip


def _parts_of(node: Node) -> tuple[str, str, tuple[str, ...]]:
    """A condition as key, operator and values of the form; an empty key for what the form cannot say."""
    related = has_parts(node)
    if related:
        has, is_no = related
        return f"has:{has.path[0]}", "has_no" if is_no else "has", () if has.where is None else (show(has.where),)
    if not isinstance(node, Test) or len(node.path) > 2:
        return "", "", ()
    items = node.value if isinstance(node.value, tuple) else (node.value,)
    return ".".join(node.path), node.op, tuple("me" if item is ME else str(item) for item in items if item is not None)


def _when_of(op: str, values: tuple[str, ...]) -> tuple[str, str]:
    """The words for a time that operator and values say, with their number of days."""
    said = " ".join(values)
    for word, (its_op, pattern) in WHEN.items():
        found = re.fullmatch(re.escape(pattern).replace(re.escape("{n}"), "([0-9]+)"), said)
        if its_op == op and found:
            return word, found[1] if found.groups() else "7"
    return "", "7"


def _field_at(ctx: Context, info: TypeInfo, key: str) -> tuple[Field | None, str]:
    """The field of a key, through a reference if need be, and what it is called."""
    first, _dot, second = key.partition(".")
    field = gate.fields(ctx, info).get(first)
    if field is None or not second:
        return field, str(field.label) if field else ""
    inner = gate.fields(ctx, registry.get(field.to)).get(second) if field.to in registry else None
    return inner, f"{field.label} · {inner.label}" if inner else ""


def control(ctx: Context, draft: Draft) -> SafeString:
    """The input for the value: the kind's own control; nothing for "is empty"."""
    if draft.field is None or draft.ops is None or not draft.ops[draft.op].takes:
        return SafeString("")
    # A date may be left empty in favour of a word such as "30 days ago".
    field = replace(draft.field, required=draft.field.kind.key not in ("date", "datetime"))
    takes = draft.ops[draft.op].takes
    if takes == 1 and not field.kind.many:
        shown: object = draft.values[0] if draft.values else None
        ident = as_id(shown) if field.to in registry else None
        if ident is not None:
            add_titles(ctx, registry.get(field.to), {ident})
        return field.kind.widget(field, shown, ctx.format, name="value")
    return field.kind.input_html(field, ", ".join(draft.values), name="value", attrs='autocomplete="off"')


def made(ctx: Context, draft: Draft, given: Mapping[str, str]) -> Node:
    """The condition that was chosen. Raises Invalid without a value."""
    if draft.relation is not None:
        where = given.get("which", "")
        has = Has((draft.relation.key,), parse(where) if where else None)
        return Not(has) if draft.op == "has_no" else has
    assert draft.field is not None and draft.ops is not None
    path, takes = tuple(draft.key.split(".")), draft.ops[draft.op].takes
    if given.get("when", "") in WHEN:
        return _in_time(path, given["when"], given.get("days", ""))
    if not takes:
        return Test(path, draft.op)
    posted: Sequence[str] = given.getlist("value") if hasattr(given, "getlist") else [given.get("value", "")]
    texts = [text.strip() for text in posted if text.strip()]
    typed = given.get("value__text", "").strip()
    if typed and (not texts or typed != given.get("value__was", "").strip()):
        texts = [typed]
    value: Value
    if takes == "many" or takes == 2:
        value = tuple(_scalar(draft.field, part.strip()) for text in texts for part in text.split(",") if part.strip())
        if not value or (takes == 2 and len(value) != 2):
            raise Invalid(
                _("Give two values with a comma between.") if takes == 2 else _("Give at least one value."),
                field="value",
            )
    else:
        if not texts:
            raise Invalid(_("Give a value to compare with, or choose “is empty”."), field="value")
        value = _scalar(draft.field, texts[-1])
    return Test(path, draft.op, value)


def _in_time(path: tuple[str, ...], when: str, days: str) -> Node:
    """The condition that words for a time stand for."""
    op, pattern = WHEN[when]
    number = whole_number(days.strip())
    if "{n}" in pattern and (number is None or not 0 < number <= _MOST_DAYS):
        raise Invalid(_("Give a number of days, such as 30."), field="days")
    values = tuple(Relative.parse(word.replace("{n}", str(number))) for word in pattern.split())
    return Test(path, op, values if len(values) == 2 else values[0])


def _scalar(field: Field, text: str) -> Scalar:
    if field.to == "user" and text.casefold() == "me":
        return ME
    if field.kind.key in ("date", "datetime") and RELATIVE.fullmatch(text):
        return Relative.parse(text)
    if field.kind.key in ("yesno", "number", "percent"):
        return bare_value(text)
    return text


def with_test(state: ListState, node: Node, edit: str, how: str = "and") -> str:
    """The filter text with the condition added, in the place of the one being edited, or as another way to meet the
    condition at a position (`how` is "or:2")."""
    tests = list(state.tests)
    at, beside = whole_number(edit), whole_number(how.removeprefix("or:"))
    if at is not None and at < len(tests):
        tests[at] = node
    elif how.startswith("or:") and beside is not None and beside < len(tests):
        one = tests[beside]
        tests[beside] = Any_((*(one.items if isinstance(one, Any_) else (one,)), node))
    else:
        tests.append(node)
    text = show(tests[0] if len(tests) == 1 and not isinstance(tests[0], All) else All(tuple(tests)))
    parse(text)
    return text
