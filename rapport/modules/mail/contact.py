"""Last contact by mail: of customers a person wrote to or heard from, as far as colleagues may know that it happened.

The date stands on the customer for everybody who sees them, so mail that its mailbox keeps to itself does not move it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.modules.activities.next_step import raise_last_contact
from rapport.modules.mail.models import Mail, MailPerson

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def note_contact(ctx: Context, mail_ids: Sequence[UUID]) -> None:
    """Raise the last contact of everybody who took part in these messages; automatic mail is no contact."""
    rows = Mail.objects.filter(workspace_id=ctx.workspace.pk, pk__in=mail_ids, automatic="", deleted_at=None)
    when: dict[UUID, dt.datetime] = dict(rows.values_list("pk", "happened_at"))
    persons = MailPerson.objects.filter(workspace_id=ctx.workspace.pk, mail_id__in=when, deleted_at=None)
    latest: dict[UUID, dt.datetime] = {}
    for mail_id, customer_id in persons.values_list("mail_id", "customer_id"):
        latest[customer_id] = max(when[mail_id], latest.get(customer_id, when[mail_id]))
    raise_last_contact(ctx, latest)
