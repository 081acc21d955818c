"""Whose records may be guests of the portal: people, with the companies they work at and those that are partners."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from rapport.engines.duplicates.registry import register_holder
from rapport.engines.portal.registry import People, register_people
from rapport.modules.customers.models import Affiliation, Customer

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.context import Context

_MOST = 50


def companies_of(workspace: Workspace, person_id: UUID) -> list[UUID]:
    """The companies a person works at today."""
    today = timezone.now().date()
    rows = Affiliation.objects.filter(workspace_id=workspace.pk, person_id=person_id, deleted_at=None, company__deleted_at=None)
    rows = rows.filter(Q(from_on=None) | Q(from_on__lte=today), Q(until_on=None) | Q(until_on__gte=today))
    return list(dict.fromkeys(rows.order_by("pk").values_list("company_id", flat=True)[:_MOST]))


def partners_among(workspace: Workspace, ids: list[UUID]) -> list[UUID]:
    """Those of some companies whose roles say that they are partners."""
    rows = Customer.objects.filter(workspace_id=workspace.pk, pk__in=ids, kind="company", deleted_at=None).order_by("pk")
    return [pk for pk, roles in rows.values_list("pk", "roles") if "partner" in (roles or [])]


def change_email(ctx: Context, person_id: UUID, old: str, new: str) -> None:
    """Put a confirmed address in the place of another."""
    person = Customer.objects.filter(workspace_id=ctx.workspace.pk, pk=person_id, deleted_at=None).get()
    values, is_there = [], False
    for one in person.emails or []:
        address = str(one.get("value", "")).casefold()
        if address == new:
            is_there = True
        values.append({**one, "value": new} if address == old and not is_there else one)
        is_there = is_there or address == old
    ctx.write(person, emails=values if is_there else [*values, {"value": new}])


register_people(
    People(
        "customer", emails="emails", language="language", when=("kind", "person"), companies=companies_of,
        partners=partners_among, change_email=change_email,
    )
)  # fmt: skip
# Of two accounts that become one person's, the survivor's stays.
register_holder("portal.PortalAccount", "person_id", same=("workspace_id",))
__all__ = ["change_email", "companies_of", "partners_among"]
