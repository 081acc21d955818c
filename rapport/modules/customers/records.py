"""What customers mean: columns, pages, rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.errors import Invalid
from rapport.kernel.records.declare import RecordType, Related, Section, Timeline, Use
from rapport.kernel.records.registry import record_type
from rapport.modules.customers.models import Affiliation, Consent, Customer, Preference, Relationship

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_STAGE_HUES = {
    "subscriber": "grey", "lead": "info", "prospect": "grey", "customer": "acc", "advocate": "ok", "lapsed": "warn",
    "lost": "bad",
}  # fmt: skip


def check_customer(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """No company is its own parent, however many steps up."""
    parent = values.get("parent")
    seen = {record.pk} if record else set()
    while parent is not None:
        if parent in seen:
            raise Invalid(_t("A company cannot stand above itself; choose another parent company."), field="parent")
        seen.add(parent)
        parent = Customer.objects.filter(pk=parent).values_list("parent_id", flat=True).first()
    if record is not None and values.get("partner") == record.pk:
        raise Invalid(_t("Nobody is brought by themselves; choose another partner."), field="partner")


_CARES_FOR_ALL = (
    "view:all create edit:all consent:all withdraw:all note_rating:all ask_rating_now:all invite_to_portal:all close_portal:all"
)


@record_type
class CustomerType(RecordType):
    """Whoever we do business with: a company or a person."""

    model, key, title = Customer, "customer", "name"
    search = ["name", "emails", "phones", "website", "addresses", "external_id"]
    uses = {
        "kind": Use(hues={"company": "grey", "person": "info"}),
        "stage": Use(hues=_STAGE_HUES),
        "turnover": Use(see="customers.figures"),
        "parent": Use(only="kind is company"),
        "partner": Use(only="kind is company"),
        "owner": Use(default="me"),
        "last_contact_at": Use(readonly=True),
        "next_step": Use(readonly=True),
        "next_step_on": Use(readonly=True),
    }
    list_columns = ["name", "stage", "phones", "industry", "owner", "last_contact_at", "next_step", "next_step_on"]
    page = [
        Section(_("About"), "kind", "stage", "roles", "industry", "website", "employees", "turnover", "founded", "parent"),
        Section(_("Contact"), "emails", "phones", "addresses", "language", "birthday"),
        Section(_("Care"), "owner", "team", "source", "partner", "tags", "note", "external_id"),
        Related("affiliation", "company", ["person", "job_title", "part"], _("People"), of=("kind", "company")),
        Related("affiliation", "person", ["company", "job_title", "part"], _("Works at"), of=("kind", "person")),
        Related("preference", "customer", ["what", "wish"], _("Preferences")),
        Related("relationship", "one", ["tie", "other"], _("Relationships")),
        Related("customer", "parent", ["name", "stage"], _("Subsidiaries"), of=("kind", "company")),
        Related("customer", "partner", ["name", "stage"], _("Customers they brought"), of=("kind", "company")),
    ]
    views = {
        _("All customers"): "| name",
        _("My customers"): "owner is me | name",
        _("Companies"): "kind is company | name",
        _("People"): "kind is person | name",
        _("Without a next step"): "stage is any of (lead, prospect, customer) and next_step_on is empty | -last_contact_at",
    }
    grants = {
        "management": "*:all +customers.figures +customers.sensitive",
        "sales": "view:all create edit:team delete:own export:team import:own merge:own consent:team withdraw:team "
                 "note_rating:team ask_rating_now:team invite_to_portal:team close_portal:team +customers.figures",
        "marketing": "view:all create edit:team export:all consent:team withdraw:team ~customers.figures",
        "support": _CARES_FOR_ALL,
        "back_office": f"{_CARES_FOR_ALL} ~customers.figures",
        "external": "view:own",
    }
    menu = ("customers", "users")
    checks = (check_customer,)


@record_type
class AffiliationType(RecordType):
    """A person's place at a company."""

    model, key, title = Affiliation, "affiliation", "job_title"
    uses = {
        "person": Use(only="kind is person"), "company": Use(only="kind is company"),
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True),
    }  # fmt: skip
    list_columns = ["person", "company", "job_title", "part", "is_primary"]
    page = [Section(_("Affiliation"), "person", "company", "job_title", "part", "from_on", "until_on", "is_primary")]
    under = "person"


@record_type
class RelationshipType(RecordType):
    """Any tie between two customers."""

    model, key, title = Relationship, "relationship", "tie"
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}
    list_columns = ["one", "tie", "other", "note"]
    page = [Section(_("Relationship"), "one", "tie", "other", "note")]
    under = "one"


@record_type
class PreferenceType(RecordType):
    """A known wish or need of a customer."""

    model, key, title = Preference, "preference", "what"
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}
    list_columns = ["customer", "what", "wish", "learned_from", "learned_on"]
    page = [Section(_("Preference"), "customer", "what", "wish", "learned_from", "learned_on", "is_sensitive")]
    under = "customer"
    sensitive = ("is_sensitive", "customers.sensitive")


def check_consent(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A consent is a person's; its sensitivity follows its purpose."""
    if record is not None:
        if ctx.viewer.is_system and set(values) == {"customer"}:
            return  # two records of this person become one, or two again: what they said stays as it was
        raise Invalid(_t("A consent is evidence and stays as it was recorded; record a new one instead."), code="evidence")
    values["is_sensitive"] = values.get("purpose") == "sensitive"
    kind = Customer.objects.filter(pk=values.get("customer")).values_list("kind", flat=True).first()
    if kind is not None and kind != "person":
        raise Invalid(_t("Only a person can consent; choose the person at this company."), field="customer")


def keep_evidence(ctx: Context, written: list[Written]) -> None:
    """No consent is taken away by anybody; only an erasure empties it."""
    if not ctx.viewer.is_system and any(one.verb != "create" for one in written):
        raise Invalid(_t("A consent is evidence and cannot be deleted; record that it was withdrawn."), code="evidence")


@record_type
class ConsentType(RecordType):
    """What a person agreed to, when, by which words, with proof."""

    model, key, title = Consent, "consent", "purpose"
    uses = {
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True),
        "customer": Use(only="kind is person"), "happened_at": Use(default="now"), "is_sensitive": Use(readonly=True),
        "answer": Use(hues={"given": "ok", "withdrawn": "bad"}),
    }  # fmt: skip
    list_columns = ["customer", "purpose", "channel", "answer", "happened_at", "source", "wording_version"]
    page = [
        Section(_("Consent"), "customer", "purpose", "channel", "answer", "happened_at"),
        Section(_("Proof"), "wording", "wording_version", "source", "proof", "proof_file"),
    ]
    under = "customer"
    sensitive = ("is_sensitive", "customers.sensitive")
    timeline = Timeline(at="happened_at", on=["customer"], icon="thumbs-up")
    checks = (check_consent,)
    effects = (keep_evidence,)


__all__ = ["AffiliationType", "ConsentType", "CustomerType", "PreferenceType", "RelationshipType"]
