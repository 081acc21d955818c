"""The record types of the daily work as a list in the settings, with how many definitions each has."""

from __future__ import annotations

from collections import Counter

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.records.registry import TypeInfo, registry


def type_lines(ctx: Context, defined: TypeInfo) -> list[tuple[TypeInfo, str, int]]:
    """(type, icon, how many) for each type that this viewer sees and that people work with, or that has a definition of the
    given type (`on_type`) already."""
    counted = Counter(gate.visible(ctx, defined).values_list("on_type", flat=True))
    types = [
        info for info in registry.all()
        if gate.allows(ctx, info, "view") and (info.key in counted or (info.declared.menu or ("settings",))[0] != "settings")
    ]  # fmt: skip
    return [(info, info.declared.menu[1] if info.declared.menu else "file-text", counted[info.key]) for info in types]
