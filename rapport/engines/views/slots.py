"""Pinned views in the navigation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.engines.views.offered import choices, declared, offered
from rapport.kernel.access import gate
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo


@dataclass(frozen=True)
class Pin:
    """One pinned view."""

    label: str
    url: str
    layout: str = "list"


@slot("menu")
def pinned_views(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """The views the viewer pinned, of types and views that are still theirs to use."""
    chosen = {key: one.pinned for key, one in choices(ctx).items() if one.pinned and key in registry}
    if not chosen:
        return None
    ids = [pk for keys in chosen.values() for pk in map(as_id, keys) if pk is not None]
    saved = {one.pk: one for one in offered(ctx, "", ids=ids)} if ids else {}
    pins = []
    for type_key, keys in chosen.items():
        on_type = registry.get(type_key)
        if not gate.allows(ctx, on_type, "view"):
            continue
        labels = {key: label for key, label, _text in declared(on_type)}
        for key in keys:
            one = saved.get(as_id(key) or UUID(int=0))
            if one is not None:
                part = "board" if one.layout == "board" and on_type.declared.board else ""
                pins.append(Pin(one.name, f"{on_type.url}{part}?view={key}", one.layout))
            elif key in labels:
                pins.append(Pin(labels[key], f"{on_type.url}?view={key}"))
    return Panel(_("Pinned"), "views/pinned.html", {"pins": pins}) if pins else None
