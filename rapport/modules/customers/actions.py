"""What one does with customers: write down what a person agrees to, or no longer does."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.portal.invitations import close_access, invite_person
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.choice import ChoiceKind
from rapport.kernel.kinds.datetime import DateTimeKind
from rapport.kernel.kinds.longtext import LongTextKind
from rapport.kernel.kinds.text import TextKind
from rapport.kernel.kinds.yesno import YesNoKind
from rapport.modules.customers.consents import consent_state
from rapport.modules.customers.models import Consent, Customer
from rapport.modules.customers.records import CustomerType

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_PURPOSE = {"choices": Consent.PURPOSES}
_CHANNEL = {"choices": Consent.CHANNELS}


@action(CustomerType, _("Record consent"), when="kind is person", icon="thumbs-up", bulk=False)
def consent(
    ctx: Context,
    person: Customer,
    *,
    purpose: str = Input(ChoiceKind, _("purpose"), options=_PURPOSE),
    channel: str = Input(ChoiceKind, _("channel"), options=_CHANNEL, default="any"),
    wording: str | None = Input(LongTextKind, _("wording"), required=False),
    wording_version: str | None = Input(TextKind, _("wording version"), required=False),
    source: str | None = Input(TextKind, _("source"), required=False),
    proof: str | None = Input(LongTextKind, _("proof"), required=False),
    happened_at: dt.datetime | None = Input(DateTimeKind, _("when"), required=False),
) -> None:
    """Write down what the person agreed to, by which words, and what shows it."""
    if not (proof or source):
        raise Invalid(_t("Say where it was given or what shows it; without that a consent proves nothing."), field="source")
    ctx.create(
        "consent", customer=person.pk, purpose=purpose, channel=channel, answer="given", wording=wording,
        wording_version=wording_version, source=source, proof=proof,
        happened_at=happened_at or ctx.format.now,
    )  # fmt: skip


@action(CustomerType, _("Withdraw consent"), when="kind is person", icon="thumbs-down", bulk=False)
def withdraw(
    ctx: Context,
    person: Customer,
    *,
    purpose: str = Input(ChoiceKind, _("purpose"), options=_PURPOSE),
    channel: str = Input(ChoiceKind, _("channel"), options=_CHANNEL, default="any"),
    source: str | None = Input(TextKind, _("source"), required=False),
    happened_at: dt.datetime | None = Input(DateTimeKind, _("when"), required=False),
) -> None:
    """Write down that the person no longer agrees. Nothing is taken away of what was given before."""
    state = consent_state(ctx, person.pk)
    # Surveys are asked without a consent, so one may object without having agreed before.
    if purpose != "surveys" and not any(one.is_given for (about, _channel), one in state.items() if about == purpose):
        raise Invalid(_t("There is no consent for this purpose that could be withdrawn."), field="purpose")
    ctx.create(
        "consent", customer=person.pk, purpose=purpose, channel=channel, answer="withdrawn", source=source,
        happened_at=happened_at or ctx.format.now,
    )  # fmt: skip


@action(CustomerType, _("Invite to the portal"), when="kind is person", icon="door-open", bulk=False)
def invite_to_portal(
    ctx: Context,
    person: Customer,
    *,
    email: str | None = Input(TextKind, _("e-mail address; empty is the first one of the person"), required=False),
    sees_company: bool = Input(YesNoKind, _("sees what belongs to their company"), required=False, default=False),
    is_partner: bool = Input(YesNoKind, _("works with us as a partner"), required=False, default=False),
) -> None:
    """Give the person an account in the portal and mail them the link. Inviting again sends another link."""
    invite_person(ctx, person, email=email or "", sees_company=sees_company, is_partner=is_partner)


@action(CustomerType, _("Close portal access"), when="kind is person", icon="ban", danger=True, bulk=False)
def close_portal(ctx: Context, person: Customer) -> None:
    """Sign the person out of the portal everywhere, and let them in no more."""
    close_access(ctx, person.pk, person)
