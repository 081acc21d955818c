"""Reminding whoever wrote of a message that had no answer: when is noted here, whether there was one a module knows."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils import timezone

from rapport.engines.mail.models import OutgoingMail
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import system_context
from rapport.kernel.errors import RapportError

if TYPE_CHECKING:
    from rapport.kernel.context import Context

log = logging.getLogger("rapport.mail")
Remind = Callable[["Context", OutgoingMail], None]
_remind: list[Remind] = []
_MOST = 200
_OVER = (OutgoingMail.FAILED, OutgoingMail.TAKEN_BACK)


def reminding(function: Remind) -> Remind:
    """Register the one who looks for an answer, and reminds the writer when there is none."""
    _remind[:] = [function]
    return function


def remind_due(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """Messages whose time has come, each in a transaction of its own; returns how many were looked at."""
    ctx, done = system_context(workspace, "mail"), 0
    rows = OutgoingMail.objects.filter(workspace_id=workspace.pk, remind_at__isnull=False)
    due = rows.filter(remind_at__lte=now or timezone.now()).order_by("remind_at")
    for mail in due.filter(state__in=(OutgoingMail.SENT, *_OVER))[:_MOST]:
        try:
            with unit_of_work(ctx):
                if rows.filter(pk=mail.pk).update(remind_at=None) and mail.state == OutgoingMail.SENT and _remind:
                    _remind[0](ctx, mail)
        except RapportError:
            # What cannot be put down today is not asked for again every minute.
            log.exception("Nobody could be reminded of outgoing mail %s.", mail.pk)
            rows.filter(pk=mail.pk).update(remind_at=None)
        done += 1
    return done
