"""What makes a record type right when it is defined, and who may use it from then on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from rapport.engines.words.models import CustomType, PageLayout, Wording
from rapport.engines.words.types import HEADING
from rapport.kernel.access import gate
from rapport.kernel.access.models import Role
from rapport.kernel.access.setup import round_off
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.records.registry import registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: The rights that "everybody may …" gives each role; the page of roles changes them.
_GIVEN = {
    "see": {"view": "all", "export": "all"},
    "edit": {"view": "all", "create": "all", "edit": "all", "delete": "own", "export": "all", "import": "all"},
}
#: People from outside get nothing that nobody gave them by name.
_OUTSIDE = ("external",)


def check_custom_type(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A key is made once from the name, and is never given again: old records may still stand under it."""
    if record is None:
        slug = re.sub(r"[^a-z0-9]+", "_", fold(str(values.get("key") or values.get("name") or ""))).strip("_")[:36]
        key = "x_" + (slug.removeprefix("x_") or "record")
        rows = CustomType.objects.filter(workspace_id=ctx.workspace.pk)
        if rows.filter(key=key, deleted_at=None).exists():
            raise Invalid(_("There is a record type with this name already; choose another."), field="name")
        taken = set(rows.filter(key__startswith=key).values_list("key", flat=True))
        values["key"] = key if key not in taken else next(k for n in range(2, 1_000) if (k := f"{key}_{n}") not in taken)
    columns = [part.strip() for part in str(values.get("columns") or "").split(",") if part.strip()]
    if columns and record is not None:
        key = record.key  # type: ignore[attr-defined]
        own = CustomField.objects.filter(workspace_id=ctx.workspace.pk, on_type=key, deleted_at=None)
        able = {
            "name",
            "owner",
            "team",
            "external_id",
            "created_at",
            "created_by",
            "updated_at",
            *own.values_list("key", flat=True),
        }
        for column in columns:
            if column not in able:
                raise Invalid(_("There is no field “%(key)s”.") % {"key": column[:60]}, field="columns")


def check_wording(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """It names something that is there, once per language."""

    def wanted(key: str) -> str:
        return str(values.get(key, getattr(record, key, "")) or "")

    on_type, on_field, language = wanted("on_type"), wanted("on_field"), wanted("language")
    if on_type not in registry:
        raise Invalid(_("There is no record type “%(key)s”.") % {"key": on_type[:60]}, field="on_type")
    if on_field.startswith(HEADING):
        _check_heading(ctx, on_type, on_field.removeprefix(HEADING))
    elif on_field and on_field not in gate.fields(ctx, registry.get(on_type)):
        raise Invalid(_("There is no field “%(key)s”.") % {"key": on_field[:60]}, field="on_field")
    if language and language not in dict(settings.LANGUAGES):
        raise Invalid(
            _("A language is one of: %(codes)s; or empty.") % {"codes": ", ".join(dict(settings.LANGUAGES))}, field="language"
        )
    rows = Wording.objects.filter(on_type=on_type, on_field=on_field, language=language, deleted_at=None)
    if rows.exclude(pk=getattr(record, "pk", None)).exists():
        raise Invalid(_("There is a wording for this in this language already; change that one."), field="language")


def _check_heading(ctx: Context, on_type: str, heading: str) -> None:
    """A heading stands in a layout of the type; shipped ones are translated already."""
    rows = PageLayout.objects.filter(workspace_id=ctx.workspace.pk, on_type=on_type, deleted_at=None)
    if not any(f"# {heading}" in row.shown.splitlines() for row in rows):
        raise Invalid(_("No layout of this type has a section “%(name)s”.") % {"name": heading[:60]}, field="on_field")


def open_to_roles(ctx: Context, written: list[Written]) -> None:
    """Give every role of the company what the definition says, once, when the type is made."""
    for one in written:
        row = one.record
        assert isinstance(row, CustomType)
        if one.verb != "create" or row.open_to not in _GIVEN:
            continue
        granted = dict(_GIVEN[row.open_to])
        round_off(granted)
        system = ctx.as_system("own record types")
        for role in Role.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None):
            if "*" not in role.rights and role.key not in _OUTSIDE:
                system.write(role, rights={**role.rights, row.key: granted})
