"""What activities and tasks mean, and how they keep the next step and last contact of their records right."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rapport.kernel.records.declare import RecordType, Section, Timeline, Use
from rapport.kernel.records.registry import record_type
from rapport.modules.activities.models import Activity, ActivityPerson, Task
from rapport.modules.activities.next_step import keep_last_contact, keep_next_step

_TEAM_WORK = {
    "management": "*:all",
    "sales": "view:all create edit:own delete:own export:team import:own",
    "marketing": "view:all create edit:own delete:own",
    "support": "view:all create edit:own delete:own",
    "back_office": "view:all create edit:own delete:own",
    "external": "view:own create edit:own",
}


#: Inviting people to a meeting (modules/meetings).
_MEETINGS = " invite:own tell_invited:own call_off:own take_time:own"


@record_type
class ActivityType(RecordType):
    """Something that happened or will: call, meeting, e-mail, note, visit."""

    model, key, title = Activity, "activity", "subject"
    search = ["subject", "body"]
    uses = {
        "happened_at": Use(default="now"), "owner": Use(default="me"), "recording": Use(see="activities.recordings"),
    }  # fmt: skip
    list_columns = ["subject", "kind", "direction", "customer", "happened_at", "minutes", "outcome", "owner"]
    page = [
        Section(_("Activity"), "kind", "direction", "happened_at", "minutes", "place", "outcome", "customer", "about"),
        Section(_("More"), "body", "file", "recording", "owner", "team"),
    ]
    views = {
        _("All activities"): "| -happened_at",
        _("Mine"): "owner is me | -happened_at",
        _("Calls this week"): "kind is call and happened_at >= today-7d | -happened_at",
    }
    grants = {
        role: text + _MEETINGS * (role != "management") + " +activities.recordings" * (role in ("management", "sales", "support"))
        for role, text in _TEAM_WORK.items()
    }
    menu = ("customers", "history")
    timeline = Timeline(at="happened_at", on=["customer", "about"], icon="sticky-note")
    effects = (keep_last_contact,)


@record_type
class ActivityPersonType(RecordType):
    """A person who took part in an activity."""

    model, key, title = ActivityPerson, "activity_person", "person"
    uses = {"owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True)}
    list_columns = ["activity", "person"]
    page = [Section(_("Participant"), "activity", "person")]
    under = "activity"


@record_type
class TaskType(RecordType):
    """Something to do, with an owner and a due date."""

    model, key, title = Task, "task", "subject"
    search = ["subject"]
    uses = {
        "state": Use(by_action=("done", "reopen"), on_create=True, hues={"open": "acc", "done": "ok"}),
        "done_at": Use(by_action=("done", "reopen"), on_create=True),
        "outcome": Use(by_action="done", on_create=True),
        "reminded_at": Use(hidden=True),
        "owner": Use(default="me"),
    }
    list_columns = ["subject", "kind", "due_on", "customer", "about", "owner", "state"]
    page = [
        Section(_("Task"), "kind", "state", "due_on", "due_time", "customer", "about", "owner"),
        Section(_("More"), "note", "remind_at", "repeats", "repeats_every", "outcome", "done_at", "team"),
    ]
    views = {
        _("My open tasks"): "owner is me and state is open | due_on",
        _("Overdue"): "state is open and due_on < today | due_on",
        _("All open tasks"): "state is open | due_on",
        _("Done"): "state is done | -done_at",
    }
    grants = {
        role: text + (" done:team postpone:team reopen:team" if text and role != "management" else "")
        for role, text in _TEAM_WORK.items()
    }
    menu = ("home", "list-checks")
    timeline = Timeline(at="due_on", on=["customer", "about"], icon="square-check")
    effects = (keep_next_step,)
