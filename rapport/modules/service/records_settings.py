"""What the settings of service mean: hours and holidays, promises, queues and who works in them, saved replies, causes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.clocks.typed import DAYS, spans
from rapport.kernel.errors import Invalid
from rapport.kernel.records.declare import RecordType, Related, Section, Use
from rapport.kernel.records.registry import record_type
from rapport.modules.service.mail_queues import begin_mail
from rapport.modules.service.models import (
    ComplaintCause,
    Holiday,
    Queue,
    QueueMember,
    SavedReply,
    ServiceHours,
    ServiceLevel,
    ServicePromise,
)
from rapport.modules.service.placeholders import unknown_in
from rapport.modules.service.policy import recompute_after

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: Everybody who works with tickets reads these, management writes them.
_SETTINGS = {
    "management": "*:all", "sales": "view:all", "marketing": "view:all", "support": "view:all", "back_office": "view:all",
}  # fmt: skip
_BOOKKEEPING = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}


def check_hours(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """Hours can be read, and the zone is one."""
    for day in DAYS:
        if values.get(day):
            try:
                spans(str(values[day]))
            except Invalid as wrong:
                raise Invalid(wrong.sentence, code="hours", field=day) from wrong
    zone = values.get("zone")
    if zone and zone not in available_timezones():
        sentence = _t("“%(zone)s” is no time zone; write one such as Europe/Dublin.") % {"zone": str(zone)[:40]}
        raise Invalid(sentence, code="zone", field="zone")


def check_away(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """Nobody is back before they left."""
    first, last = (values.get(key, getattr(record, key, None)) for key in ("away_from", "away_until"))
    if first and last and last < first:  # type: ignore[operator]
        raise Invalid(_t("The last day away is before the first."), code="away", field="away_until")


def check_saved_reply(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """Every placeholder is one there is."""
    wrong = unknown_in(str(values.get("body") or ""))
    if wrong:
        sentence = _t("“%(word)s” is no placeholder; the hint beside the text names those there are.") % {"word": wrong[:60]}
        raise Invalid(sentence, code="placeholder", field="body")


def check_queue(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A mailbox feeds one queue; the receipt holds placeholders there are."""
    wrong = unknown_in(str(values.get("receipt") or ""))
    if wrong:
        sentence = _t("“%(word)s” is no placeholder; the hint beside the text names those there are.") % {"word": wrong[:60]}
        raise Invalid(sentence, code="placeholder", field="receipt")
    mailbox = values.get("mailbox")
    others = Queue.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None, mailbox_id=mailbox)  # type: ignore[misc]
    if mailbox and others.exclude(pk=record.pk if record else None).exists():
        raise Invalid(_t("Another queue takes the mail of this mailbox; choose another mailbox."), code="twice", field="mailbox")


@record_type
class ServiceHoursType(RecordType):
    """When somebody is there, week by week."""

    model, key, title = ServiceHours, "service_hours", "name"
    uses = _BOOKKEEPING
    list_columns = ["name", "zone", *DAYS]
    page = [Section(_("Service hours"), "name", "zone", *DAYS), Related("holiday", "hours", ["name", "day"])]
    grants = _SETTINGS
    menu = ("settings", "clock")
    checks = (check_hours,)
    effects = (recompute_after,)


@record_type
class HolidayType(RecordType):
    """A day on which nobody is there."""

    model, key, title = Holiday, "holiday", "name"
    uses = _BOOKKEEPING
    list_columns = ["day", "name", "hours"]
    page = [Section(_("Holiday"), "hours", "name", "day")]
    under = "hours"
    effects = (recompute_after,)


@record_type
class ServiceLevelType(RecordType):
    """What is promised, within which hours."""

    model, key, title = ServiceLevel, "service_level", "name"
    uses = {**_BOOKKEEPING, "hours": Use(keeps=True)}
    list_columns = ["name", "hours"]
    page = [
        Section(_("Service level"), "name", "hours"),
        Related("service_promise", "level", ["priority", "reply_minutes", "solve_minutes"]),
    ]
    grants = _SETTINGS
    menu = ("settings", "timer")
    effects = (recompute_after,)


@record_type
class ServicePromiseType(RecordType):
    """How soon tickets of a priority are answered and solved."""

    model, key, title = ServicePromise, "service_promise", "priority"
    uses = _BOOKKEEPING
    list_columns = ["level", "priority", "reply_minutes", "solve_minutes"]
    page = [Section(_("Promise"), "level", "priority", "reply_minutes", "solve_minutes")]
    under = "level"
    effects = (recompute_after,)


@record_type
class QueueType(RecordType):
    """Where tickets of one sort wait."""

    model, key, title = Queue, "queue", "name"
    uses = {
        **_BOOKKEEPING,
        "level": Use(keeps=True), "mailbox": Use(keeps=True, only="kind is shared"), "mail_since": Use(readonly=True),
    }  # fmt: skip
    list_columns = ["name", "position", "level", "lead", "gives", "mailbox"]
    page = [
        Section(_("Queue"), "name", "position", "level", "lead", "gives"),
        Section(_("Promises"), "warn_minutes", "raises", "reopen_days", "complaint_days"),
        Section(_("By mail"), "mailbox", "mail_since", "receipt"),
        Section(_("In the portal"), "in_portal", "portal_name"),
        Related("queue_member", "queue", ["person", "skills", "away_from", "away_until"]),
    ]
    grants = _SETTINGS
    menu = ("settings", "inbox")
    checks = (check_queue,)
    effects = (recompute_after, begin_mail)


@record_type
class QueueMemberType(RecordType):
    """Somebody who works in a queue."""

    model, key, title = QueueMember, "queue_member", "person"
    uses = {**_BOOKKEEPING, "given_at": Use(readonly=True)}
    list_columns = ["queue", "person", "skills", "away_from", "away_until"]
    page = [Section(_("Queue member"), "queue", "person", "skills", "away_from", "away_until", "given_at")]
    under = "queue"
    checks = (check_away,)


@record_type
class SavedReplyType(RecordType):
    """A text that is written often."""

    model, key, title = SavedReply, "saved_reply", "name"
    search = ["name", "body"]
    uses = _BOOKKEEPING
    list_columns = ["name", "queue", "then", "priority", "tags"]
    page = [Section(_("Saved reply"), "name", "body", "queue"), Section(_("Afterwards"), "then", "priority", "tags")]
    grants = {**_SETTINGS, "support": "*:all"}
    menu = ("settings", "zap")
    checks = (check_saved_reply,)


@record_type
class ComplaintCauseType(RecordType):
    """Why customers complain."""

    model, key, title = ComplaintCause, "complaint_cause", "name"
    uses = _BOOKKEEPING
    list_columns = ["name", "position"]
    page = [
        Section(_("Cause of complaints"), "name", "position"),
        Related("complaint", "cause", ["ticket", "step", "answer_by", "made_good_by", "amount"]),
    ]
    grants = _SETTINGS
    menu = ("settings", "list-tree")
