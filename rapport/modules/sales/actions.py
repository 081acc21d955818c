"""What one does with leads and deals: work, convert, drop; move, win, lose, open again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.timeline.indexing import carry_story
from rapport.kernel.access import gate
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.money import MoneyKind
from rapport.kernel.kinds.reference import ReferenceKind
from rapport.kernel.kinds.text import TextKind
from rapport.kernel.kinds.yesno import YesNoKind
from rapport.kernel.records.registry import registry
from rapport.modules.customers.models import Customer
from rapport.modules.sales.models import Deal, Lead, Stage
from rapport.modules.sales.records import DealType, LeadType

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.money import Money


@action(LeadType, _("Take up"), when="state is new", icon="play")
def work(ctx: Context, lead: Lead) -> None:
    """Start working on a lead."""
    ctx.write(lead, state="working")


@action(LeadType, _("Drop"), when="state is any of (new, working)", icon="circle-x", danger=True)
def drop(ctx: Context, lead: Lead, *, reason: str = Input(TextKind, _("reason"))) -> None:
    """Close a lead that leads nowhere, and keep why."""
    ctx.write(lead, state="dropped", dropped_reason=reason)


@action(LeadType, _("Open again"), when="state is dropped", icon="undo-2")
def reopen(ctx: Context, lead: Lead) -> None:
    """Take a dropped lead up again."""
    ctx.write(lead, state="working", dropped_reason=None)


@action(LeadType, _("Convert"), when="state is any of (new, working)", icon="arrow-right-left", primary=True, bulk=False)
def convert(
    ctx: Context,
    lead: Lead,
    *,
    person: UUID | None = Input(ReferenceKind, _("existing person"), required=False, to="customer", only="kind is person"),
    create_person: bool = Input(YesNoKind, _("create the person"), required=False, default=True),
    company: UUID | None = Input(ReferenceKind, _("existing company"), required=False, to="customer", only="kind is company"),
    create_company: bool = Input(YesNoKind, _("create the company"), required=False, default=True),
    deal: UUID | None = Input(ReferenceKind, _("existing deal"), required=False, to="deal"),
    create_deal: bool = Input(YesNoKind, _("create a deal"), required=False, default=True),
    deal_name: str | None = Input(TextKind, _("name of the deal"), required=False),
    amount: Money | None = Input(MoneyKind, _("amount"), required=False),
) -> Customer | Deal:
    """Make a lead a person, a company and a deal: link what exists, create the rest, lose nothing."""
    company_id = company or (_new_company(ctx, lead).pk if create_company and lead.company else None)
    person_id = person or (_new_person(ctx, lead).pk if create_person else None)
    if company_id is None and person_id is None:
        raise Invalid(_t("Choose or create a person or a company; a lead must become somebody."), field="person")
    if company_id and person_id:
        _affiliate(ctx, person_id, company_id, lead)
    customer_id = company_id or person_id
    deal_id = deal
    if deal_id is None and create_deal:
        given = {"amount": amount} if amount is not None else {}
        made = ctx.create(
            "deal", name=deal_name or lead.interest or lead.name, customer=customer_id, stage=first_stage().pk,
            source=lead.source or None, owner=lead.owner_id, **given,
        )  # fmt: skip
        deal_id = made.pk
        worth = registry.get("lead").fields["worth"].kind.load(lead.worth, lead.worth_currency)
        if amount is None and worth is not None:
            # Carried over by the system: whoever converts may lack the right to see amounts, and nothing gets lost.
            ctx.as_system("convert").write(made, amount=worth)
    if deal_id and person_id:
        ctx.create("deal_person", deal=deal_id, person=person_id)
    _keep_raw(ctx, lead)
    ctx.write(
        lead, state="converted", person=person_id, customer=customer_id, deal=deal_id, converted_at=ctx.format.now
    )
    carry_story(ctx, lead.pk, [pk for pk in {person_id, customer_id, deal_id} if pk])
    _carry_tasks(ctx, lead, customer_id, deal_id)
    if deal_id:
        return gate.get(ctx, registry.get("deal"), deal_id)  # type: ignore[return-value]
    return gate.get(ctx, registry.get("customer"), customer_id)  # type: ignore[return-value]


def _new_company(ctx: Context, lead: Lead) -> Customer:
    made = ctx.create(
        "customer", kind="company", name=lead.company, stage="prospect", source=lead.source or None, owner=lead.owner_id,
        partner=lead.partner_id,
    )
    assert isinstance(made, Customer)
    return made


def _new_person(ctx: Context, lead: Lead) -> Customer:
    made = ctx.create(
        "customer", kind="person", name=lead.name, stage="prospect", source=lead.source or None, owner=lead.owner_id,
        emails=lead.emails or None, phones=lead.phones or None, tags=lead.tags or None, note=lead.note or None,
        partner=None if lead.company else lead.partner_id,
    )  # fmt: skip
    assert isinstance(made, Customer)
    return made


def _affiliate(ctx: Context, person_id: UUID, company_id: UUID, lead: Lead) -> None:
    rows = gate.visible(ctx, registry.get("affiliation"))
    if not rows.filter(person_id=person_id, company_id=company_id).exists():
        ctx.create(
            "affiliation", person=person_id, company=company_id, job_title=lead.job_title or None,
            is_primary=not rows.filter(person_id=person_id).exists(),
        )  # fmt: skip


def _keep_raw(ctx: Context, lead: Lead) -> None:
    """Keep the lead as it was before conversion, beside whatever came in with it."""
    if lead.raw:
        return
    shown = {key: field.kind.to_json(field.kind.load(*(getattr(lead, c) for c in field.columns)))
             for key, field in registry.get("lead").fields.items()
             # `raw` is open to everybody who sees the lead: what a field group guards stays in its own field.
             if field.source == "column" and field.key != "raw" and not field.see}
    ctx.as_system("convert").write(lead, raw=json.dumps(shown, default=str, ensure_ascii=False, indent=1))


def _carry_tasks(ctx: Context, lead: Lead, customer_id: UUID | None, deal_id: UUID | None) -> None:
    """Open tasks of the lead go on with the deal (or the customer)."""
    info = registry.get("task")
    system = ctx.as_system("convert")
    for task in info.model.objects.filter(about_type="lead", about_id=lead.pk, state="open", deleted_at=None):
        about = ("deal", deal_id) if deal_id else None
        system.write(task, about=about, customer=customer_id)


def first_stage(outcome: str = "open", pipeline_id: UUID | None = None) -> Stage:
    """The first stage with an outcome, of a pipeline or of the first pipeline; raises Invalid when there is none."""
    rows = Stage.objects.filter(outcome=outcome, deleted_at=None, pipeline__deleted_at=None)
    if pipeline_id:
        rows = rows.filter(pipeline_id=pipeline_id)
    found = rows.order_by("pipeline__position", "pipeline_id", "position", "id").first()
    if found is None:
        raise Invalid(_t("The pipeline has no %(outcome)s stage; add one in the settings.") % {"outcome": outcome})
    return found


@action(DealType, _("Move"), icon="arrow-right", bulk=True)
def move(
    ctx: Context, deal: Deal, *, stage: UUID = Input(ReferenceKind, _("stage"), to="stage"),
    reason: str | None = Input(TextKind, _("reason"), required=False),
) -> None:  # fmt: skip
    """Move a deal to another stage; a lost stage asks for the reason."""
    target = Stage.objects.get(pk=stage)
    if target.outcome == "lost" and not (reason or deal.reason):
        raise Invalid(_t("Say why the deal was lost; one word is enough."), code="reason_needed", field="reason")
    _close(ctx, deal, target, reason)


@action(DealType, _("Won"), when="stage.outcome is open", icon="trophy", primary=True)
def win(ctx: Context, deal: Deal, *, reason: str | None = Input(TextKind, _("why we won"), required=False)) -> None:
    """Close the deal as won; its customer becomes a customer."""
    _close(ctx, deal, first_stage("won", deal.pipeline_id), reason)


@action(DealType, _("Lost"), when="stage.outcome is open", icon="circle-x", danger=True)
def lose(ctx: Context, deal: Deal, *, reason: str = Input(TextKind, _("reason"))) -> None:
    """Close the deal as lost and keep the reason."""
    _close(ctx, deal, first_stage("lost", deal.pipeline_id), reason)


@action(DealType, _("Open again"), when="stage.outcome is any of (won, lost)", icon="undo-2")
def reopen(ctx: Context, deal: Deal) -> None:  # noqa: F811 - a verb of another type
    """Put a closed deal back into its pipeline."""
    _close(ctx, deal, first_stage("open", deal.pipeline_id), None)


def _close(ctx: Context, deal: Deal, stage: Stage, reason: str | None) -> None:
    # The action belongs to whichever verb runs; `move` may win or lose, so it sets the same fields.
    acting = ctx if ctx.action != "move" else ctx.acting("lose", [deal.pk])
    acting.write(deal, stage=stage.pk, reason=reason if stage.outcome != "open" else None)
    if stage.outcome == "won" and deal.customer_id:
        customer = Customer.objects.filter(pk=deal.customer_id, deleted_at=None).first()
        if customer and customer.stage in ("subscriber", "lead", "prospect", "lapsed", "lost"):
            roles = list(dict.fromkeys([*(customer.roles or []), "customer"]))
            ctx.as_system("won deal").write(customer, stage="customer", roles=roles)
