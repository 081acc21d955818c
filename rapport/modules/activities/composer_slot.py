"""The composer of every record that activities can be about: note, call, e-mail, meeting, visit, task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from rapport.kernel.slots import Panel, slot
from rapport.kernel.slots.composing import ComposerTab, FollowUp

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

#: Types whose own pages have no composer: what is written down, and the settings.
_NOT_ON = ("activity", "activity_person", "task")
_EMPTY = _("Write what happened; one line is enough.")


@slot("record.composer")
def compose_about(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Tabs for customers and for everything that keeps a next step."""
    if info is None or record is None or info.key in _NOT_ON or "next_step" not in info.fields:
        return None
    links = links_to(info, record)
    return Panel(_("Write it down"), "", {"tabs": [*_happened(links), _task(links)]})


def links_to(info: TypeInfo, record: Record) -> dict[str, object]:
    """How an activity or a task points at a record: a customer directly, anything else as what it is about."""
    if info.key == "customer":
        return {"customer": record.pk}
    links: dict[str, object] = {"about": (info.key, record.pk)}
    if "customer" in info.fields and getattr(record, "customer_id", None):
        links["customer"] = record.customer_id  # type: ignore[attr-defined]
    return links


def _happened(links: dict[str, object]) -> list[ComposerTab]:
    then = FollowUp("task", {"kind": "call", "is_follow_up": True}, ("subject", "due_on"), _("Follow up"))
    contact = ("body", "happened_at", "minutes", "outcome", "file")
    return [
        ComposerTab(
            "note",
            _("Note"),
            "notebook-pen",
            "activity",
            ("body", "is_pinned", "file"),
            "body",
            _("Write a note…"),
            _("Save note"),
            _("Note saved."),
            _EMPTY,
            {"kind": "note"},
            links,
            "file",
        ),
        ComposerTab(
            "call",
            _("Call"),
            "phone",
            "activity",
            ("body", "outcome", "minutes", "direction", "happened_at"),
            "body",
            _("What was said?"),
            _("Log call"),
            _("Call logged."),
            _EMPTY,
            {"kind": "call"},
            links,
            "",
            then,
        ),
        ComposerTab(
            "email",
            _("E-mail"),
            "mail",
            "activity",
            ("subject", "body", "direction", "happened_at", "file"),
            "body",
            _("Paste or sum up the e-mail"),
            _("Log e-mail"),
            _("E-mail logged."),
            _EMPTY,
            {"kind": "email"},
            links,
            "file",
            then,
        ),
        ComposerTab(
            "meeting",
            _("Meeting"),
            "calendar",
            "activity",
            contact,
            "body",
            _("What was agreed?"),
            _("Log meeting"),
            _("Meeting logged."),
            _EMPTY,
            {"kind": "meeting"},
            links,
            "file",
            then,
        ),
        ComposerTab(
            "visit",
            _("Visit"),
            "map-pin",
            "activity",
            contact,
            "body",
            _("What did you see and agree?"),
            _("Log visit"),
            _("Visit logged."),
            _EMPTY,
            {"kind": "visit"},
            links,
            "file",
            then,
        ),
    ]


def _task(links: dict[str, object]) -> ComposerTab:
    return ComposerTab(
        "task",
        _("Task"),
        "square-check-big",
        "task",
        ("subject", "due_on", "due_time", "kind", "owner"),
        "subject",
        _("What is to be done?"),
        _("Add task"),
        _("Task added."),
        _("Write what is to be done."),
        {},
        links,
    )
