"""Who is who in a message: colleagues by the addresses they sign in and write with, customers by all their addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.mail.models import Mailbox
from rapport.engines.mail.reading import Address
from rapport.kernel.access.models import User
from rapport.kernel.kinds.email import FREE_MAIL
from rapport.kernel.query.models import IndexedValue
from rapport.modules.customers.models import Affiliation, Customer

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Names before the @ that are no person.
_ROLE_NAMES = re.compile(
    r"^(?:info|office|contact|kontakt|hello|hallo|mail|post|admin|administrator|webmaster|hostmaster|postmaster|mailer-daemon"
    r"|no-?reply|noreply|do-?not-?reply|bounces?|newsletters?|news|marketing|sales|vertrieb|support|service|help|helpdesk"
    r"|billing|invoices?|rechnung(?:en)?|accounting|buchhaltung|jobs|careers|hr|team|notifications?|alerts?|abuse|security"
    r"|orders?|bestellung(?:en)?|privacy|datenschutz)(?:[+._-].*)?$"
)


def is_role_address(address: str) -> bool:
    """Whether an address belongs to a desk or a machine rather than to a person."""
    return bool(_ROLE_NAMES.match(address.partition("@")[0])) or "unsubscribe" in address or "reply+" in address


@dataclass
class Colleagues:
    """The workspace's own addresses."""

    #: Address -> principals (u:… or t:…).
    principals: dict[str, list[str]] = field(default_factory=dict)
    domains: set[str] = field(default_factory=set)

    def has(self, one: Address) -> bool:
        """Whether an address is one of ours."""
        return one.address in self.principals or one.domain in self.domains


def colleagues(ctx: Context) -> Colleagues:
    """Addresses of mailboxes and of the accounts people sign in with; a whole domain is ours when a mailbox stands in it
    and it is no provider's for everybody."""
    found = Colleagues()
    for box in Mailbox.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None):
        address = box.address.lower()
        found.principals.setdefault(address, []).extend(principals_of(box))
        domain = address.rpartition("@")[2]
        if domain not in FREE_MAIL:
            found.domains.add(domain)
    people = User.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, is_active=True, account__isnull=False)
    for pk, address in people.values_list("pk", "account__email"):
        mine = found.principals.setdefault(address.lower(), [])
        if f"u:{pk.hex}" not in mine:
            mine.append(f"u:{pk.hex}")
    return found


def principals_of(mailbox: Mailbox) -> list[str]:
    """Who stands behind a mailbox: its owner, or its team."""
    if mailbox.kind == "shared":
        return [f"t:{mailbox.team_id.hex}"] if mailbox.team_id else []
    if mailbox.kind == "handed_in":
        return []  # what colleagues hand in is theirs, and not that of whoever set the mailbox up
    return [f"u:{mailbox.owner_id.hex}"] if mailbox.owner_id else []


@dataclass(frozen=True)
class Known:
    """A customer behind an address."""

    pk: UUID
    name: str
    kind: str


def customers_by_address(ctx: Context, addresses: Iterable[str]) -> dict[str, Known]:
    """The customer of each address: a person before a company, the older before the younger."""
    keys = {one[:200] for one in addresses}
    rows = list(
        IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type="customer", field="emails", key__in=keys)
        .order_by("record_id").values_list("key", "record_id")[:20_000]
    )  # fmt: skip
    living = Customer.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, pk__in={pk for _key, pk in rows})
    by_id = {pk: Known(pk, name, kind) for pk, name, kind in living.values_list("pk", "name", "kind")}
    found: dict[str, Known] = {}
    for key, pk in rows:
        one = by_id.get(pk)
        if one is not None and (key not in found or (found[key].kind == "company" and one.kind == "person")):
            found[key] = one
    return found


def companies_of(ctx: Context, people: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Where people work now."""
    rows = Affiliation.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, until_on=None, person__in=set(people))
    found: dict[UUID, list[UUID]] = {}
    for person, company in rows.values_list("person_id", "company_id"):
        found.setdefault(person, []).append(company)
    return found


def companies_by_domain(ctx: Context, domains: Iterable[str]) -> dict[str, UUID]:
    """The company of a domain: by its web address, else by its own e-mail address."""
    wanted = {f"domain:{one}"[:200] for one in domains if one not in FREE_MAIL}
    rows = IndexedValue.objects.filter(workspace_id=ctx.workspace.pk, type="customer", key__in=wanted).order_by(
        "field", "record_id"
    )
    pairs = list(rows.values_list("key", "record_id")[:5_000])
    companies = set(
        Customer.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, kind="company", pk__in={pk for _k, pk in pairs})
        .values_list("pk", flat=True)
    )  # fmt: skip
    return {key.removeprefix("domain:"): pk for key, pk in reversed(pairs) if pk in companies}
