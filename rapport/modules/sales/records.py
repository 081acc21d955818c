"""What leads and deals mean: columns, boards, rights, and the rules a deal keeps by itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.money import MoneyKind
from rapport.kernel.money import Money
from rapport.kernel.records.declare import Board, Computed, RecordType, Related, Section, Timeline, Use
from rapport.kernel.records.registry import record_type, registry
from rapport.modules.sales.models import Deal, DealPerson, Lead, Pipeline, Stage, Target
from rapport.modules.sales.periods import first_day

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_SETTINGS = {
    "management": "*:all", "sales": "view:all", "marketing": "view:all", "support": "view:all", "back_office": "view:all",
}  # fmt: skip


def check_deal(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A deal follows its stage: pipeline, day of closing, time of moving, and the fields the stage needs."""
    stage_id = values.get("stage") or (record.stage_id if record else None)  # type: ignore[attr-defined]
    if stage_id is None or (record is not None and "stage" not in values):
        return
    stages = ctx.memory.setdefault("stages", {})
    assert isinstance(stages, dict)
    stage = stages.get(stage_id)
    if stage is None:
        stage = stages[stage_id] = Stage.objects.get(pk=stage_id)
    values["pipeline"] = stage.pipeline_id
    if record is not None or not values.get("moved_at"):
        values["moved_at"] = ctx.format.now
    if stage.outcome == "open":
        values["closed_on"] = None
    elif not values.get("closed_on"):
        values["closed_on"] = ctx.format.today
    _demand_needed(record, values, stage)


def _demand_needed(record: Record | None, values: dict[str, object], stage: Stage) -> None:
    fields = registry.get("deal").fields
    for key in (part.strip() for part in stage.needed.split(",")):
        if key not in fields:
            continue
        value = values.get(key, getattr(record, fields[key].path, None) if record else None)
        if fields[key].kind.blank(value):
            raise Invalid(
                _t("To enter “%(stage)s” a deal needs: %(field)s.") % {"stage": stage.name, "field": fields[key].label},
                code="needed", field=key,
            )  # fmt: skip


@record_type
class PipelineType(RecordType):
    """A way a deal goes, in stages."""

    model, key, title = Pipeline, "pipeline", "name"
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True)}
    list_columns = ["name", "position"]
    page = [Section(_("Pipeline"), "name", "position"), Related("stage", "pipeline", ["name", "outcome", "probability"])]
    grants = _SETTINGS
    menu = ("settings", "git-branch")


@record_type
class StageType(RecordType):
    """A step of a pipeline."""

    model, key, title = Stage, "stage", "name"
    uses = {
        "owner": Use(hidden=True), "team": Use(hidden=True), "pipeline": Use(keeps=True),
        "outcome": Use(hues={"open": "acc", "won": "ok", "lost": "bad"}),
    }  # fmt: skip
    list_columns = ["name", "pipeline", "position", "outcome", "probability", "quiet_days"]
    page = [Section(_("Stage"), "pipeline", "name", "position", "outcome", "probability", "quiet_days", "needed")]
    grants = _SETTINGS
    menu = ("settings", "list-ordered")


@record_type
class LeadType(RecordType):
    """An interest that came in, not yet qualified."""

    model, key, title = Lead, "lead", "name"
    search = ["name", "company", "emails", "phones", "interest"]
    uses = {
        "state": Use(by_action=("work", "convert", "drop", "reopen"), on_create=True,
                     hues={"new": "info", "working": "acc", "converted": "ok", "dropped": "grey"}),
        "worth": Use(see="sales.amounts", total="sum"),
        "raw": Use(by_action="convert", on_create=True),
        "person": Use(by_action="convert"), "customer": Use(by_action="convert"), "deal": Use(by_action="convert"),
        "partner": Use(only="kind is company"),
        "converted_at": Use(by_action="convert"), "dropped_reason": Use(by_action=("drop", "reopen")),
        "next_step": Use(readonly=True), "next_step_on": Use(readonly=True), "owner": Use(default="me"),
    }  # fmt: skip
    list_columns = ["name", "company", "interest", "source", "state", "worth", "owner", "next_step", "next_step_on", "created_at"]
    page = [
        Section(_("Lead"), "state", "interest", "company", "job_title", "source", "partner", "worth", "owner", "team"),
        Section(_("Contact"), "emails", "phones"),
        Section(_("More"), "note", "tags", "raw", "person", "customer", "deal", "converted_at", "dropped_reason"),
    ]
    views = {
        _("Open leads"): "state is any of (new, working) | -created_at",
        _("My leads"): "owner is me and state is any of (new, working) | -created_at",
        _("Without a next step"): "state is any of (new, working) and next_step_on is empty | -created_at",
        _("Converted"): "state is converted | -created_at",
        _("Dropped"): "state is dropped | -created_at",
    }
    grants = {
        "management": "*:all +sales.amounts",
        "sales": "view:team create edit:team delete:own work:team convert:team drop:team reopen:team export:team import:own "
                 "+sales.amounts",
        "marketing": "view:all create edit:own import:own ~sales.amounts",
        "external": "view:own create",
    }  # fmt: skip
    menu = ("sales", "magnet")
    timeline = Timeline(at="created_at", on=["customer", "person", "deal"], icon="magnet")


