"""What an invited person means: they belong to their meeting, and their answers stand in stories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.timeline.read import Told, tells
from rapport.kernel.access import gate
from rapport.kernel.records.declare import RecordType, Section, Timeline, Use
from rapport.kernel.records.registry import record_type, registry
from rapport.modules.meetings.models import MeetingGuest

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record


def check_guest(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """An address is kept in lower case; without a name it is the name."""
    guest = cast("MeetingGuest | None", record)
    if "address" in values:
        values["address"] = str(values["address"] or "").strip().lower()
    if not (values.get("name") or (guest and guest.name)):
        values["name"] = str(values.get("address") or (guest.address if guest else ""))[:120]


@record_type
class MeetingGuestType(RecordType):
    """Somebody who is invited to a meeting."""

    model, key, title = MeetingGuest, "meeting_guest", "name"
    uses = {
        **dict.fromkeys(("activity", "address", "person", "colleague"), Use(fixed=True)),
        "answer": Use(readonly=True, hues={"accepted": "ok", "declined": "bad", "tentative": "warn", "proposed": "warn",
                                           "waiting": "grey"}),
        **dict.fromkeys(("answered_at", "comment", "proposed_at", "proposed_minutes", "revision"), Use(readonly=True)),
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True),
    }  # fmt: skip
    list_columns = ["name", "address", "activity", "answer", "answered_at"]
    page = [
        Section(_("Invited person"), "activity", "name", "address", "person", "colleague"),
        Section(_("Answer"), "answer", "answered_at", "comment", "proposed_at", "proposed_minutes"),
    ]
    under = "activity"
    timeline = Timeline(at="answered_at", on=["person", "activity"], icon="calendar-check")
    checks = (check_guest,)


@tells("meeting_guest")
def who_answered_what(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, Told]:
    """“Jo accepted”: as far as this viewer may see it."""
    info = registry.get("meeting_guest")
    rows = gate.visible(ctx, info).filter(pk__in=ids).select_related("activity")
    return {one.pk: Told(answer_words(one.name, one.answer), _body(one), one.name) for one in rows}


def _body(guest: MeetingGuest) -> str:
    return "\n".join(one for one in (guest.activity.subject, guest.comment) if one)


def answer_words(name: str, answer: str) -> str:
    """An answer as a sentence."""
    words = {
        "accepted": _t("%(name)s accepted"), "declined": _t("%(name)s declined"), "tentative": _t("%(name)s may come"),
        "proposed": _t("%(name)s proposes another time"),
    }.get(answer, _t("%(name)s has not answered yet"))  # fmt: skip
    return words % {"name": name}
