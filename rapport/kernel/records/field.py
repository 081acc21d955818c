"""A field as every surface sees it: built-in, custom or computed, with nothing left to ask the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models.expressions import Combinable

if TYPE_CHECKING:
    from rapport.kernel.kinds.base import Kind


#: The sort path of fields whose order stands in the value index (`query/own_order.py`).
OWN = "own"


@dataclass(frozen=True)
class Field:
    """One field of one record type. `source` is "column", "custom" or "computed"; surfaces treat all alike."""

    key: str
    label: object
    kind: Kind
    source: str = "column"
    #: ORM path of the value: a column, `custom__c_x`, or the name of the annotation.
    path: str = ""
    #: Model attributes to select (the custom JSON column for custom fields).
    columns: tuple[str, ...] = ()
    required: bool = False
    #: Whether the stored column may hold nothing; one with a default may not, though nobody has to give a value.
    clearable: bool = True
    help: object = ""
    #: Field group a role needs to read it; "" is open.
    see: str = ""
    by_action: tuple[str, ...] = ()
    on_create: bool = False
    readonly: bool = False
    #: Given at creation and never changed.
    fixed: bool = False
    #: The verb needed, besides "edit", to change it later: giving a record to somebody else is a right of its own.
    verb: str = ""
    default: object = None
    #: For references: the type key pointed at, and a filter narrowing it.
    to: str = ""
    only: str = ""
    #: The reference keeps its target from being deleted.
    keeps: bool = False
    #: ORM path to sort by, served by an index; "" when lists may not sort by this field.
    sort_path: str = ""
    total: str = ""
    expression: Combinable | None = None
    #: Calculated once per change and kept (in `expression` a look at what is kept, in the kind's json shape).
    is_kept: bool = False
    #: Its values stand in the value index in sorting order (`query/own_order.py`), for lists sorted by it.
    is_fast: bool = False
    #: Such keys are written, though the index may not be complete yet.
    is_keyed: bool = False
    is_unique: bool = False
    #: Shown only to those who may see every record of these types (a roll-up tells something of each of them).
    needs_all_of: tuple[str, ...] = ()
    #: Under which its values stand since its kind was changed (`engines/words/kind_change`); "" is its key.
    slot: str = ""

    @property
    def place(self) -> str:
        """The name of its values in the custom JSON and in the value index."""
        return self.slot or self.key

    @property
    def key_name(self) -> str:
        """The name of its sorting keys in the value index, beside the keys by which a kind finds it exactly."""
        return f"{self.place}~"

    @property
    def writable(self) -> bool:
        """Whether anybody may ever set it (computed and bookkeeping fields: nobody)."""
        return not self.readonly and self.source != "computed"

    def settable(self, *, creating: bool, action: str = "") -> bool:
        """Whether a write may set it: plain fields always, `by_action` fields by their action or at creation."""
        if not self.writable or (self.fixed and not creating):
            return False
        return not self.by_action or action in self.by_action or (creating and self.on_create)
