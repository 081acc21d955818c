"""What follow-up rules make: tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.followups.registry import Work, register_work

if TYPE_CHECKING:
    from rapport.kernel.records.registry import TypeInfo


def links(info: TypeInfo, pk: UUID, values: Mapping[str, object]) -> dict[str, object]:
    """A task points at a customer directly, at anything else as what it is about, and at that one's customer too."""
    if info.key == "customer":
        return {"customer": pk}
    found: dict[str, object] = {"about": (info.key, pk)}
    return {**found, "customer": values["customer"]} if values.get("customer") else found


def fits(info: TypeInfo) -> bool:
    """Rules look at what keeps a next step."""
    return info.key != "task" and "next_step" in info.fields


register_work(
    Work(
        type="task",
        subject="subject",
        kind="kind",
        due_on="due_on",
        due_time="due_time",
        note="note",
        links=links,
        fits=fits,
        extra={"is_follow_up": True},
        reads=("customer",),
    )
)
