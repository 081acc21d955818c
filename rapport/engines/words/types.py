"""Types as the workspace in force has them: its own ones, and shipped ones that its own fields reach.

A type of the company's own is a proxy of one table with a declaration made from its row; from there on nothing tells it
from a shipped one. Kept per process under the workspace's schema version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from uuid import UUID

from django.apps.registry import Apps
from django.db import models
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from rapport.engines.words.models import CustomRecord, CustomType, Wording
from rapport.kernel.access.current import note_schema, noted_schema, workspace_in_force
from rapport.kernel.access.models import Workspace
from rapport.kernel.custom.fields import Known, known
from rapport.kernel.records.declare import Board, RecordType, Related, Section, Timeline, Use
from rapport.kernel.records.derive import derive_fields
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import GuardedManager
from rapport.kernel.records.registry import Relation, TypeInfo, registry

Types = Mapping[str, TypeInfo]
_models: dict[str, type[CustomRecord]] = {}
_building: ContextVar[bool] = ContextVar("rapport_building_types", default=False)
#: Proxies live apart from Django's list of models: they come and go with what companies define, and have no table.
_apart = Apps()
#: Fields of the base that are no news in a section of a page.
_BASE = ("owner", "team", "external_id", "created_at", "created_by", "updated_at")
#: Kinds of a user's or a team's own field lead nowhere that would list them.
_PEOPLE = ("user", "team")
#: What a wording names a heading of a layout by: "# About them".
HEADING = "# "


class TypedManager(GuardedManager):
    """Sees the rows of one type in the workspace in force."""

    def get_queryset(self) -> models.QuerySet:
        """Rows of the type."""
        return super().get_queryset().filter(type_key=self.model.own_type)


def overlay() -> Types:
    """What the workspace in force adds to the shipped types; no query once this process knows its version."""
    workspace_id = workspace_in_force()
    if workspace_id is None or _building.get():
        return {}
    version = noted_schema()
    if version is None:
        found = Workspace.objects.filter(pk=workspace_id).only("schema_version").first()
        if found is None:
            return {}
        note_schema(found)
        version = found.schema_version
    if version == 1:
        return {}  # nobody has defined anything
    token = _building.set(True)
    try:
        own = known(workspace_id, version)
        if "types" not in own.memo:
            own.memo["types"] = _build(workspace_id, own)
    finally:
        _building.reset(token)
    return own.memo["types"]  # type: ignore[return-value]


registry.overlay = overlay


def model_for(key: str) -> type[CustomRecord]:
    """The model of a type's records: one per key and process, whatever workspaces call it."""
    if key not in _models:
        meta = type(
            "Meta", (), {"proxy": True, "app_label": "words", "apps": _apart, "base_manager_name": "objects",
                         "default_manager_name": "objects"},
        )  # fmt: skip
        body = {
            "__module__": __name__, "__doc__": "Records of one own type.", "Meta": meta, "objects": TypedManager(),
            "own_type": key, "fixed_columns": {"type_key": key},
        }  # fmt: skip
        _models[key] = type("".join(part.title() for part in key.split("_")), (CustomRecord,), body)
    return _models[key]


def _build(workspace_id: UUID, own: Known) -> Types:
    """The types of a workspace."""
    shipped = registry.shipped()
    rows = list(CustomType.objects.filter(workspace_id=workspace_id, deleted_at=None).exclude(key="").order_by("id"))
    models_of = {info.model: key for key, info in shipped.items()}
    found = {row.key: _own_type(row, own, models_of) for row in rows}
    for key, more in own.fields.items():
        if key in shipped:
            found[key] = replace(shipped[key], fields={**shipped[key].fields, **more}, declared=_searching(shipped[key], own))
    _rename(workspace_id, own, found, shipped)
    for key in list(found):
        for field in list(found[key].fields.values()):
            if field.source == "custom" and field.to and field.to not in _PEOPLE:
                _relate(found, shipped, key, field.key, field.to)
    return found


def _rename(workspace_id: UUID, own: Known, found: dict[str, TypeInfo], shipped: Types) -> None:
    """Call types and fields what the company calls them, in the language of whoever looks."""
    texts: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    said_headings: dict[str, dict[str, dict[str, str]]] = {}
    for row in Wording.objects.filter(workspace_id=workspace_id, deleted_at=None).order_by("id"):
        texts.setdefault((row.on_type, row.on_field), {})[row.language] = (row.name, row.several or row.name)
        if row.on_field.startswith(HEADING):
            heading = row.on_field.removeprefix(HEADING)
            said_headings.setdefault(row.on_type, {}).setdefault(heading, {})[row.language] = row.name
    own.memo["headings"] = said_headings
    for (type_key, field_key), said in texts.items():
        if field_key.startswith(HEADING):
            continue
        info = found.get(type_key) or shipped.get(type_key)
        if info is None:
            continue
        if not field_key:
            one = {language: _lower(pair[0]) for language, pair in said.items()}
            several = {language: _lower(pair[1]) for language, pair in said.items()}
            found[type_key] = replace(info, label=_said(one, info.label), plural=_said(several, info.plural))
        elif field_key in info.fields:
            names = {language: pair[0] for language, pair in said.items()}
            field = info.fields[field_key]
            fields = {**info.fields, field_key: replace(field, label=_said(names, field.label))}
            found[type_key] = replace(info, fields=fields)


