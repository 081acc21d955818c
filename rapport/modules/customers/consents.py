"""What a person agrees to now: the last event of each purpose and channel, and where that shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.customers.models import Consent, Customer

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_MOST = 500


@dataclass(frozen=True)
class Event:
    """One consent event, as far as the state of consent needs it."""

    id: UUID
    purpose: str
    channel: str
    answer: str
    happened_at: dt.datetime

    @property
    def is_given(self) -> bool:
        """The person said yes."""
        return self.answer == "given"


@dataclass(frozen=True)
class StateLine:
    """What holds for one purpose and channel, ready to show."""

    purpose: str
    channel: str
    is_given: bool
    since: str
    url: str


def fold(events: Iterable[Event]) -> dict[tuple[str, str], Event]:
    """What holds now, by purpose and channel: the event that happened last, of two at one moment the one recorded later.

    An answer for "any" channel answers for every channel of its purpose that was asked about before.
    """
    found: dict[tuple[str, str], Event] = {}
    for one in sorted(events, key=lambda e: (e.happened_at, e.id)):
        if one.channel == "any":
            for key in [key for key in found if key[0] == one.purpose]:
                del found[key]
        found[one.purpose, one.channel] = one
    return found


def allows(state: dict[tuple[str, str], Event], purpose: str, channel: str) -> bool:
    """Whether a person may be contacted for a purpose over a channel. What was never asked is no consent."""
    one = state.get((purpose, channel)) or state.get((purpose, "any"))
    return one is not None and one.is_given


def consent_state(ctx: Context, customer_id: UUID) -> dict[tuple[str, str], Event]:
    """What holds for a person, from the events this viewer may see."""
    rows = gate.visible(ctx, registry.get("consent")).filter(customer_id=customer_id).order_by("-happened_at", "-pk")
    return fold(Event(*row) for row in rows.values_list("pk", "purpose", "channel", "answer", "happened_at")[:_MOST])


@slot("record.aside", type_key="customer", order=60)
def consent_panel(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The present state of consent on a person's page, with the ways to record and withdraw."""
    consent = registry.get("consent")
    if not isinstance(record, Customer) or record.kind != "person" or not gate.allows(ctx, consent, "view"):
        return None
    assert info is not None
    purposes, channels = dict(Consent.PURPOSES), dict(Consent.CHANNELS)
    lines = [
        StateLine(
            str(purposes.get(one.purpose, one.purpose)), "" if one.channel == "any" else str(channels[one.channel]),
            one.is_given, shown_as.date(one.happened_at.astimezone(ctx.format.zone).date(), ctx.format),
            consent.record_url(one.id),
        )
        for one in sorted(consent_state(ctx, record.pk).values(), key=lambda e: (e.purpose, e.channel))
    ]  # fmt: skip
    url = info.record_url(record.pk)
    values = {
        "lines": lines,
        "record_url": f"{url}/do/consent" if gate.may(ctx, info, record, "consent") else "",
        "withdraw_url": f"{url}/do/withdraw"
        if any(line.is_given for line in lines) and gate.may(ctx, info, record, "withdraw") else "",
    }  # fmt: skip
    return Panel(_("Consents"), "customers/consents.html", values, count=str(len(lines)) if lines else "")
