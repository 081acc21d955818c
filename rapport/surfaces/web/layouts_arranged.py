"""An arrangement of fields while somebody works on it: sections, what is not shown, columns; read from a form and moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.words.layouts import MORE, Layout, Sections, late, shipped_sections, shown_label
from rapport.kernel.access import gate
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Inputs of the form that begin something; every other input is the key of a field.
SECTION, TRAY, COLUMNS, OTHERS = "#", "-", "|", "."


@dataclass
class Arrangement:
    """Where every field stands for whoever arranges them."""

    sections: Sections = field(default_factory=list)
    tray: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def left_out(self, ctx: Context, info: TypeInfo) -> list[str]:
        """Of what is not shown, those fields that would stand on the page without a layout; the rest need no word."""
        shipped = {key for _label, keys in shipped_sections(ctx, info) for key in keys}
        own = {key for key, one in info.fields.items() if one.source == "custom"}
        return [key for key in self.tray if key in shipped or key in own]

    def with_unseen(self, ctx: Context, info: TypeInfo, before: Layout | None) -> Arrangement:
        """With the fields that stood in the layout and whoever saves it may not see: they stay where they stood."""
        if before is None:
            return self
        seen = set(gate.fields(ctx, info))
        sections = [(label, list(keys)) for label, keys in self.sections] or [("", [])]
        for at, (_label, keys) in enumerate(before.sections):
            sections[min(at, len(sections) - 1)][1].extend(key for key in keys if key in info.fields and key not in seen)
        gone = [key for key in sorted(before.left_out) if key in info.fields and key not in seen]
        columns = [key for key in before.columns if key in info.fields and key not in seen]
        return replace(self, sections=sections, tray=[*self.tray, *gone], columns=[*self.columns, *columns])


def arranged(ctx: Context, info: TypeInfo, layout: Layout | None) -> Arrangement:
    """How it stands now: by a layout, or as it was shipped."""
    every = gate.fields(ctx, info)
    if layout is None:
        sections = shipped_sections(ctx, info)
    else:
        sections = [(shown_label(info, label), [k for k in keys if k in every]) for label, keys in layout.sections]
        if after := late(info, layout, every):
            sections.append((str(MORE), after))
    placed = {key for _label, keys in sections for key in keys}
    columns = [key for key in (layout.columns if layout else ()) if key in every]
    columns = columns or [key for key in info.declared.list_columns if key in every]
    return Arrangement(
        sections, [key for key in every if key not in placed], columns, [key for key in every if key not in columns]
    )


def read_arrangement(ctx: Context, info: TypeInfo, items: Sequence[str]) -> Arrangement:
    """The arrangement that a form posted; a field that came meanwhile stands at the end."""
    every, now = gate.fields(ctx, info), Arrangement()
    to, rest = now.tray, iter(items)
    for item in rest:
        if item == SECTION:
            now.sections.append((next(rest, "").strip(), []))
            to = now.sections[-1][1]
        elif item in (TRAY, COLUMNS, OTHERS):
            to = {TRAY: now.tray, COLUMNS: now.columns, OTHERS: now.others}[item]
        elif item in every and item not in to:
            to.append(item)
    placed = {key for _label, keys in now.sections for key in keys} | set(now.tray)
    shipped = [key for _label, keys in shipped_sections(ctx, info) for key in keys if key not in placed]
    if shipped:
        now.sections.append((str(MORE), shipped))
    now.tray += [key for key in every if key not in placed and key not in shipped]
    now.others += [key for key in every if key not in now.columns and key not in now.others]
    return now


def moved(now: Arrangement, wanted: str) -> Arrangement:
    """The arrangement after a button: "up:form:amount", "away:list:owner", "down:section:0", "add"."""
    verb, _colon, rest = wanted.partition(":")
    place, _colon, what = rest.partition(":")
    if verb == "add":
        now.sections.append((_("New section"), []))
    elif place == "section" and what.isdigit() and int(what) < len(now.sections):
        _move_section(now, verb, int(what))
    elif place == "form":
        blocks = [keys for _label, keys in now.sections] + [now.tray]
        move_key(blocks, verb, what)
    elif place == "list":
        move_key([now.columns, now.others], verb, what)
    return now


def _move_section(now: Arrangement, verb: str, at: int) -> None:
    sections = now.sections
    other = {"up": at - 1, "down": at + 1}.get(verb, -1)
    if 0 <= other < len(sections):
        sections[at], sections[other] = sections[other], sections[at]
    elif verb == "drop" and len(sections) > 1:
        _label, keys = sections.pop(at)
        sections[max(at - 1, 0)][1].extend(keys)


def move_key(blocks: list[list[str]], verb: str, key: str) -> None:
    """One place up or down, over the edge of its block into the next; away to the last block, or back into the one before."""
    at = next((n for n, keys in enumerate(blocks) if key in keys), None)
    if at is None:
        return
    keys = blocks[at]
    place = keys.index(key)
    if verb == "up" and place:
        keys.insert(place - 1, keys.pop(place))
    elif verb == "down" and place < len(keys) - 1:
        keys.insert(place + 1, keys.pop(place))
    elif verb == "up" and at:
        blocks[at - 1].append(keys.pop(place))
    elif verb == "down" and at < len(blocks) - 1:
        blocks[at + 1].insert(0, keys.pop(place))
    elif verb == "away":
        blocks[-1].insert(0, keys.pop(place))
    elif verb == "back":
        blocks[-2].append(keys.pop(place))
