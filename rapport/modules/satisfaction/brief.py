"""What a customer said of us last: before one calls, in their health, and as a card with its course on their page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.kernel.slots.briefing import BriefLine, HealthPart
from rapport.modules.customers.models import Customer
from rapport.modules.satisfaction.models import SurveyAnswer
from rapport.modules.satisfaction.scales import SCALES

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: Ratings read for one page, and points of a course.
_MOST, _POINTS = 60, 12
_LATELY = dt.timedelta(days=90)
_SHORT = {"csat": "CSAT", "nps": "NPS", "ces": "CES"}
_WORDS = 90
#: The course is drawn in a box of this size, with a margin for the dots.
_WIDTH, _HEIGHT, _EDGE = 132, 30, 4


@dataclass(frozen=True)
class Course:
    """The last ratings on one scale: the newest in words, all of them as a line."""

    name: str
    last: str
    when: str
    url: str
    hue: str
    #: The line as an SVG has it, its dots as (x, y), and the same as a sentence.
    line: str
    dots: list[tuple[str, str]]
    sentence: str
    width: int = _WIDTH
    height: int = _HEIGHT


def ratings_of(ctx: Context, record: Record) -> list[SurveyAnswer] | None:
    """The last ratings of a customer, the newest first; None without the right to see any. Remembered: three slots ask."""
    info = registry.get("survey_answer")
    if not isinstance(record, Customer) or not gate.allows(ctx, info, "view"):
        return None
    mark = ("ratings of", record.pk)
    if mark not in ctx.memory:
        whose = {"person_id": record.pk} if record.kind == "person" else {"customer_id": record.pk}
        rows = gate.visible(ctx, info).filter(answered_at__isnull=False, **whose).order_by("-answered_at", "-pk")
        ctx.memory[mark] = list(rows[:_MOST])
    return ctx.memory[mark]  # type: ignore[return-value]


def _of(one: SurveyAnswer) -> str:
    return _("%(score)s of %(of)s") % {"score": one.score, "of": SCALES[one.kind].last}


def _day(ctx: Context, one: SurveyAnswer) -> str:
    assert one.answered_at is not None
    return shown_as.date(one.answered_at.astimezone(ctx.format.zone).date(), ctx.format)


@slot("record.brief", type_key="customer", order=55)
def last_rating(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The last rating, with what they wrote."""
    assert record is not None
    found = ratings_of(ctx, record)
    if not found:
        return None
    one = found[0]
    words = " ".join(one.comment.split())
    short = words if len(words) <= _WORDS else words[: _WORDS - 1].rstrip() + "…"
    detail = " · ".join(filter(None, (_day(ctx, one), short)))
    text = f"{_SHORT[one.kind]} {_of(one)}"
    url = registry.get("survey_answer").record_url(one.pk)
    line = BriefLine("star", _("Rating"), text, url=url, hue="bad" if one.is_low else "", detail=detail)
    return Panel("", "", {"lines": [line]})


@slot("record.health", type_key="customer", order=40)
def low_lately(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """A low score within 90 days weighs; a good last one counts a little."""
    assert record is not None
    found = ratings_of(ctx, record)
    if found is None:
        return Panel("", "", {"is_hidden": True})
    lately = [one for one in found if one.answered_at is not None and ctx.format.now - one.answered_at <= _LATELY]
    low = next((one for one in lately if one.is_low), None)
    if low is not None:
        return Panel("", "", {"parts": [HealthPart(-15, _("Rated %(score)s lately") % {"score": _of(low)})]})
    if lately:
        return Panel("", "", {"parts": [HealthPart(5, _("Rated %(score)s lately") % {"score": _of(lately[0])})]})
    return None


@slot("record.aside", type_key="customer", order=45)
def courses(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The last score on each scale, and how it went."""
    assert record is not None
    found = ratings_of(ctx, record)
    if not found:
        return None
    by_kind: dict[str, list[SurveyAnswer]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(one)
    rows = [_course(ctx, kind, by_kind[kind][:_POINTS]) for kind in SCALES if kind in by_kind]
    key = "person" if getattr(record, "kind", "") == "person" else "customer"
    url = f"{registry.get('survey_answer').url}?filter={key}+is+{record.pk}"
    return Panel(_("Ratings"), "satisfaction/courses.html", {"courses": rows}, count=str(len(found)), url=url)


def _course(ctx: Context, kind: str, newest_first: list[SurveyAnswer]) -> Course:
    last, old = newest_first[0], newest_first[::-1]
    scale = SCALES[kind]
    step = (_WIDTH - 2 * _EDGE) / max(1, len(old) - 1)
    high = _HEIGHT - 2 * _EDGE
    dots = [
        (f"{_EDGE + at * step:.1f}", f"{_EDGE + high * (scale.last - (one.score or 0)) / (scale.last - scale.first):.1f}")
        for at, one in enumerate(old)
    ]  # fmt: skip
    scores = ", ".join(str(one.score) for one in old)
    sentence = _("%(scale)s from the oldest to the newest: %(scores)s") % {"scale": _SHORT[kind], "scores": scores}
    return Course(
        _SHORT[kind], _of(last), _day(ctx, last), registry.get("survey_answer").record_url(last.pk), "bad" if last.is_low else "",
        " ".join(f"{x},{y}" for x, y in dots), dots, sentence,
    )  # fmt: skip
