"""Building a filter by choosing: field, operator, value. The outcome is the text form in the list's address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.kinds.base import OPS, Op
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.read import add_titles
from rapport.kernel.query.text import parse, show
from rapport.kernel.query.tree import ME, All, Node, Relative, Scalar, Test, Value
from rapport.kernel.query.words import RELATIVE, bare_value
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.list_state import ListState, read_state
from rapport.surfaces.web.posted import whole_number
from rapport.surfaces.web.shell import is_part, render

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Words for times that are offered beside a calendar.
_WHEN = ["today", "today-7d", "today-30d", "today-90d", "today+7d", "today+30d"]


@dataclass(frozen=True)
class Draft:
    """A condition being made."""

    fields: list[Field]
    field: Field | None = None
    op: str = ""
    ops: Mapping[str, Op] | None = None
    values: tuple[str, ...] = ()
    error: str = ""


@require_GET
def build(request: HttpRequest, type_key: str) -> HttpResponse:
    """The builder in its next step, or, with `add`, the list with the new condition."""
    ctx, info = request.ctx, registry.get(type_key)  # type: ignore[attr-defined]
    gate.demand(ctx, info, "view")
    state = read_state(
        ctx, info, {k: v for k, v in request.GET.dict().items() if k in ("view", "filter", "sort", "columns")}
    )
    draft = _draft(ctx, state, request)
    if "add" in request.GET and draft.field is not None:
        try:
            node = made(ctx, draft, request.GET)
            compile_filter(ctx, info, node)
            return _go(request, state.url(filter=with_test(state, node, request.GET.get("edit", ""))))
        except Invalid as wrong:
            draft = replace(draft, error=wrong.sentence)
    values = {
        "state": state,
        "info": info,
        "draft": draft,
        "control": control(ctx, draft),
        "edit": request.GET.get("edit", ""),
        "when": _WHEN if draft.field and draft.field.kind.key in ("date", "datetime") else [],
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
    fields = [f for f in gate.fields(ctx, state.info).values() if f.kind.operators and f.source != "computed"]
    key, op = request.GET.get("field", ""), request.GET.get("op", "")
    values: tuple[str, ...] = ()
    at = whole_number(request.GET.get("edit", ""))
    if not key and at is not None and at < len(state.tests):
        node = state.tests[at]
        if isinstance(node, Test) and len(node.path) == 1:
            key, op = node.path[0], node.op
            items = node.value if isinstance(node.value, tuple) else (node.value,)
            values = tuple("me" if item is ME else str(item) for item in items if item is not None)
    field = next((f for f in fields if f.key == key), None)
    if field is None:
        return Draft(fields)
    ops = {name: OPS[name] for name in field.kind.operators}
    return Draft(fields, field, op if op in ops else next(iter(ops)), ops, values)


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
    assert draft.field is not None and draft.ops is not None
    takes = draft.ops[draft.op].takes
    if not takes:
        return Test((draft.field.key,), draft.op)
    posted: Sequence[str] = given.getlist("value") if hasattr(given, "getlist") else [given.get("value", "")]
    texts = [text.strip() for text in posted if text.strip()]
    typed = given.get("value__text", "").strip()
    if typed and (not texts or typed != given.get("value__was", "").strip()):
        texts = [typed]
    if given.get("when", "") in _WHEN:
        texts = [given["when"]]
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
    return Test((draft.field.key,), draft.op, value)


def _scalar(field: Field, text: str) -> Scalar:
    if field.to == "user" and text.casefold() == "me":
        return ME
    if field.kind.key in ("date", "datetime") and RELATIVE.fullmatch(text):
        return Relative.parse(text)
    if field.kind.key in ("yesno", "number", "percent"):
        return bare_value(text)
    return text


def with_test(state: ListState, node: Node, edit: str) -> str:
    """The filter text with the condition added, or put in the place of the one being edited."""
    tests = list(state.tests)
    at = whole_number(edit)
    if at is not None and at < len(tests):
        tests[at] = node
    else:
        tests.append(node)
    text = show(tests[0] if len(tests) == 1 else All(tuple(tests)))
    parse(text)
    return text
