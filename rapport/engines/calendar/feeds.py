"""Making, finding and ending the secret addresses of calendars: as API tokens, shown once and kept as hashes."""

from __future__ import annotations

import datetime as dt
import secrets

from rapport.engines.calendar.models import CalendarFeed
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import User
from rapport.kernel.access.tokens import digest_of

#: Writing "last used" more often than this would turn every read into a write.
USE_SHOWN_EVERY = dt.timedelta(minutes=15)


def renew_feed(user: User) -> str:
    """A new secret for a person, known in clear this once; the one before stops working."""
    end_feed(user)
    secret = "cal_" + secrets.token_urlsafe(32)
    CalendarFeed.objects.create(workspace_id=user.workspace_id, user=user, digest=digest_of(secret))
    return secret


def end_feed(user: User) -> bool:
    """Make the person's address worthless at once; whether there was one."""
    living = CalendarFeed.objects.filter(workspace_id=user.workspace_id, user=user, revoked_at=None)
    return bool(living.update(revoked_at=dt.datetime.now(dt.UTC)))


def living_feed(user: User) -> CalendarFeed | None:
    """The person's address that works now."""
    return CalendarFeed.objects.filter(workspace_id=user.workspace_id, user=user, revoked_at=None).first()


def find_feed(secret: str) -> CalendarFeed | None:
    """The living address of a secret with its workspace, user, role and account in one query; its use is noted.

    None for a wrong or revoked one, and for somebody who may no longer work here: an address outlives nobody.
    """
    now = dt.datetime.now(dt.UTC)
    feeds = CalendarFeed.objects.select_related("workspace", "user__role", "user__account")
    with unscoped("the workspace of a calendar address is known by its secret only"):
        feed = feeds.filter(digest=digest_of(secret), revoked_at=None).first()
    if feed is None or not may_work(feed.user):
        return None
    if feed.last_used_at is None or now - feed.last_used_at > USE_SHOWN_EVERY:
        with use_workspace(feed.workspace_id):
            CalendarFeed.objects.filter(pk=feed.pk, workspace_id=feed.workspace_id).update(last_used_at=now)
    return feed


def may_work(user: User) -> bool:
    """Whether somebody still works here: an address or a password outlives nobody."""
    account, role = user.account, user.role
    is_here = user.is_active and user.deleted_at is None and account is not None and account.is_active
    return is_here and role is not None and role.deleted_at is None
