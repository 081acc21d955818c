"""Custom fields as Fields: read from their definitions, kept per process while the workspace's schema version stands."""

from __future__ import annotations

from uuid import UUID

from rapport.kernel.access.models import Workspace
from rapport.kernel.custom.models import CustomField
from rapport.kernel.kinds.base import Kind, all_kinds
from rapport.kernel.records.field import Field

#: workspace -> (schema version, type key -> fields). The version is read with the workspace at every request,
#: so another process's change is seen at once; the memory is only a copy.
_cache: dict[UUID, tuple[int, dict[str, dict[str, Field]]]] = {}


def custom_fields(workspace: Workspace, type_key: str) -> dict[str, Field]:
    """The company's own fields of a type, by key, in their order. One query per schema version and process."""
    kept = _cache.get(workspace.pk)
    if kept is None or kept[0] != workspace.schema_version:
        kept = (workspace.schema_version, _read(workspace))
        _cache[workspace.pk] = kept
    return kept[1].get(type_key, {})


def _read(workspace: Workspace) -> dict[str, dict[str, Field]]:
    found: dict[str, dict[str, Field]] = {}
    rows = CustomField.objects.filter(workspace_id=workspace.pk, deleted_at=None).order_by("position", "key")
    for row in rows:
        found.setdefault(row.on_type, {})[row.key] = as_field(row)
    return found


def as_field(row: CustomField) -> Field:
    """The Field a definition describes; its source is a key of the record's custom JSON."""
    kind_class = all_kinds()[row.kind]
    kind = kind_class.from_options(field_options(kind_class, row.choices))
    return Field(
        key=row.key, label=row.label, kind=kind, source="custom", path=f"custom__{row.key}", columns=("custom",),
        required=row.is_required, see=row.field_group, to=getattr(kind, "to", "") or "",
    )  # fmt: skip


def field_options(kind: type[Kind], choices: str) -> dict[str, object]:
    """The options of a custom field's kind, from the lines a person wrote."""
    lines = [line.strip() for line in choices.splitlines() if line.strip()]
    return {"choices": lines} if lines and "choices" in kind.option_names else {}


def forget_custom_fields(workspace: Workspace) -> None:
    """Forget this process's copy (a transaction that added fields was rolled back)."""
    _cache.pop(workspace.pk, None)
