"""What people of ours do about the access of a person: invite, close, and see on the person's page how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.portal import accounts
from rapport.engines.portal.models import PortalAccount
from rapport.engines.portal.registry import people
from rapport.engines.portal.sites import site_of
from rapport.kernel import format as shown_as
from rapport.kernel.access import gate
from rapport.kernel.changes.events import note_event
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.tasks import declared, enqueue, load_tasks
from rapport.kernel.slots import Panel, slot

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

#: The task that mails an invitation; the web surface declares it.
MAIL_INVITATION = "web.portal_invitation"


def invite_person(ctx: Context, person: Record, *, email: str, sees_company: bool, is_partner: bool) -> PortalAccount:
    """Give a person access and have the link mailed; the log says who did."""
    if not site_of(ctx.workspace).is_on:
        raise Invalid(_t("The portal is off. Switch it on in the settings first."), code="off")
    email = email or next(iter(accounts.addresses_of(person)), "")
    if not email:
        raise Invalid(_t("Write an e-mail address on the person's record first."), field="email")
    made = accounts.invite(ctx.workspace, person, email, sees_company=sees_company, is_partner=is_partner, by=ctx.viewer.user_id)
    note_event(ctx, "portal_opened", person, sees_company=sees_company, is_partner=is_partner)
    if declared(MAIL_INVITATION) is None:
        load_tasks()
    enqueue(
        MAIL_INVITATION, workspace=ctx.workspace.pk, account=str(made.pk), base=settings.BASE_URL or "http://localhost",
        key=f"{made.pk.hex}:{ctx.format.now:%Y%m%d%H%M}",  # however often it is pressed, one mail a minute
    )  # fmt: skip
    return made


def close_access(ctx: Context, person_id: UUID, person: Record) -> None:
    """Take a person's access away, at once."""
    if not accounts.close(ctx.workspace, person_id):
        raise Invalid(_t("This person has no access to the portal."), code="none")
    note_event(ctx, "portal_closed", person)


@slot("record.aside", type_key="customer", order=70)
def access_panel(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Whether a person has access, at which address, and when they were there last."""
    if info is None or record is None or info.key != people().type or getattr(record, people().when[0]) != people().when[1]:
        return None
    if not site_of(ctx.workspace).is_on:  # asked last: a company's page needs no query for it
        return None
    account = accounts.account_of(ctx.workspace, record.pk)
    is_open = account is not None and account.is_active
    may = gate.may(ctx, info, record, "invite_to_portal")
    if not is_open and not may:
        return None
    url = f"{info.record_url(record.pk)}/do"
    values = {
        "account": account if is_open else None,
        "email": account.email if account and is_open and people().emails in gate.fields(ctx, info) else "",
        "works": account is not None and accounts.guest_of(ctx.workspace, account) is not None,
        "seen": shown_as.relative(account.last_seen_at, ctx.format) if account and account.last_seen_at else "",
        "invite_url": f"{url}/invite_to_portal" if may else "",
        "close_url": f"{url}/close_portal" if is_open and gate.may(ctx, info, record, "close_portal") else "",
    }  # fmt: skip
    return Panel(_("Portal"), "portal_engine/access.html", values)


@slot("action.customer.invite_to_portal")
def invited_before(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Who is invited again begins with what they have, so that a second mail takes nothing away."""
    account = accounts.account_of(ctx.workspace, record.pk) if record is not None else None
    if info is None or account is None or not account.is_active:
        return None
    start: dict[str, object] = {"sees_company": account.sees_company, "is_partner": account.is_partner}
    if people().emails in gate.fields(ctx, info):
        start["email"] = account.email
    return Panel(_("They have access"), "portal_engine/again.html", {"start": start})