def headings(type_key: str) -> Mapping[str, Mapping[str, str]]:
    """What headings of layouts of a type are called, by language; no query once this process knows the definitions."""
    overlay()
    workspace_id, version = workspace_in_force(), noted_schema()
    if workspace_id is None or version in (None, 1):
        return {}
    found = known(workspace_id, version).memo.get("headings", {})  # type: ignore[arg-type]
    return found.get(type_key, {})  # type: ignore[attr-defined]


def pick(texts: Mapping[str, str], shipped: object) -> str:
    """The text in the language in force, else that for every other language, else the shipped one."""
    language = get_language() or "en"
    return texts.get(language) or texts.get(language[:2]) or texts.get("") or str(shipped)


_said = lazy(pick, str)


def _searching(info: TypeInfo, own: Known) -> type[RecordType]:
    """The declaration of a shipped type whose search finds own fields too, and that has a board by one of them."""
    changed: dict[str, object] = {}
    if more := own.searched.get(info.key, []):
        changed["search"] = [*info.declared.search, *more]
    if info.declared.board is None and info.declared.menu and info.declared.menu[0] != "settings":
        changed["board"] = _board(own.fields[info.key], info.declared.list_columns)
    return type(info.declared.__name__, (info.declared,), _words(info, **changed)) if any(changed.values()) else info.declared


def _board(more: Mapping[str, Field], columns: Sequence[str]) -> Board | None:
    """A board by the first own choice; the page lets people pick another one."""
    by = next((key for key, field in more.items() if field.source == "custom" and field.kind.key == "choice"), None)
    return Board(by=by, card=list(columns)) if by else None


def _words(info: TypeInfo, **changed: object) -> dict[str, object]:
    return {"__doc__": info.declared.__doc__, "__module__": info.declared.__module__, **changed}


def _relate(found: dict[str, TypeInfo], shipped: Types, key: str, field: str, to: str) -> None:
    """Let the type pointed at know of it: in the grammar, on its page and in its story."""
    target = found.get(to) or shipped.get(to)
    if target is None:
        return
    name = f"{key}_{field}"
    columns = [one for one in found[key].declared.list_columns if one != field][:3]
    parts = [*target.declared.page, Related(key, field, columns, label=_label_of(found, key, field))]
    made = replace(
        target, relations={**target.relations, name: Relation(name, found[key], field)},
        declared=type(target.declared.__name__, (target.declared,), _words(target, page=parts)),
    )  # fmt: skip
    found[to] = made


def _label_of(found: Mapping[str, TypeInfo], key: str, field: str) -> object:
    """The plural of the type; with the field's name where several of its fields point at the same type."""
    info = found[key]
    to = info.fields[field].to
    several = sum(1 for f in info.fields.values() if f.source == "custom" and f.to == to) > 1
    return f"{info.plural} ({info.fields[field].label})" if several else info.plural


def _own_type(row: CustomType, own: Known, models_of: Mapping[type, str]) -> TypeInfo:
    """One type from its row."""
    model, more = model_for(row.key), own.fields.get(row.key, {})
    typed = [key for key, field in more.items() if field.source == "custom"]
    columns = [key for part in row.columns.split(",") if (key := part.strip())] or ["name", *list(more)[:5], "owner"]
    pointing = [key for key in typed if more[key].to and more[key].to not in _PEOPLE]
    body = {
        "__doc__": row.about or f"{row.plural}.", "__module__": __name__, "model": model, "key": row.key, "title": "name",
        "search": ["name", *own.searched.get(row.key, [])],
        "uses": {"type_key": Use(hidden=True), "name": Use(label=row.title_label or _("name"), required=True),
                 "owner": Use(default="me")},
        "list_columns": columns, "page": [Section(_capital(row.name), "name", *more, "owner", "team")],
        "menu": (row.department, row.icon),
        "timeline": Timeline("created_at", pointing, icon=row.icon) if pointing else None, "board": _board(more, columns),
    }  # fmt: skip
    declared = type(model.__name__ + "Type", (RecordType,), body)
    fields = derive_fields(declared, models_of)
    fields["updated_at"] = replace(fields["updated_at"], sort_path="updated_at")
    first = {key: field for key, field in fields.items() if key not in _BASE}
    last = {key: field for key, field in fields.items() if key in _BASE}
    return TypeInfo(declared, row.key, model, _lower(row.name), _lower(row.plural), {**first, **more, **last})


def _lower(name: str) -> str:
    """As in the middle of a sentence, but an abbreviation stays what it is ("SLA")."""
    return name[:1].lower() + name[1:] if name[1:2].islower() or len(name) == 1 else name


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
