"""Page layouts: which fields stand where for a role. A layout arranges what the viewer may see; it never widens it.

The role's own layout counts, else the one for all roles, else the declaration. A field that the declaration shows and no
layout names (a module or the workspace added it later) is never lost: pages show it at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from rapport.engines.words.models import PageLayout
from rapport.engines.words.types import headings, pick
from rapport.kernel.access import gate
from rapport.kernel.custom.fields import known
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.format import capital
from rapport.kernel.records.declare import Section
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: The section of fields that no section names.
MORE = gettext_lazy("More about it")
_LONGEST_LABEL, _MOST = 80, 400

Sections = list[tuple[str, list[str]]]


@dataclass(frozen=True)
class Layout:
    """One layout, read: sections with the keys of their fields, what is left out, the columns of a fresh list."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]
    left_out: frozenset[str]
    columns: tuple[str, ...]

    @property
    def named(self) -> set[str]:
        """Every field that somebody gave a place, or none on purpose."""
        return {key for _label, keys in self.sections for key in keys} | self.left_out


def layout_of(ctx: Context, info: TypeInfo) -> Layout | None:
    """The layout that counts for the viewer; None is the declaration. No query while the workspace's words stand."""
    found = _layouts(ctx)
    role = ctx.viewer.role_id
    return (found.get((info.key, role)) if role else None) or found.get((info.key, None))


def shown_fields(ctx: Context, info: TypeInfo) -> Mapping[str, Field]:
    """The fields that headers, cards and panels may show: what the viewer may see, less what their layout leaves out."""
    every, layout = gate.fields(ctx, info), layout_of(ctx, info)
    if layout is None or not layout.left_out:
        return every
    return {key: field for key, field in every.items() if key not in layout.left_out or key == info.declared.title}


def _layouts(ctx: Context) -> Mapping[tuple[str, UUID | None], Layout]:
    if ctx.workspace.schema_version == 1:
        return {}  # nobody has defined anything
    memo = known(ctx.workspace.pk, ctx.workspace.schema_version).memo
    if "layouts" not in memo:
        rows = PageLayout.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None).order_by("-id")
        memo["layouts"] = {(row.on_type, row.role_id): read_layout(row) for row in rows}
    return memo["layouts"]  # type: ignore[return-value]


def read_layout(row: PageLayout) -> Layout:
    """A row as a Layout."""
    sections = tuple((label, tuple(keys)) for label, keys in read_sections(row.shown))
    return Layout(sections, frozenset(split_keys(row.left_out)), tuple(split_keys(row.columns)))


def read_sections(text: str) -> Sections:
    """Sections from their lines; fields before the first heading are a section without a name."""
    found: Sections = []
    for line in (part.strip() for part in text.splitlines()):
        if line.startswith("#"):
            found.append((line[1:].strip()[:_LONGEST_LABEL], []))
        elif line:
            if not found:
                found.append(("", []))
            found[-1][1].append(line)
    return found


