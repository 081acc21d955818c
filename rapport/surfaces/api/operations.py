"""One operation of a batch, read strictly: what to do, to which type and record, with which values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import TypeInfo, registry

#: The members of each kind of operation, besides "do", "type" and "as".
MEMBERS = {
    "create": {"values"}, "update": {"id", "values", "version"}, "delete": {"id", "version"}, "restore": {"id", "version"},
    "action": {"id", "action", "inputs", "version"}, "upsert": {"by", "values"},
}  # fmt: skip
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Operation:
    """What is to be done. `id` is a record's id, or stands for one that is made earlier in the batch."""

    do: str
    info: TypeInfo
    id: object = None
    values: Mapping[str, object] = field(default_factory=dict)
    version: int | None = None
    action: str = ""
    key: str = ""
    key_value: object = None
    #: Under which later operations refer to its record.
    name: str = ""
    has_refs: bool = False

    def goes_with(self, other: Operation) -> bool:
        """Whether both may be written set-wise. What the settings are made of is checked one after the other: their
        checks look at the other rows (one default for each type), which a set does not see yet."""
        return (
            self.do == other.do
            and self.do in ("create", "update")
            and self.info is other.info
            and self.version is other.version is None
            and not (self.has_refs or other.has_refs)
            and (self.do == "create" or (isinstance(self.id, UUID) and isinstance(other.id, UUID)))
            and not (self.info.declared.menu and self.info.declared.menu[0] == "settings")
        )


def read_operation(ctx: Context, given: object) -> Operation:
    """An operation from JSON; raises Invalid with a sentence, and Gone for an unknown type."""
    if not isinstance(given, Mapping):
        raise _wrong(_('An operation is an object such as {"do": "create", "type": "customer", "values": {}}.'))
    do = given.get("do")
    if not isinstance(do, str) or do not in MEMBERS:
        raise _wrong(_("“do” is one of: %(known)s.") % {"known": ", ".join(MEMBERS)}, "do")
    for key in given:
        if key not in MEMBERS[do] and key not in ("do", "type", "as"):
            raise _wrong(_("“%(do)s” has no member “%(key)s”.") % {"do": do, "key": key[:60]}, key[:60])
    type_key, name = given.get("type"), given.get("as", "")
    if not isinstance(type_key, str):
        raise _wrong(_("Name the record type."), "type")
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise _wrong(_("“as” is a short name."), "as")
    info = registry.get(type_key)
    gate.demand(ctx, info, "create" if do == "create" else "view")
    values = given.get("inputs" if do == "action" else "values", {})
    if not isinstance(values, Mapping):
        raise _wrong(_("Send the values by field key, as an object."), "values")
    version = given.get("version")
    if version is not None and (type(version) is not int or not 0 < version < 10**9):
        raise _wrong(_("“version” is the whole number that the record had when it was read."), "version")
    key, key_value = _key_of(given) if do == "upsert" else ("", None)
    return Operation(
        do, info, _id_of(given) if "id" in MEMBERS[do] else None, values, version, str(given.get("action", ""))[:60], key,
        key_value, name, _has_refs([values, given.get("id")]),
    )  # fmt: skip


def _id_of(given: Mapping[str, object]) -> object:
    found = given.get("id")
    if isinstance(found, Mapping) and set(found) == {"ref"}:
        return found
    ident = as_id(found) if isinstance(found, str) else None
    if ident is None:
        raise _wrong(_("Give the id of the record."), "id")
    return ident


def _key_of(given: Mapping[str, object]) -> tuple[str, object]:
    by = given.get("by")
    if not isinstance(by, Mapping) or len(by) != 1:
        raise _wrong(_('“by” names one field and its value, such as {"external_id": "A-17"}.'), "by")
    return next(iter(by.items()))  # type: ignore[return-value]


def _wrong(sentence: str, key: str | None = None) -> Invalid:
    return Invalid(sentence, code="bad_operation", field=key)


def _has_refs(value: object) -> bool:
    if isinstance(value, Mapping):
        return set(value) == {"ref"} or any(_has_refs(one) for one in value.values())
    return any(_has_refs(one) for one in value) if isinstance(value, list) else False


class Refs:
    """The ids of records made in this batch, by the names they were given."""

    def __init__(self) -> None:
        self._ids: dict[str, UUID] = {}

    def learn(self, name: str, ident: UUID | None) -> None:
        """Remember a record; the last one of a name counts."""
        if ident is not None:
            self._ids[name] = ident

    def put_into(self, value: object) -> object:
        """The value with ids in the place of `{"ref": name}`; raises Invalid for a name that nothing was made under."""
        if isinstance(value, Mapping):
            if set(value) == {"ref"}:
                name = value["ref"]
                if not isinstance(name, str) or name not in self._ids:
                    raise _wrong(
                        _("No earlier operation of this batch made a record under “%(name)s”.") % {"name": str(name)[:60]}
                    )
                return str(self._ids[name])
            return {key: self.put_into(one) for key, one in value.items()}
        return [self.put_into(one) for one in value] if isinstance(value, list) else value
