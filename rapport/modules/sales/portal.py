"""What partners see and do in the portal: the customers they brought, the leads that are theirs, and registering a deal.

Leads are shown without note, amount, tags and what is written in them by ours. That another partner registered the same company
is told to us alone: no answer here differs by it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.notices.writing import put_once
from rapport.engines.portal.guest import Guest
from rapport.engines.portal.registry import Asked, Page, portal_section
from rapport.kernel import format as shown_as
from rapport.kernel.errors import Gone, Invalid
from rapport.kernel.records.registry import registry
from rapport.kernel.text_folding import fold
from rapport.modules.customers.models import Customer
from rapport.modules.customers.portal import brought_by
from rapport.modules.sales.models import Lead

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: So long a registered company is the partner's; another who registers it meanwhile is told to us.
PROTECTED = dt.timedelta(days=90)
SAME = dt.timedelta(minutes=10)
TWICE = "deal_twice"
_MOST, _MOST_LOOKED_AT = 200, 5_000
_FIELDS = ("company", "name", "emails", "phones", "interest", "note")
_LONGEST = {"company": 200, "name": 200, "interest": 200, "note": 5_000}
_STATES = {"new": _("New"), "working": _("In work"), "converted": _("Became a customer"), "dropped": _("Not pursued")}
_HUES = {"new": "info", "working": "acc", "converted": "ok", "dropped": ""}

partner = portal_section("partner", _("Partner"), icon="handshake", order=20, is_for=lambda guest: bool(guest.partner_ids))


def my_leads(guest: Guest) -> QuerySet[Lead]:
    """The leads of the guest's partner company: registered by them, or given to them by us."""
    rows = Lead.objects.filter(workspace_id=guest.workspace.pk, partner_id__in=guest.partner_ids, deleted_at=None)
    return rows.order_by("-created_at", "-pk")


@dataclass(frozen=True)
class LeadLine:
    """A lead in the list."""

    id: UUID
    name: str
    company: str
    interest: str
    state: object
    hue: str
    when: str


@partner.page()
def overview(guest: Guest, asked: Asked) -> Page:
    """Leads and customers."""
    fmt = guest.context().format
    leads = [
        LeadLine(one.pk, one.name, one.company, one.interest, _STATES[one.state], _HUES[one.state],
                 shown_as.relative(one.created_at, fmt))
        for one in my_leads(guest)[:_MOST]
    ]  # fmt: skip
    customers = [(one.name, one.created_at) for one in brought_by(guest)[:_MOST]]
    shown = [(name, shown_as.full_date(at.astimezone(fmt.zone).date(), fmt)) for name, at in customers]
    return Page(_t("Partner"), "sales/portal_partner.html", {"leads": leads, "customers": shown})


@partner.page("one")
def one_lead(guest: Guest, asked: Asked, record_id: UUID) -> Page:
    """One lead with whom to call."""
    lead = my_leads(guest).filter(pk=record_id).first()
    if lead is None:
        raise Gone
    fields, fmt = registry.get("lead").fields, guest.context().format
    lines = [
        (str(fields[key].label), fields[key].kind.text(getattr(lead, key), fmt))
        for key in ("name", "company", "job_title", "interest", "emails", "phones") if getattr(lead, key)
    ]  # fmt: skip
    values = {"lines": lines, "state": _STATES[lead.state], "hue": _HUES[lead.state]}
    return Page(lead.company or lead.name, "sales/portal_lead.html", values)


@partner.page("new")
def new_deal(guest: Guest, asked: Asked) -> Page:
    """The form that registers a deal."""
    rows = Customer.objects.filter(workspace_id=guest.workspace.pk, pk__in=guest.partner_ids, deleted_at=None).order_by("name")
    partners = [(str(pk), name) for pk, name in rows.values_list("pk", "name")]
    shown = {key: asked.get(key) for key in (*_FIELDS, "partner")}
    return Page(_t("Register a deal"), "sales/portal_register.html", {"shown": shown, "partners": partners})


@partner.deed("register", page="new", said=_("The deal is registered. We come back to you."))
def register(guest: Guest, asked: Asked) -> str:
    """A lead of this partner; the same words a moment later are the same press of the button."""
    whose = {str(one): one for one in guest.partner_ids}.get(asked.get("partner") or str(guest.partner_ids[0]))
    if whose is None:
        raise Gone
    ctx = guest.context()
    values = _read(ctx, {key: asked.get(key).strip() for key in _FIELDS})
    same = my_leads(guest).filter(created_at__gte=ctx.format.now - SAME, company=values["company"], name=values["name"])
    if (again := same.filter(interest=values["interest"]).first()) is not None:
        return str(again.pk)
    owner = Customer.objects.filter(workspace_id=guest.workspace.pk, pk=whose).values_list("owner_id", flat=True).first()
    others = _others(guest, str(values["company"]), whose, ctx.format.now)
    if others:
        days = ", ".join(sorted({shown_as.date(one.created_at.date(), ctx.format) for one in others}))
        told = _t("Another partner registered this company too: %(days)s.") % {"days": days}
        values["note"] = "\n\n".join(filter(None, [str(values["note"]), told]))
    made = ctx.create("lead", **values, source="partner", partner=whose, owner=owner)
    if others:
        people = {one for one in (owner, *(other.owner_id for other in others)) if one is not None}
        ids = [made.pk, *(one.pk for one in others)]
        put_once(guest.workspace, TWICE, "lead", dict.fromkeys(people, ids), once=f"{TWICE}:{made.pk.hex}")
    return str(made.pk)


def _read(ctx: Context, given: dict[str, str]) -> dict[str, object]:
    """Cleaned values; raises Invalid with a sentence for each field that is wrong."""
    fields, cleaning = registry.get("lead").fields, ctx.cleaning()
    values: dict[str, object] = {}
    errors: dict[str, object] = {}
    for key in _FIELDS:
        if key in ("company", "name", "interest") and not given[key]:
            errors[key] = _t("This is needed.")
        elif len(given[key]) > _LONGEST.get(key, 300):
            errors[key] = _t("Keep it shorter.")
        else:
            try:
                values[key] = fields[key].kind.parse(given[key], cleaning) if given[key] else None
            except Invalid as wrong:
                errors[key] = wrong.sentence
    if not errors and not (values["emails"] or values["phones"]):
        errors["emails"] = _t("Give an e-mail address or a phone number.")
    if errors:
        raise Invalid(_t("Look at the fields marked below; what you typed is kept."), errors=errors)
    values["note"] = values["note"] or ""
    return values


def _others(guest: Guest, company: str, whose: UUID, now: dt.datetime) -> list[Lead]:
    """What other partners registered of the same company within the time in which it is theirs."""
    rows = Lead.objects.filter(workspace_id=guest.workspace.pk, deleted_at=None, partner__isnull=False)
    rows = rows.filter(created_at__gte=now - PROTECTED).exclude(partner_id=whose).order_by("-created_at")
    wanted = fold(company)
    return [one for one in rows[:_MOST_LOOKED_AT] if fold(one.company) == wanted]