@record_type
class DealType(RecordType):
    """An expected sale, moved through a pipeline until it is won or lost."""

    model, key, title = Deal, "deal", "name"
    search = ["name", "external_id"]
    uses = {
        "stage": Use(by_action=("move", "win", "lose", "reopen"), on_create=True, keeps=True),
        "pipeline": Use(readonly=True),
        "reason": Use(by_action=("win", "lose", "reopen"), on_create=True),
        "closed_on": Use(by_action=("move", "win", "lose", "reopen"), on_create=True),
        "moved_at": Use(readonly=True),
        "amount": Use(see="sales.amounts", total="sum"),
        "weighted": Computed(MoneyKind, _("weighted amount"), F("amount_base") * F("stage__probability") / 100, total="sum"),
        "next_step": Use(readonly=True), "next_step_on": Use(readonly=True), "owner": Use(default="me"),
        "opened_on": Use(default="today"),
    }  # fmt: skip
    list_columns = ["name", "customer", "stage", "amount", "close_on", "owner", "next_step", "next_step_on"]
    board = Board(by="stage", card=["name", "amount", "customer", "next_step", "next_step_on", "owner", "moved_at"],
                  within="pipeline", sort="close_on")  # fmt: skip
    page = [
        Section(_("Deal"), "customer", "stage", "amount", "weighted", "close_on", "owner", "team"),
        Section(_("More"), "source", "opened_on", "moved_at", "closed_on", "reason", "tags", "note", "external_id"),
        Related("deal_person", "deal", ["person", "part"], _("People")),
        Related("lead", "deal", ["name", "source", "created_at"], _("Came from")),
    ]
    views = {
        _("Open deals"): "stage.outcome is open | close_on",
        _("My open deals"): "owner is me and stage.outcome is open | close_on",
        _("Without a next step"): "stage.outcome is open and next_step_on is empty | close_on",
        _("Won"): "stage.outcome is won | -closed_on",
        _("Lost"): "stage.outcome is lost | -closed_on",
    }
    grants = {
        "management": "*:all +sales.amounts",
        "sales": "view:team create edit:team delete:own move:team win:team lose:team reopen:team export:team import:own "
                 "+sales.amounts",
        "marketing": "view:all",
        "support": "view:all",
        "back_office": "view:all ~sales.amounts",
        "external": "view:own",
    }  # fmt: skip
    menu = ("sales", "handshake")
    timeline = Timeline(at="created_at", on=["customer"], icon="handshake")
    checks = (check_deal,)


@record_type
class DealPersonType(RecordType):
    """A person with a part in a deal."""

    model, key, title = DealPerson, "deal_person", "part"
    uses = {
        "person": Use(only="kind is person"),
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True),
    }  # fmt: skip
    list_columns = ["deal", "person", "part"]
    page = [Section(_("Person in a deal"), "deal", "person", "part")]
    under = "deal"


def check_target(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A target is for one person (oneself, if nobody is named) or one team, says how much, and belongs to whom it is for."""

    def wanted(key: str, column: str = "") -> object:
        return values[key] if key in values else getattr(record, column or key, None)

    person, team = wanted("person", "person_id"), wanted("for_team", "for_team_id")
    if record is None and team is None and (values.get("owner") or person is None):
        # Whose it is decides (only the system says so), and nobody named means oneself.
        person = values["person"] = values.get("owner") or ctx.viewer.user_id
    if (person is None) == (team is None):
        raise Invalid(_t("A target is for one person or one team: fill in exactly one of the two."), field="person")
    values["owner"], values["team"] = person, team if team is not None else ctx.team_of(person)
    measure = wanted("measure") or "amount"
    amount = values["amount"] if "amount" in values else getattr(record, "amount", None)
    if measure == "count" and not wanted("deals"):
        raise Invalid(_t("Say how many deals are to be won."), field="deals")
    if measure == "amount" and amount is None:
        raise Invalid(_t("Say how much is to be won."), field="amount")
    if isinstance(amount, Money) and (amount.currency != ctx.workspace.currency or amount.minor <= 0):
        raise Invalid(
            _t("A target is a positive amount in the currency of the workspace, %(currency)s.")
            % {"currency": ctx.workspace.currency}, field="amount",
        )  # fmt: skip
    starts = wanted("starts_on")
    if isinstance(starts, dt.date):
        values["starts_on"] = first_day(str(wanted("period") or "month"), starts)


@record_type
class TargetType(RecordType):
    """What a person or a team is to win in a month, quarter or year."""

    model, key, title = Target, "target", "name"
    search = ["name"]
    uses = {
        "owner": Use(readonly=True), "team": Use(readonly=True), "external_id": Use(hidden=True),
        "amount": Use(see="sales.amounts"), "starts_on": Use(default="today"),
    }  # fmt: skip
    list_columns = ["name", "person", "for_team", "period", "starts_on", "measure", "amount", "deals"]
    page = [Section(_("Target"), "name", "person", "for_team", "period", "starts_on", "measure", "amount", "deals")]
    views = {_("All targets"): "| -starts_on"}
    grants = {"management": "*:all", "sales": "view:team"}
    menu = ("settings", "target")
    checks = (check_target,)
