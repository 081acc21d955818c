"""What surveys and ratings mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.errors import Invalid
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse
from rapport.kernel.records.declare import RecordType, Related, Section, Timeline, Use
from rapport.kernel.records.registry import record_type, registry
from rapport.modules.customers.models import Affiliation
from rapport.modules.satisfaction.following import follow_up_low
from rapport.modules.satisfaction.models import Survey, SurveyAnswer
from rapport.modules.satisfaction.scales import SCALES, low_up_to, wordings
from rapport.modules.service.models import Ticket

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_LONGEST_QUESTION = 300


def check_survey(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A scale is kept once somebody was asked; what is low lies on it; whom it asks can be found."""
    survey = cast("Survey | None", record)

    def wanted(key: str) -> object:
        return values[key] if key in values else getattr(survey, key) if survey else Survey._meta.get_field(key).get_default()

    scale = SCALES[str(wanted("kind"))]
    low = cast("int | None", wanted("low"))
    if low is not None and not scale.first <= low < scale.last:
        sentence = _t("On this scale a low score is from %(first)d to %(last)d.") % {"first": scale.first, "last": scale.last - 1}
        raise Invalid(sentence, field="low")
    if survey is not None and values.get("kind", survey.kind) != survey.kind and _was_asked(ctx, survey):
        raise Invalid(_t("People were asked on this scale already; make a new survey for another."), field="kind")
    if (wanted("asks") == "help") != (wanted("kind") == "help"):
        raise Invalid(_t("After articles the scale is yes or no, and it is for nothing else."), field="kind")
    if wanted("asks") == "regular" and not wanted("every_months"):
        raise Invalid(_t("Say how many months lie between two questions; 1 is the least."), field="every_months")
    person = values.get("follow_up_person", survey.follow_up_person_id if survey else None)
    if wanted("follow_up_for") == "person" and person is None:
        raise Invalid(_t("Choose the person who gets the task."), field="follow_up_person")
    _check_texts(ctx, values)
    if values.get("is_active") and not (survey is not None and survey.is_active):
        values["active_from"] = ctx.format.now


def _was_asked(ctx: Context, survey: Survey) -> bool:
    return SurveyAnswer.objects.filter(workspace_id=ctx.workspace.pk, survey_id=survey.pk).exists()


def _check_texts(ctx: Context, values: dict[str, object]) -> None:
    """The filter can be asked, and every line of the wordings names a language."""
    if values.get("customers"):
        try:
            compile_filter(ctx, registry.get("customer"), parse(str(values["customers"])))
        except Invalid as wrong:
            raise Invalid(wrong.sentence, field="customers") from wrong
    for line in filter(None, (one.strip() for one in str(values.get("wordings") or "").splitlines())):
        code, words = next(iter(wordings(line).items()), ("", ""))
        if not (2 <= len(code) <= 10 and code.replace("-", "").isalpha() and len(words) <= _LONGEST_QUESTION):
            sentence = _t("Write each language on a line of its own, with its code before a colon: de: Wie zufrieden sind Sie?")
            raise Invalid(sentence, field="wordings")


