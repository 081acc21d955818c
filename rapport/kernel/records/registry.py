"""The registry of record types: filled while apps load, sealed after the boot checks, read by every surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from rapport.kernel.access.private import PRIVATE
from rapport.kernel.errors import Gone
from rapport.kernel.records.declare import RecordType
from rapport.kernel.records.derive import derive_fields
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record

T = TypeVar("T", bound=type[RecordType])


@dataclass(frozen=True)
class Relation:
    """The other end of a reference: deals of a customer. `key` is how the query grammar names it."""

    key: str
    type: TypeInfo
    field: str

    @property
    def label(self) -> object:
        """Plural label of the records that point here."""
        return self.type.plural


@dataclass(eq=False)
class TypeInfo:
    """One registered type with everything derived from its declaration."""

    declared: type[RecordType]
    key: str
    model: type[Record]
    label: object
    plural: object
    fields: dict[str, Field]
    relations: dict[str, Relation] = field(default_factory=dict)

    @property
    def title_field(self) -> Field:
        """The field that names a record."""
        return self.fields[self.declared.title]

    @property
    def person_column(self) -> str:
        """The choice column whose value "person" makes a record a person (people are round); "" for other types."""
        kind = self.fields.get("kind")
        pairs = getattr(getattr(kind.kind, "choices", None), "pairs", {}) if kind and not kind.see else {}
        return kind.path if kind and "person" in pairs else ""

    @property
    def url(self) -> str:
        """Path of the type's list page."""
        return f"/{self.key}/"

    def record_url(self, record_id: object) -> str:
        """Path of one record's page."""
        return f"/{self.key}/{record_id}"

    def __hash__(self) -> int:
        return hash(self.key)


class Registry:
    """All record types by key and by model."""

    def __init__(self) -> None:
        self._declared: dict[str, type[RecordType]] = {}
        self._types: dict[str, TypeInfo] = {}
        self._by_model: dict[type[Record], TypeInfo] = {}
        self.sealed = False
        #: What the workspace in force adds: its own types, and shipped ones that own fields point at (`engines/words`).
        self.overlay: Callable[[], Mapping[str, TypeInfo]] = dict

    def register(self, declared: T) -> T:
        """Add a declaration (class decorator); refused once sealed or when the key is taken."""
        if self.sealed:
            raise RuntimeError(f"The registry is sealed; {declared.key} came too late.")
        if self._declared.get(declared.key, declared) is not declared:
            raise RuntimeError(f"The type key {declared.key!r} is taken.")
        self._declared[declared.key] = declared
        if declared.private:
            PRIVATE.add(declared.key)
        return declared

    def seal(self) -> None:
        """Derive every type's fields and relations, once, after all apps are loaded."""
        if self.sealed:
            return
        for key, declared in self._declared.items():
            meta = declared.model._meta
            info = TypeInfo(declared, key, declared.model, meta.verbose_name, meta.verbose_name_plural, {})
            self._types[key] = self._by_model[declared.model] = info
        keys = {info.model: key for key, info in self._types.items()}
        for info in self._types.values():
            info.fields = derive_fields(info.declared, keys)
        for info in self._types.values():
            self._add_relations(info)
        self.sealed = True

    def _add_relations(self, info: TypeInfo) -> None:
        for f in info.fields.values():
            if f.to and f.source == "column" and f.key not in ("owner", "team", "created_by"):
                name = info.model._meta.get_field(f.key).remote_field.related_name
                if name and name != "+":
                    self._types[f.to].relations[name] = Relation(name, info, f.key)

    def get(self, key: str) -> TypeInfo:
        """The type of a key; raises Gone (surfaces answer 404) for an unknown one."""
        self.seal()
        found = self.overlay().get(key) or self._types.get(key)
        if found is None:
            raise Gone(f"There is no record type “{key}”.", code="unknown_type")
        return found

    def of(self, record: Record | type[Record]) -> TypeInfo:
        """The type of a record or model class."""
        self.seal()
        model = record if isinstance(record, type) else type(record)
        return self.get(getattr(model, "own_type", "") or self._by_model[model].key)

    def all(self) -> list[TypeInfo]:
        """Every type: those that modules declared, in their order, then those of the workspace in force."""
        return list({**self.shipped(), **self.overlay()}.values())

    def shipped(self) -> Mapping[str, TypeInfo]:
        """The types that modules declared, by key, as every workspace has them."""
        self.seal()
        return self._types

    def __contains__(self, key: object) -> bool:
        return key in self.shipped() or key in self.overlay()


registry = Registry()
record_type = registry.register
