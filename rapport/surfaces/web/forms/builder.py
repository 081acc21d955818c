"""Choosing the questions of a form: which fields, in which order, with which words, and which are required."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rapport.engines.webforms.models import WebForm
from rapport.engines.webforms.questions import askable, read_questions
from rapport.engines.webforms.registry import FILES, receiver
from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.records.registry import registry
from rapport.surfaces.web.answers import done
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.toasts import undo_mark


@dataclass(frozen=True)
class Choice:
    """A field that can be asked for; `position` 0: it is not."""

    key: str
    name: str
    label: str
    is_required: bool
    is_asked: bool
    position: int


@require_http_methods(["GET", "POST"])
def questions(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """A line per field; saving writes the questions of the form, so that it is logged and undone like any change."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    info = registry.get("web_form")
    record = gate.get(ctx, info, record_id, "edit")
    assert isinstance(record, WebForm)
    wrong = ""
    if request.method == "POST":
        try:
            written = ctx.write(record, asks=_typed(request, ctx, record.makes))
            return done(request, _("The questions are saved."), info.record_url(record.pk), undo=undo_mark(written))
        except Invalid as problem:
            wrong = problem.sentence
    values = {"info": info, "record": record, "choices": _choices(ctx, record), "wrong": wrong}
    return render(request, "forms/builder.html", values, status=422 if wrong else 200)


def _typed(request: HttpRequest, ctx: Context, makes: str) -> str:
    """The questions as lines, in the order of their numbers."""
    post, lines = request.POST, []
    keys = [*askable(ctx.as_system("questions"), makes), *([FILES] if receiver(makes).takes_files else [])]
    for at, key in enumerate(keys):
        if post.get(f"ask-{key}") != "1":
            continue
        given = post.get(f"at-{key}", "")
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 99
        label = " ".join(post.get(f"label-{key}", "").split())[:80]
        star = "*" if post.get(f"needed-{key}") == "1" else ""
        lines.append((number, at, f"{key}{star}" + (f": {label}" if label else "")))
    return "\n".join(line for _number, _at, line in sorted(lines))


def _choices(ctx: Context, record: WebForm) -> list[Choice]:
    system = ctx.as_system("questions")
    asked = {one.key: (at, one) for at, one in enumerate(read_questions(system, record.asks, record.makes), start=1)}
    found = []
    for key, field in askable(system, record.makes).items():
        at, one = asked.get(key, (0, None))
        name = capital(field.label)
        label = one.label if one and one.label != name else ""
        found.append(Choice(key, name, label, bool(one and one.is_required), one is not None, at))
    if receiver(record.makes).takes_files:
        at, one = asked.get(FILES, (0, None))
        label = one.label if one and one.label != _("Files") else ""
        found.append(Choice(FILES, _("Files"), label, False, one is not None, at))
    return sorted(found, key=lambda one: (not one.is_asked, one.position))