def check_answer(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A score lies on its scale; what follows from survey and ticket is filled in, and the headline is kept right."""
    answer = cast("SurveyAnswer | None", record)
    pk = values.get("survey", answer.survey_id if answer else None)
    survey = _kept(ctx, Survey, pk)
    if survey is None:
        return
    score = cast("int | None", values.get("score", answer.score if answer else None))
    scale = SCALES[survey.kind]
    if score is not None and not scale.first <= score <= scale.last:
        sentence = _t("The score is a whole number from %(first)d to %(last)d.") % {"first": scale.first, "last": scale.last}
        raise Invalid(sentence, field="score")
    values["kind"], values["is_low"] = survey.kind, score is not None and score <= low_up_to(survey)
    values["headline"] = f"{'–' if score is None else score}/{scale.last} · {survey.name}"[:150]
    if answer is None:
        _fill(ctx, values)
    if score is not None and not (values.get("answered_at") or (answer and answer.answered_at)):
        values["answered_at"] = ctx.format.now


def _fill(ctx: Context, values: dict[str, object]) -> None:
    """A new rating of a ticket belongs to its people, owner and queue; it was asked for now, unless somebody says when."""
    ticket = _kept(ctx, Ticket, values.get("ticket"))
    if isinstance(ticket, Ticket):
        values["queue"] = ticket.queue_id
        for key, mine in (("customer", ticket.customer_id), ("person", ticket.person_id), ("owner", ticket.owner_id)):
            if mine is not None:
                values.setdefault(key, mine)
        if values.get("owner") == ticket.owner_id and ticket.team_id is not None:
            values.setdefault("team", ticket.team_id)
    if values.get("person") is not None and values.get("customer") is None:
        values["customer"] = employer_of(ctx, cast(UUID, values["person"])) or values["person"]
    values.setdefault("asked_at", values.get("answered_at") or ctx.format.now)


def employer_of(ctx: Context, person_id: UUID) -> UUID | None:
    """The company that a person mainly works for: what they say of us stands there too."""
    rows = Affiliation.objects.filter(workspace_id=ctx.workspace.pk, person_id=person_id, is_primary=True, deleted_at=None)
    there = rows.filter(Q(until_on=None) | Q(until_on__gte=ctx.format.today), company__deleted_at=None)
    return there.order_by("pk").values_list("company_id", flat=True).first()


def _kept(ctx: Context, model: type[Record], pk: object) -> Record | None:
    """A row that a rating refers to, remembered for the context: many of one ticket or survey are written at once."""
    if pk is None:
        return None
    mark = ("rating refers to", model, pk)
    if mark not in ctx.memory:
        ctx.memory[mark] = model.objects.filter(workspace_id=ctx.workspace.pk, pk=pk).first()
    return cast("Record | None", ctx.memory[mark])


@record_type
class SurveyType(RecordType):
    """One question with a scale, and when whom is asked."""

    model, key, title = Survey, "survey", "name"
    uses = {"external_id": Use(hidden=True), "owner": Use(default="me"), "active_from": Use(readonly=True)}
    list_columns = ["name", "kind", "asks", "is_active", "queue", "follow_up_for", "updated_at"]
    page = [
        Section(_("Survey"), "kind", "question", "wordings", "is_active", "active_from"),
        Section(_("When it asks"), "asks", "queue", "wait_hours", "wait_days", "every_months", "customers"),
        Section(_("After a low score"), "low", "follow_up_for", "follow_up_person", "follow_up_days"),
        Section(_("More"), "owner", "team"),
        Related("survey_answer", "survey", ["headline", "customer", "person", "score", "answered_at"]),
    ]
    grants = {
        "management": "*:all", "sales": "view:all", "marketing": "view:all", "support": "view:all", "back_office": "view:all",
    }  # fmt: skip
    menu = ("settings", "star")
    checks = (check_survey,)


@record_type
class SurveyAnswerType(RecordType):
    """That somebody was asked, and what they answered."""

    model, key, title = SurveyAnswer, "survey_answer", "headline"
    search = ["comment"]
    uses = {
        "external_id": Use(hidden=True), "headline": Use(readonly=True), "kind": Use(readonly=True),
        "survey": Use(keeps=True), "queue": Use(readonly=True, keeps=True), "is_low": Use(readonly=True),
        "follow_up": Use(readonly=True), "person": Use(only="kind is person"),
        "score": Use(by_action="correct", on_create=True), "comment": Use(by_action="correct", on_create=True),
        "channel": Use(by_action="correct", on_create=True), "asked_at": Use(by_action="correct", on_create=True),
        "answered_at": Use(by_action="correct", on_create=True),
    }  # fmt: skip
    list_columns = ["headline", "customer", "person", "comment", "owner", "team", "queue", "channel", "answered_at", "asked_at"]
    page = [
        Section(_("Rating"), "survey", "score", "comment", "answered_at", "channel", "follow_up"),
        Section(_("Asked"), "customer", "person", "ticket", "queue", "asked_at", "owner", "team"),
    ]
    views = {
        _("Ratings"): "answered_at is not empty | -answered_at",
        _("Low ratings"): "is_low is yes | -answered_at",
        _("Asked, not answered"): "answered_at is empty | -asked_at",
    }
    grants = {
        "management": "*:all",
        "support": "*:all",
        "sales": "view:team create edit:own correct:own",
        "back_office": "view:all create edit:own correct:own",
        "marketing": "view:all",
    }
    menu = ("service", "star")
    timeline = Timeline(at="answered_at", on=["customer", "person"], icon="star")
    checks = (check_answer,)
    effects = (follow_up_low,)