def write_sections(sections: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Sections as lines; `read_sections` reads them again."""
    return "\n".join("\n".join([f"# {label}".strip(), *keys]) for label, keys in sections)


def split_keys(text: str) -> list[str]:
    """Keys with commas."""
    return [key for part in text.replace("\n", ",").split(",") if (key := part.strip())]


# -- labels: a shipped heading is kept in English, and read in the language of whoever looks --------------------------


def shown_label(info: TypeInfo, label: str) -> str:
    """A heading in the language in force: a shipped one translated, one of the company's own by its wording."""
    said = headings(info.key).get(label)
    return pick(said, label) if said else str(_english(info).get(label, label))


def is_own_heading(info: TypeInfo, label: str) -> bool:
    """Whether a heading is the company's own and no shipped one."""
    return label not in _english(info)


def kept_label(info: TypeInfo, label: str) -> str:
    """A heading as it is kept: a shipped one in English, so that it goes on being translated."""
    typed = " ".join(label.split())[:_LONGEST_LABEL].lstrip("# ")
    own = next((kept for kept, said in headings(info.key).items() if capital(pick(said, kept)) == capital(typed)), None)
    return own or next((english for english, shown in _english(info).items() if capital(str(shown)) == capital(typed)), typed)


def _english(info: TypeInfo) -> dict[str, object]:
    labels = [part.label for part in info.declared.page if isinstance(part, Section)]
    with override("en"):
        return {str(label): label for label in [*labels, MORE]}


# -- how it looks without a layout ------------------------------------------------------------------------------------


def shipped_sections(ctx: Context, info: TypeInfo) -> Sections:
    """The sections of the declaration with the fields this viewer may see; own fields that no section names at the end."""
    readable, placed = gate.fields(ctx, info), set[str]()
    title, found = info.declared.title, list[tuple[str, list[str]]]()
    for part in info.declared.page:
        if isinstance(part, Section):
            keys = [key for key in part.fields if key in readable and key not in placed]
            placed.update(keys)
            found.append((str(part.label), keys))
    if title in readable and title not in placed:
        if found:
            found[0][1].insert(0, title)
        else:
            found.append((str(MORE), [title]))
        placed.add(title)
    own = [key for key, field in readable.items() if field.source == "custom" and key not in placed]
    return [*found, (str(MORE), own)] if own else found


def late(info: TypeInfo, layout: Layout, keys: Iterable[str]) -> list[str]:
    """Those of the fields that the layout does not name and the declaration shows: they came after it."""
    declared = {key for part in info.declared.page if isinstance(part, Section) for key in part.fields}
    own = {key for key, field in info.fields.items() if field.source == "custom"}
    return [key for key in keys if key not in layout.named and (key in declared or key in own)]


# -- what a layout must be -------------------------------------------------------------------------------------------


def check_page_layout(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """It names fields there are, once each, hides nothing that must be filled in, and stands once per type and role."""
    on_type = str(values.get("on_type", getattr(record, "on_type", "")) or "")
    if on_type not in registry:
        raise Invalid(_("There is no record type “%(key)s”.") % {"key": on_type[:60]}, field="on_type")
    info = registry.get(on_type)
    role = values.get("role", getattr(record, "role_id", None))
    rows = PageLayout.objects.filter(workspace_id=ctx.workspace.pk, on_type=on_type, role_id=role, deleted_at=None)
    if rows.exclude(pk=getattr(record, "pk", None)).exists():
        raise Invalid(_("There is a layout for this role already; change that one."), field="role")
    _check_keys(ctx, info, record, values)
    if "shown" in values or "left_out" in values:
        _check_needed(ctx, info, record, values)


def _check_keys(ctx: Context, info: TypeInfo, record: Record | None, values: dict[str, object]) -> None:
    """Only fields there are for whoever writes; those that stand in the layout already may stay."""
    able = set(gate.fields(ctx, info))
    for name in ("shown", "left_out", "columns"):
        if name not in values:
            continue
        before, given = (_keys(name, str(text or "")) for text in (getattr(record, name, ""), values[name]))
        if len(given) > _MOST:
            raise Invalid(_("A layout names %(most)d fields at most.") % {"most": _MOST}, field=name)
        unknown = next((key for key in given if key not in able and key not in before), None)
        if unknown is not None:
            raise Invalid(_("There is no field “%(key)s”.") % {"key": unknown[:60]}, field=name)
        if len(set(given)) < len(given):
            raise Invalid(_("Each field has one place; one of them stands twice."), field=name)
        if name != "shown":
            values[name] = ",".join(given)


def _keys(name: str, text: str) -> list[str]:
    return [key for _label, keys in read_sections(text) for key in keys] if name == "shown" else split_keys(text)


def _check_needed(ctx: Context, info: TypeInfo, record: Record | None, values: Mapping[str, object]) -> None:
    def text(name: str) -> str:
        return str(values.get(name, getattr(record, name, "")) or "")

    shown, left = set(_keys("shown", text("shown"))), _keys("left_out", text("left_out"))
    if both := next((key for key in left if key in shown), None):
        raise Invalid(_("“%(key)s” is shown and left out; choose one.") % {"key": both[:60]}, field="left_out")
    needed = needed_keys(ctx, info)
    for key in left:
        if key in needed:
            raise Invalid(
                _("“%(label)s” must be filled in, so it cannot be left out. Put it into a section, or make it optional first.")
                % {"label": capital(str(info.fields[key].label))},
                field="left_out",
            )


def needed_keys(ctx: Context, info: TypeInfo) -> set[str]:
    """Fields that a new record must have, always or while a condition holds."""
    found = {key for key, field in info.fields.items() if field.required and field.settable(creating=True)}
    rows = CustomField.objects.filter(workspace_id=ctx.workspace.pk, on_type=info.key, deleted_at=None)
    return found | {row.key for row in rows if row.key in info.fields and (row.is_required or row.require_when)}
