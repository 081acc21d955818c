"""Form controls from fields: sections, labels, what is optional, and the few choices that read better as a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rapport.engines.words.layouts import MORE, Layout, late, shown_label
from rapport.kernel.access import gate
from rapport.kernel.format import capital
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.read import Row, load_titles
from rapport.kernel.query.text import parse
from rapport.kernel.records.declare import Section
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Kinds whose control takes the whole width of a form.
_WIDE = frozenset({"longtext", "markdown", "address", "file", "multichoice", "tags"})
#: A reference to a type that lives in the settings and has at most this many records reads best as a list.
_FEW_RECORDS = 40


@dataclass(frozen=True)
class Control:
    """One field on a form, ready to show."""

    key: str
    name: str
    label: str
    html: SafeString
    error: str
    help: str
    is_optional: bool
    is_wide: bool
    is_box: bool
    #: Shown or needed only while a filter holds; not shown now.
    is_conditional: bool = False
    is_off: bool = False


@dataclass(frozen=True)
class Group:
    """A titled set of controls."""

    label: str
    controls: list[Control]
    is_open: bool = True


def controls(
    ctx: Context,
    fields: Iterable[Field],
    values: Mapping[str, object],
    errors: Mapping[str, str] | None = None,
    *,
    prefix: str = "",
    first: bool = False,
    within: Mapping[str, object] | None = None,
) -> list[Control]:
    """The controls of fields with their values or, where an error came back, with what was typed."""
    chosen = list(fields)
    errors = errors or {}
    plain = [f for f in chosen if not isinstance(values.get(f.key), str)]
    load_titles(ctx, [Row(ctx.workspace.pk, 0, dict(values))], plain)
    found = []
    for at, one in enumerate(chosen):
        # The controls ask the field whether it is required; columns with a default are so without saying it.
        shown = replace(one, key=prefix + one.key)
        error, value = errors.get(one.key, ""), values.get(one.key)
        options = few_options(ctx, one, within or values)
        focus = (first and at == 0 and not errors) or (bool(error) and one.key == next(iter(errors)))
        if options is not None:
            html = select_html(shown, value, options, error=error, autofocus=focus)
        else:
            html = one.kind.widget(shown, value, ctx.format, name=shown.key, error=error, autofocus=focus)
        found.append(
            Control(
                one.key,
                shown.key,
                capital(one.label),
                html,
                error,
                str(one.help or ""),
                not one.required,
                one.kind.key in _WIDE,
                one.kind.key == "yesno",
            )
        )
    return found


def few_options(ctx: Context, field: Field, values: Mapping[str, object]) -> list[tuple[UUID, str, str]] | None:
    """(id, title, group) of what a reference may point at, when that is a short list of the settings, else None."""
    if not field.to or field.to not in registry or field.to in ("user", "team"):
        return None
    info = registry.get(field.to)
    if not info.declared.menu or info.declared.menu[0] != "settings":
        return None
    rows = gate.visible(ctx, info)
    if field.only:
        rows = rows.filter(compile_filter(ctx, info, parse(field.only)))
    parents = [f for f in info.fields.values() if f.to and f.to not in ("user", "team") and f.source == "column"]
    within = next((f for f in parents if isinstance(values.get(f.key), UUID)), None)
    if within is not None:
        rows = rows.filter(**{within.path: values[within.key]})
    order = [*[f"{f.key}__position" for f in parents if "position" in registry.get(f.to).fields]]
    order += [name for name in ("position", "title_key") if name == "title_key" or name in info.fields]
    parent = f"{parents[0].key}__title_key" if parents and within is None else "title_key"
    names = f"{parents[0].key}__{registry.get(parents[0].to).declared.title}" if parents and within is None else "pk"
    got = list(rows.order_by(*order).values_list("pk", info.title_field.path, names, parent)[: _FEW_RECORDS + 1])
    if len(got) > _FEW_RECORDS:
        return None
    groups = {str(row[2]) for row in got}
    return [(row[0], str(row[1]), str(row[2]) if parents and within is None and len(groups) > 1 else "") for row in got]


def select_html(
    field: Field, value: object, options: list[tuple[UUID, str, str]], *, error: str = "", autofocus: bool = False
) -> SafeString:
    """A native list of records, grouped where they belong to several things."""
    chosen = str(value) if value else ""
    groups: dict[str, list[tuple[str, SafeString, str]]] = {}
    for pk, title, group in options:
        groups.setdefault(group, []).append((str(pk), SafeString(" selected" if str(pk) == chosen else ""), title))
    parts = SafeString("")
    for group, rows in groups.items():
        inner = format_html_join("", '<option value="{}"{}>{}</option>', rows)
        parts += format_html('<optgroup label="{}">{}</optgroup>', group, inner) if group else inner
    return format_html(
        '<span class="input{}"><select class="bare" id="f-{}" name="{}"{}{}{}><option value="">{}</option>{}</select></span>',
        " is-err" if error else "",
        field.key,
        field.key,
        SafeString(" required" if field.required else ""),
        SafeString(" autofocus" if autofocus else ""),
        format_html(' aria-invalid="true" aria-describedby="e-{}"', field.key) if error else "",
        _("Choose") if field.required else _("None"),
        parts,
    )


def form_fields(
    info: TypeInfo, settable: Mapping[str, Field], layout: Layout | None = None, *, also: Iterable[str] = ()
) -> list[tuple[str, list[Field]]]:
    """(label, fields) per section of a form: the title first, then the sections of the layout or the declaration, then the
    company's own fields and those that came after the layout. `also` are shown although the layout leaves them out."""
    title, wanted = info.declared.title, set(also)
    parts = sections_in_force(info, layout)
    if title not in {key for _label, keys in parts for key in keys} and parts:
        parts[0][1].insert(0, title)
    placed: set[str] = set()
    found: list[tuple[str, list[Field]]] = []
    for label, keys in parts:
        some = [_needed(info, settable[k]) for k in keys if k in settable and k not in placed]
        placed.update(keys)
        if some:
            found.append((label, some))
    left_out = layout.left_out - wanted if layout else frozenset()
    after = set(late(info, layout, settable)) if layout else set()
    own = [f for k, f in settable.items() if k not in placed and _stands_last(f, k in left_out, k in after or k in wanted)]
    needed = [f for k, f in settable.items() if f.source != "custom" and f.required and k not in placed and f not in own]
    if needed:
        found.insert(0, (_("Needed"), needed)) if not found else found[0][1].extend(needed)
    if own:
        found.append((str(MORE), own))
    return found


def _stands_last(field: Field, is_left_out: bool, is_late: bool) -> bool:
    """Whether a field that no section has stands at the end: own fields unless left out, and whatever came late."""
    return is_late or (field.source == "custom" and (field.required or not is_left_out))


def sections_in_force(info: TypeInfo, layout: Layout | None) -> list[tuple[str, list[str]]]:
    """(label, keys) of the sections of a layout, or of the declaration without one."""
    if layout is not None:
        return [(shown_label(info, label), list(keys)) for label, keys in layout.sections]
    return [(str(part.label), list(part.fields)) for part in info.declared.page if isinstance(part, Section)]


def _needed(info: TypeInfo, field: Field) -> Field:
    """A column that must hold something and has a default is required on a form: there is no "none" to choose."""
    if field.required or field.source != "column" or field.default is None:
        return field
    try:
        column = info.model._meta.get_field(field.key)
    except FieldDoesNotExist:
        return field
    assert isinstance(column, models.Field)
    return replace(field, required=not column.null and not column.blank and field.kind.key != "yesno")


def needed_fields(info: TypeInfo, fields: Iterable[Field]) -> list[Field]:
    """The fields as forms treat them."""
    return [_needed(info, f) for f in fields]
