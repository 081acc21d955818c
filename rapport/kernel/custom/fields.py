"""Custom fields as Fields: read from their definitions, kept per process while the workspace's schema version stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.kernel.access.models import Workspace
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Kind, all_kinds
from rapport.kernel.records.field import OWN, Field

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Kinds whose values are found by their keys in the value index from the start.
ALWAYS_KEYED = frozenset({"money", "reference", "user", "team"})
#: What a calculated field is made of is an engine's business (`engines/words`), which puts its maker here.
Maker = Callable[[UUID, CustomField, Kind], Field]
calculated_by: list[Maker] = []
#: What an engine makes of all definitions together.
finishers: list[Callable[[Known], None]] = []



class Known:
    """What the definitions of one workspace say: fields by type and key, and the definitions with conditions by type."""

    def __init__(self, rows: Iterable[CustomField]) -> None:
        self.fields: dict[str, dict[str, Field]] = {}
        self.conditional: dict[str, list[CustomField]] = {}
        self.searched: dict[str, list[str]] = {}
        self.calculated: list[CustomField] = []
        #: What engines have worked out from these definitions.
        self.memo: dict[str, object] = {}
        for row in rows:
            self.fields.setdefault(row.on_type, {})[row.key] = as_field(row)
            if row.show_when or row.require_when:
                self.conditional.setdefault(row.on_type, []).append(row)
            if row.formula or row.roll_up:
                self.calculated.append(row)
            if row.in_search:
                self.searched.setdefault(row.on_type, []).append(row.key)


#: workspace -> (schema version, what its definitions say). The version is read with the workspace at every request,
#: so another process's change is seen at once; the memory is only a copy.
_cache: dict[UUID, tuple[int, Known]] = {}


def custom_fields(workspace: Workspace, type_key: str) -> dict[str, Field]:
    """The company's own fields of a type, by key, in their order. One query per schema version and process."""
    return known(workspace.pk, workspace.schema_version).fields.get(type_key, {})


def known(workspace_id: UUID, schema_version: int) -> Known:
    """What the workspace's definitions say."""
    kept = _cache.get(workspace_id)
    if kept is None or kept[0] != schema_version:
        rows = CustomField.objects.filter(workspace_id=workspace_id, deleted_at=None).order_by("position", "id")
        made = Known(rows)
        for finish in finishers:
            finish(made)
        kept = _cache[workspace_id] = (schema_version, made)
    return kept[1]


def as_field(row: CustomField) -> Field:
    """The Field a definition describes; its source is a key of the record's custom JSON, unless it is calculated."""
    kind = kind_for(row)
    if row.formula or row.roll_up:
        return calculated_by[0](row.workspace_id, row, kind)
    keyed = (row.is_fast or row.kind in ALWAYS_KEYED) and not kind.many
    is_fast = keyed and (row.is_indexed or row.kind in ALWAYS_KEYED)
    return Field(
        key=row.key, label=row.label, kind=kind, source="custom", path=f"custom__{row.slot or row.key}", columns=("custom",),
        slot=row.slot,
        sort_path=OWN if is_fast and not kind.many and not getattr(kind, "to", "") else "",
        # Needed only while it is shown: conditions.py sees to that.
        required=row.is_required and not row.show_when, help=row.help_text, see=row.field_group,
        default=_default(row), to=getattr(kind, "to", "") or "", is_keyed=keyed, is_unique=row.is_unique,
        is_fast=is_fast,
    )  # fmt: skip


def kind_for(row: CustomField) -> Kind:
    """The kind of a definition's values, with its options."""
    kind_class = all_kinds()[row.kind]
    return kind_class.from_options(
        field_options(
            kind_class, row.choices, to=row.to_type, decimals=row.decimals, minimum=row.minimum, maximum=row.maximum
        )
    )


def field_options(kind: type[Kind], choices: str, **given: object) -> dict[str, object]:
    """The options of a custom field's kind: choices from the lines a person wrote, the rest as given where the kind has it."""
    rows = read_choices(choices) if "choices" in kind.option_names else []
    found: dict[str, object] = {"choices": [(row.value, row.label) for row in rows]} if rows else {}
    if retired := [row.value for row in rows if row.is_retired]:
        found["retired"] = retired
    return found | {k: x for k, x in given.items() if x not in (None, "") and k in kind.option_names}


@dataclass(frozen=True)
class Choice:
    """One choice of a field: the value that records keep, what it is called now, and whether it is still offered."""

    value: str
    label: str
    is_retired: bool = False


def read_choices(text: str) -> list[Choice]:
    """A choice per line: "Lost"; "Lost => Gone" after it was renamed; with "~ " before it when it is no longer offered."""
    found = []
    for line in (part.strip() for part in text.splitlines()):
        value, arrow, label = (line[2:] if line.startswith("~ ") else line).partition(" => ")
        if value.strip():
            found.append(Choice(value.strip(), label.strip() if arrow else value.strip(), line.startswith("~ ")))
    return found


def write_choices(rows: Iterable[Choice]) -> str:
    """Choices as lines; `read_choices` reads them again."""
    lines = ((row.value if row.label == row.value else f"{row.value} => {row.label}", row.is_retired) for row in rows)
    return "\n".join(f"~ {line}" if is_retired else line for line, is_retired in lines)


def _default(row: CustomField) -> object:
    """The value of a new record: cleaned from what was typed, at the moment it is needed."""
    text = row.default_text.strip()
    if not text or text in ("me", "today", "now"):
        return text or None

    def typed(ctx: Context) -> object:
        try:
            return kind_for(row).parse(text, ctx.cleaning())
        except Invalid:
            return None  # what it names is gone meanwhile, or is not for this viewer: nothing is better than a refusal

    return typed


def forget_custom_fields(workspace: Workspace) -> None:
    """Forget this process's copy (a transaction that added fields was rolled back)."""
    _cache.pop(workspace.pk, None)
