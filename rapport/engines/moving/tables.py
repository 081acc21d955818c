"""Which tables belong to a workspace, and how a row of them is written as JSON and read again."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from django.db import models

from rapport.kernel.access.walls import models_with_workspace

#: What stays behind, with the reason. Everything else with a workspace goes along, also what add-ons bring.
LEFT_OUT = {
    "kernel.ApiToken": "a secret of the old place; its owner makes a new one",
    "kernel.Job": "work of the old place",
    "kernel.Schedule": "made anew at the start",
    "kernel.SearchEntry": "made anew from the records",
    "calendar.CalendarFeed": "a secret address of the old place",
    "calendar.CalendarDevice": "passwords of the old place",
    "calendar.DeviceEntry": "names that programs of the old place gave",
    "web.Invitation": "a secret address of the old place",
    "web.SsoProvider": "its secret is sealed with the key of the old place",
    "imports.ImportRun": "files of the old place",
    "imports.ImportedLine": "files of the old place",
    "imports.ImportRow": "files of the old place",
    "publishing.PublicSite": "its address belongs to the old place; a new one is made, switched off",
    "portal.PortalSite": "its address belongs to the old place; switched on anew",
    "portal.PortalPassword": "a secret of the old place; guests come in by a link and set one anew",
    "portal.PortalLink": "secret addresses of the old place",
    "portal.PortalSession": "browsers signed in at the old place",
    "booking.PublicBooking": "its address belongs to the old place; made anew when the page is saved",
    "booking.Booking": "secret addresses of the old place; the meetings themselves go along",
    "livechat.PublicChat": "its address belongs to the old place; made anew when the chat is saved",
    "livechat.Talk": "conversations that go on in the old place; what was said stands in tickets",
    "webforms.PublicForm": "its address belongs to the old place; made anew when the form is saved",
    "webforms.Submission": "what was sent to the old place",
    "satisfaction.SurveyAsk": "who is about to be asked by mails of the old place; that somebody was asked stands in ratings",
    "satisfaction.ArticleRead": "who read what at the old place lately; nobody is asked about it at the new one",
    "satisfaction.SurveyRound": "how far the old place has come",
    "programs.KeptAnswer": "answers kept for a day",
    "mailroom.MailboxState": "secrets of mailboxes, sealed with the key of the old place",
    "mailroom.OutgoingMail": "mail on its way out of the old place, which would else go twice; what was sent is in the stories",
    "mailroom.AutomaticAnswer": "counts of a day",
    "webhooks.Delivery": "what the old place has sent",
    "telephony.LiveCall": "calls of the last days; what was said stands in activities",
    "service.TicketLook": "who has a ticket open just now",
}


def moved() -> list[type[models.Model]]:
    """The models whose rows go along, in an order that is the same everywhere."""
    found = (model for model, _column in models_with_workspace() if model._meta.label not in LEFT_OUT)
    return sorted(found, key=lambda model: model._meta.label)


def columns(model: type[models.Model]) -> list[models.Field]:
    """The columns written: all but the workspace, the account, and numbers that each database counts for itself."""
    return [
        f for f in model._meta.concrete_fields
        if f.column not in ("workspace_id", "account_id") and not isinstance(f, models.AutoField | models.BigAutoField)
    ]  # fmt: skip


def as_json(value: object) -> object:
    """A value of a column in JSON's words."""
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    return value


def from_json(field: models.Field, value: object) -> object:
    """The value again."""
    if value is None or isinstance(field, models.JSONField):
        return value
    if isinstance(field, models.BinaryField):
        return base64.b64decode(str(value))
    target = field.target_field if field.is_relation else field
    return target.to_python(value)


def rows(model: type[models.Model], workspace_id: UUID, size: int = 1000) -> Iterator[list[dict[str, object]]]:
    """All rows in batches, by primary key, also those in the bin; a batch at a time in memory."""
    names = [f.attname for f in columns(model)]
    pk = model._meta.pk.attname
    last = None
    while True:
        found = model._base_manager.filter(workspace_id=workspace_id).order_by(pk)
        if last is not None:
            found = found.filter(**{f"{pk}__gt": last})
        batch = list(found.values(*dict.fromkeys([pk, *names]))[:size])
        if batch:
            last = batch[-1][pk]
            yield [{name: as_json(row[name]) for name in names} for row in batch]
        if len(batch) < size:
            return
