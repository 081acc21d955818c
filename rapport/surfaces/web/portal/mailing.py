"""The mails of the portal: links to enter, invitations, confirmations. Jobs, so that asking takes as long for everybody."""

from __future__ import annotations

from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from rapport.engines.portal.accounts import account_asked_for, guest_of
from rapport.engines.portal.entering import EMAIL, INVITATION_LIVES, make_link
from rapport.engines.portal.invitations import MAIL_INVITATION
from rapport.engines.portal.models import PortalAccount, PortalSite
from rapport.kernel.access.current import use_workspace
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.surfaces.web.signing_in import mails


def ask(site: PortalSite, email: str, base: str) -> None:
    """Have a link mailed to whoever has this address, if anybody."""
    enqueue(mail_link, workspace=site.workspace_id, email=email, base=base)


def ask_to_confirm(account: PortalAccount, email: str, base: str) -> None:
    """Have a link mailed to a new address, and the old one told of it."""
    enqueue(mail_new_address, workspace=account.workspace_id, account=str(account.pk), email=email, base=base)


@job(max_attempts=3, name="web.portal_link")
def mail_link(job_ctx: JobContext, *, email: str, base: str) -> bool:
    """Mail a link that is good once, for a quarter of an hour, if somebody may come in by this address."""
    site = _site(job_ctx)
    if site is None:
        return False
    with use_workspace(site.workspace_id):
        account = account_asked_for(site, email)
        guest = guest_of(site.workspace, account) if account is not None else None
        if account is None or guest is None:
            return False
        with translation.override(_known(guest.language)):
            body = _(
                "Somebody, hopefully you, wants to enter %(name)s with this address.\n\n"
                "Enter here, within 15 minutes:\n%(link)s\n\n"
                "If it was not you, do nothing."
            ) % {"name": site.name, "link": _address(site, base, make_link(account))}
            return mails.send(account.email, _("Your way into %(name)s") % {"name": site.name}, body)


@job(max_attempts=3, name=MAIL_INVITATION)
def mail_invitation(job_ctx: JobContext, *, account: str, base: str) -> bool:
    """Mail the link of an invitation, good once within a week."""
    site = _site(job_ctx)
    if site is None:
        return False
    with use_workspace(site.workspace_id):
        invited = PortalAccount.objects.filter(workspace_id=site.workspace_id, pk=UUID(account), is_active=True).first()
        guest = guest_of(site.workspace, invited) if invited is not None else None
        if invited is None or guest is None:
            return False
        with translation.override(_known(guest.language)):
            link = _address(site, base, make_link(invited, lives=INVITATION_LIVES))
            body = _(
                "%(company)s invites you to %(name)s. There you see and write what is yours.\n\n"
                "Come in here, within seven days:\n%(link)s\n\n"
                "Afterwards you enter at %(start)s with this address."
            ) % {"company": site.workspace.name, "name": site.name, "link": link, "start": f"{base}/portal/{site.slug}/"}
            subject = _("%(company)s invites you to %(name)s") % {"company": site.workspace.name, "name": site.name}
            return mails.send(invited.email, subject, body)


@job(max_attempts=3, name="web.portal_new_address")
def mail_new_address(job_ctx: JobContext, *, account: str, email: str, base: str) -> bool:
    """Mail the link that confirms an address to it, and a word to the old one."""
    site = _site(job_ctx)
    if site is None:
        return False
    with use_workspace(site.workspace_id):
        one = PortalAccount.objects.filter(workspace_id=site.workspace_id, pk=UUID(account), is_active=True).first()
        guest = guest_of(site.workspace, one) if one is not None else None
        if one is None or guest is None:
            return False
        with translation.override(_known(guest.language)):
            named = {"name": site.name, "email": email, "link": _address(site, base, make_link(one, EMAIL, email=email))}
            body = (
                _(
                    "Somebody, hopefully you, wants to enter %(name)s with this address from now on.\n\n"
                    "Confirm it here, within 15 minutes:\n%(link)s\n\n"
                    "If it was not you, do nothing."
                )
                % named
            )
            sent = mails.send(email, _("Confirm your address for %(name)s") % named, body)
            told = _("Somebody asked that %(email)s becomes the address of your account at %(name)s. If it was not you, tell us.")
            mails.send(one.email, _("Your address for %(name)s") % named, told % named)
            return sent


def _site(job_ctx: JobContext) -> PortalSite | None:
    rows = PortalSite.objects.select_related("workspace").filter(workspace_id=job_ctx.workspace_id, is_on=True)
    return rows.first()


def _address(site: PortalSite, base: str, secret: str) -> str:
    return f"{base}/portal/{site.slug}/link/{secret}"


def _known(language: str) -> str:
    return next((one for one in (language, language[:2]) if one and translation.check_for_language(one)), "en")
