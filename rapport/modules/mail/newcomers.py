"""Writing down people we do not know yet: as far as the mailbox says, and never a desk, a machine or a newsletter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.mail.models import Mailbox
from rapport.engines.mail.reading import Address
from rapport.engines.mail.taking import Incoming
from rapport.kernel.kinds.email import FREE_MAIL, read_email
from rapport.modules.mail.participants import companies_by_domain, is_role_address

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: A message to more people than this is a circular.
_MOST_RECEIVERS = 10


def newcomers(mailbox: Mailbox, one: Incoming, outsiders: list[Address], *, is_out: bool) -> list[Address]:
    """Whom of the strangers in a message to write down."""
    if mailbox.creates == "never" or one.message.automatic:
        return []
    if is_out:
        sender = one.message.sender.address if one.message.sender else ""
        wanted = [a for a in outsiders if a.address != sender]
        wanted = wanted if len(wanted) <= _MOST_RECEIVERS else []
    elif mailbox.creates == "always":
        wanted = [a for a in outsiders if one.message.sender is not None and a.address == one.message.sender.address]
    else:
        wanted = []
    return [a for a in wanted if not is_role_address(a.address) and read_email(a.address)]


def write_down(ctx: Context, mailbox: Mailbox, wanted: dict[str, Address]) -> dict[str, UUID]:
    """Make people, at the company their address belongs to when it is a company's; returns ids by address."""
    if not wanted:
        return {}
    addresses = list(wanted)
    rows = [
        {"kind": "person", "name": _name_of(wanted[one]), "emails": [{"value": one, "label": ""}], "source": "mail",
         "owner": mailbox.owner_id, "team": mailbox.team_id, "stage": "prospect"}
        for one in addresses
    ]  # fmt: skip
    made = ctx.create_many("customer", rows).ids
    found = {addresses[at]: pk for at, pk in made.items()}
    domains = {wanted[one].domain for one in found} - FREE_MAIL
    companies = companies_by_domain(ctx, domains)
    missing = sorted(domains - set(companies))
    new = ctx.create_many(
        "customer",
        [{"kind": "company", "name": _company_name(one), "website": one, "source": "mail", "owner": mailbox.owner_id,
          "team": mailbox.team_id, "stage": "prospect"} for one in missing],
    ).ids  # fmt: skip
    companies |= {missing[at]: pk for at, pk in new.items()}
    places = [
        {"person": pk, "company": companies[wanted[one].domain], "is_primary": True}
        for one, pk in found.items()
        if wanted[one].domain in companies
    ]
    if places:
        ctx.create_many("affiliation", places)
    return found


def _name_of(one: Address) -> str:
    """The name its writer gave, "Last, First" turned round; else what stands before the @."""
    name = one.name.strip()
    if "@" in name or not re.search(r"\w", name):
        name = re.sub(r"[._+-]+", " ", one.address.partition("@")[0]).strip().title()
    if name.count(",") == 1:
        last, first = (part.strip() for part in name.split(","))
        name = f"{first} {last}".strip()
    return name[:200] or one.address[:200]


def _company_name(domain: str) -> str:
    """What a company is called as long as nobody has said it: the name in its domain."""
    labels = [label for label in domain.split(".") if label]
    second = labels[-3] if len(labels) >= 3 and len(labels[-2]) <= 3 else labels[-2] if len(labels) >= 2 else domain
    return second.replace("-", " ").title()[:200]
