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


#: Kind, label, icon, fields, what the empty box says, the button, the toast; calls and meetings ask what comes then.
_CONTACT = ("body", "happened_at", "minutes", "outcome", "file")
_CALL = ("body", "outcome", "minutes", "direction", "happened_at")
_MAIL = ("subject", "body", "direction", "happened_at", "file")
_NOTE = ("body", "is_pinned", "file")
_KINDS = [
    ("note", _("Note"), "notebook-pen", _NOTE, _("Write a note…"), _("Save note"), _("Note saved.")),
    ("call", _("Call"), "phone", _CALL, _("What was said?"), _("Log call"), _("Call logged.")),
    ("email", _("E-mail"), "mail", _MAIL, _("Paste or sum up the e-mail"), _("Log e-mail"), _("E-mail logged.")),
    ("meeting", _("Meeting"), "calendar", _CONTACT, _("What was agreed?"), _("Log meeting"), _("Meeting logged.")),
    ("visit", _("Visit"), "map-pin", _CONTACT, _("What did you see and agree?"), _("Log visit"), _("Visit logged.")),
]


def _happened(links: dict[str, object]) -> list[ComposerTab]:
    then = FollowUp("task", {"kind": "call", "is_follow_up": True}, ("subject", "due_on"), _("Follow up"))
    return [
        ComposerTab(
            key=kind,
            label=label,
            icon=icon,
            type="activity",
            fields=fields,
            main="body",
            placeholder=words,
            save=save,
            done=done,
            empty=_EMPTY,
            preset={"kind": kind},
            links=links,
            file="file" if "file" in fields else "",
            then=then if kind != "note" else None,
        )
        for kind, label, icon, fields, words, save, done in _KINDS
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
