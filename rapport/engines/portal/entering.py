"""Links that are good once, and the sessions they begin. Secrets are kept as hashes; inside the workspace."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction

from rapport.engines.portal.accounts import account_at, guest_of, persons_with
from rapport.engines.portal.guest import Guest
from rapport.engines.portal.models import PortalAccount, PortalLink, PortalSession
from rapport.engines.portal.registry import people
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.access.tokens import digest_of
from rapport.kernel.changes.events import note_quietly
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Gone
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import job

LINK_LIVES, INVITATION_LIVES = dt.timedelta(minutes=15), dt.timedelta(days=7)
SESSION_LIVES = dt.timedelta(days=14)
ENTER, EMAIL = "enter", "email"


def make_link(account: PortalAccount, purpose: str = ENTER, *, email: str = "", lives: dt.timedelta = LINK_LIVES) -> str:
    """The secret of a new link."""
    secret = secrets.token_urlsafe(32)
    PortalLink.objects.create(
        workspace_id=account.workspace_id, account_id=account.pk, purpose=purpose, email=email or account.email,
        digest=digest_of(secret), ends_at=_now() + lives,
    )  # fmt: skip
    return secret


def find_link(workspace: Workspace, secret: str) -> PortalLink | None:
    """The link of a secret while it is good: not used, not over, of an open account that still has its address."""
    found = PortalLink.objects.filter(
        workspace_id=workspace.pk, digest=digest_of(secret), used_at=None, ends_at__gt=_now()
    ).first()
    return found if found is not None and _account_of(workspace, found) is not None else None


def _account_of(workspace: Workspace, link: PortalLink) -> PortalAccount | None:
    account = PortalAccount.objects.filter(workspace_id=workspace.pk, pk=link.account_id, is_active=True).first()
    if account is None or guest_of(workspace, account) is None:
        return None
    if link.purpose == ENTER:
        # The address must be the account's today, and nobody else's.
        known = account_at(workspace, link.email)
        return account if known is not None and known.pk == account.pk else None
    others = [one for one in persons_with(workspace, link.email) if one.pk != account.person_id]
    return None if others else account


def use_link(workspace: Workspace, secret: str) -> tuple[PortalAccount, str] | None:
    """Use a link up: the account it signs in, and the session's secret that begins by it. Of two at once one wins."""
    with transaction.atomic():
        link = find_link(workspace, secret)
        if link is None or not PortalLink.objects.filter(workspace_id=workspace.pk, pk=link.pk, used_at=None).update(
            used_at=_now()
        ):
            return None
        account = PortalAccount.objects.get(workspace_id=workspace.pk, pk=link.account_id)
        if link.purpose == EMAIL:
            _move_to(workspace, account, link.email)
        return account, begin(account, is_by_link=True)


def _move_to(workspace: Workspace, account: PortalAccount, email: str) -> None:
    """The new address proved itself: it takes the place of the old one on the record, and links go there."""
    guest = guest_of(workspace, account)
    assert guest is not None
    ctx = guest.context()
    with unit_of_work(ctx):
        people().change_email(ctx, account.person_id, account.email, email)
        PortalAccount.objects.filter(workspace_id=workspace.pk, pk=account.pk).update(email=email)
    end_all(account)


def begin(account: PortalAccount, *, is_by_link: bool = False) -> str:
    """The secret of a new session. Never one that was there before: whoever planted one gains nothing."""
    secret, now = secrets.token_urlsafe(32), _now()
    PortalSession.objects.create(
        workspace_id=account.workspace_id, account_id=account.pk, digest=digest_of(secret), is_by_link=is_by_link, begun_at=now,
        ends_at=now + SESSION_LIVES,
    )  # fmt: skip
    PortalAccount.objects.filter(workspace_id=account.workspace_id, pk=account.pk).update(last_seen_at=now)
    return secret


def note_entry(workspace: Workspace, account: PortalAccount, secret: str, *, browser: str, address: str) -> None:
    """Note which browser a session is in, for the list in which a guest ends them, and in the log that they came in."""
    rows = PortalSession.objects.filter(workspace_id=account.workspace_id, digest=digest_of(secret))
    rows.update(browser=browser[:60])
    guest = guest_of(workspace, account)
    if guest is not None:
        note_quietly(
            guest.context(), "portal_entered", type_key=people().type, record_id=guest.person_id, browser=browser, address=address
        )


def came_by_link(account: PortalAccount, secret: str) -> bool:
    """Whether a session began by a link just now: who reads the mailbox needs no old password to set a new one."""
    rows = PortalSession.objects.filter(workspace_id=account.workspace_id, account_id=account.pk, digest=digest_of(secret))
    return rows.filter(is_by_link=True, begun_at__gt=_now() - LINK_LIVES).exists()


def guest_with(workspace: Workspace, secret: str) -> tuple[Guest, PortalAccount] | None:
    """The guest of a living session."""
    session = PortalSession.objects.filter(workspace_id=workspace.pk, digest=digest_of(secret), ends_at__gt=_now()).first()
    if session is None:
        return None
    account = PortalAccount.objects.filter(workspace_id=workspace.pk, pk=session.account_id).first()
    guest = guest_of(workspace, account) if account is not None else None
    return (guest, account) if guest is not None and account is not None else None


def hold(guest: Guest) -> None:
    """Keep a guest's deeds one after the other, so that a button pressed twice does a thing once; raises Gone when their access
    was closed a moment ago. Inside the transaction."""
    rows = PortalAccount.objects.select_for_update().filter(workspace_id=guest.workspace.pk, pk=guest.account_id, is_active=True)
    if rows.first() is None:
        raise Gone


def sessions_of(account: PortalAccount) -> list[PortalSession]:
    """Where a guest is signed in, the newest first."""
    rows = PortalSession.objects.filter(workspace_id=account.workspace_id, account_id=account.pk, ends_at__gt=_now())
    return list(rows.order_by("-begun_at")[:50])


def end(workspace: Workspace, secret: str) -> None:
    """Sign one browser out."""
    PortalSession.objects.filter(workspace_id=workspace.pk, digest=digest_of(secret)).delete()


def end_all(account: PortalAccount, *, but: str = "") -> None:
    """Sign out everywhere (but in one browser), and let no link that lies around open anything."""
    rows = PortalSession.objects.filter(workspace_id=account.workspace_id, account_id=account.pk)
    (rows.exclude(digest=digest_of(but)) if but else rows).delete()
    PortalLink.objects.filter(workspace_id=account.workspace_id, account_id=account.pk, used_at=None).delete()


def thin(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """Drop links and sessions that are over."""
    before = (now or _now()) - dt.timedelta(days=1)
    with use_workspace(workspace):
        gone = PortalLink.objects.filter(workspace_id=workspace.pk, ends_at__lt=before).delete()[0]
        return gone + PortalSession.objects.filter(workspace_id=workspace.pk, ends_at__lt=before).delete()[0]


@every(seconds=86_400)
@job(max_attempts=1, name="portal.thin")
def thin_everywhere(job_ctx: JobContext) -> int:
    """Once a day, in every workspace."""
    return sum(thin(workspace) for workspace in Workspace.objects.all())


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
