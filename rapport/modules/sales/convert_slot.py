"""The questions of converting a lead: for person, company and deal what exists already, or what would be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.kernel.access import gate
from rapport.kernel.changes.values import read_value
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.read import load_titles, read_ids
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot
from rapport.kernel.text_folding import fold
from rapport.modules.sales.models import Lead

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

_MOST = 4


@dataclass(frozen=True)
class Match:
    """A record that may be the same; `why` says what agrees."""

    id: UUID
    title: str
    why: str
    is_sure: bool = False


@slot("action.lead.convert", type_key="lead")
def convert_questions(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """What the dialog shows: names of what would be made, and matches."""
    if not isinstance(record, Lead):
        return None
    people = matching_people(ctx, record)
    companies = matching_companies(ctx, record)
    fields = gate.fields(ctx, registry.get("lead"))
    start: dict[str, object] = {"deal_name": record.interest or record.name}
    if "worth" in fields:
        start["amount"] = read_value(record, fields["worth"])
    return Panel(
        _("Convert"),
        "sales/convert.html",
        {
            "lead": record,
            "people": people,
            "companies": companies,
            "deals": open_deals(ctx, [m.id for m in companies + people]),
            "person_name": record.name,
            "company_name": record.company,
            "deal_name": record.interest or record.name,
            "may_see_amounts": "worth" in fields,
            "start": start,
        },
    )


def matching_people(ctx: Context, lead: Lead) -> list[Match]:
    """People with the same e-mail or phone, then with the same name."""
    keys = {"emails": _t("same e-mail"), "phones": _t("same phone")}
    found: dict[UUID, Match] = {}
    rows = gate.visible(ctx, registry.get("customer")).filter(kind="person")
    for key, why in keys.items():
        for pk, title in _by_value(ctx, rows, lead, key):
            found.setdefault(pk, Match(pk, title, why, is_sure=True))
    for pk, title in rows.filter(title_key=fold(lead.name)[:200]).values_list("pk", "name")[:_MOST]:
        found.setdefault(pk, Match(pk, title, _t("same name")))
    return list(found.values())[:_MOST]


def matching_companies(ctx: Context, lead: Lead) -> list[Match]:
    """Companies of the same name, of a name that begins alike, or of the same web domain."""
    rows = gate.visible(ctx, registry.get("customer")).filter(kind="company")
    found: dict[UUID, Match] = {}
    folded = fold(lead.company)[:200]
    if folded:
        for pk, title in rows.filter(title_key=folded).values_list("pk", "name")[:_MOST]:
            found[pk] = Match(pk, title, _t("same name"), is_sure=True)
        near = rows.filter(title_key__gte=folded, title_key__lt=folded + "\U0010ffff").order_by("title_key")
        for pk, title in near.values_list("pk", "name")[:_MOST]:
            found.setdefault(pk, Match(pk, title, _t("similar name")))
    for pk, title in _by_value(ctx, rows, lead, "emails", only_domain=True):
        found.setdefault(pk, Match(pk, title, _t("same domain")))
    return list(found.values())[:_MOST]


def _by_value(ctx: Context, rows: object, lead: Lead, key: str, *, only_domain: bool = False) -> list[tuple[UUID, str]]:
    """Customers that share a value of a multi-valued field with the lead."""
    field = registry.get("lead").fields[key]
    keys = field.kind.index_keys(read_value(lead, field))
    keys = [k for k in keys if k.startswith("domain:") == only_domain]
    if not keys:
        return []
    where = Q(key__in=keys) if not only_domain else Q(key__in=[*keys, *[k.removeprefix("domain:") for k in keys]])
    same = IndexedValue.objects.filter(where, workspace_id=ctx.workspace.pk, type="customer").values("record_id")
    return list(rows.filter(pk__in=same).values_list("pk", "name")[:_MOST])  # type: ignore[attr-defined]


def open_deals(ctx: Context, customers: list[UUID]) -> list[Match]:
    """Open deals of those who match, to link instead of making a new one."""
    info = registry.get("deal")
    if not customers or not gate.allows(ctx, info, "view"):
        return []
    ids = (
        gate.visible(ctx, info)
        .filter(customer_id__in=customers, stage__outcome="open")
        .order_by("-id")
        .values_list("pk", flat=True)
    )
    rows = read_ids(ctx, info, list(ids[:_MOST]), ["name", "stage"])
    load_titles(ctx, rows.values(), [info.fields["stage"]])
    return [
        Match(
            pk, str(row.values.get("name") or ""), info.fields["stage"].kind.text(row.values.get("stage"), ctx.format)
        )
        for pk, row in rows.items()
    ]
