"""The programs of a person's that read and write their calendar: each with a password of its own, shown once, kept as a hash."""

from __future__ import annotations

import datetime as dt
import secrets
from uuid import UUID

from rapport.engines.calendar.feeds import USE_SHOWN_EVERY, may_work
from rapport.engines.calendar.models import CalendarDevice
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import User
from rapport.kernel.access.tokens import digest_of

#: More programs than this nobody has; the list stays one that is looked through.
MOST = 20


def add_device(user: User, name: str) -> str:
    """A password for one more program, known in clear this once. Raises nothing; the caller counts."""
    secret = "dav_" + secrets.token_urlsafe(24)
    CalendarDevice.objects.create(workspace_id=user.workspace_id, user=user, name=name, digest=digest_of(secret))
    return secret


def end_device(user: User, device_id: UUID) -> bool:
    """Make one program's password worthless at once; whether there was one."""
    living = CalendarDevice.objects.filter(workspace_id=user.workspace_id, user=user, pk=device_id, revoked_at=None)
    return bool(living.update(revoked_at=dt.datetime.now(dt.UTC)))


def devices_of(user: User) -> list[CalendarDevice]:
    """The programs whose passwords work now, the newest first."""
    living = CalendarDevice.objects.filter(workspace_id=user.workspace_id, user=user, revoked_at=None)
    return list(living.order_by("-created_at")[:MOST])


def find_device(secret: str) -> CalendarDevice | None:
    """The program of a password with its workspace, user, role and account in one query; its use is noted. None for a wrong or
    revoked one, and for somebody who may no longer work here."""
    now = dt.datetime.now(dt.UTC)
    devices = CalendarDevice.objects.select_related("workspace", "user__role", "user__account")
    with unscoped("the workspace of a calendar program is known by its password only"):
        device = devices.filter(digest=digest_of(secret), revoked_at=None).first()
    if device is None or not may_work(device.user):
        return None
    if device.last_used_at is None or now - device.last_used_at > USE_SHOWN_EVERY:
        with use_workspace(device.workspace_id):
            CalendarDevice.objects.filter(pk=device.pk, workspace_id=device.workspace_id).update(last_used_at=now)
    return device
