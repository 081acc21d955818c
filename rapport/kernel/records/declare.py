"""The words a module uses to declare a record type: RecordType, Use, Computed, Board, Section, Related, Pipeline, Timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.db.models.expressions import Combinable

from rapport.kernel.records.model import Record

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.kinds.base import Kind


@dataclass(frozen=True)
class Use:
    """What a model field cannot say about itself."""

    #: Field group a role needs ("sales.amounts"); "" is open to whoever sees the record.
    see: str = ""
    #: The action(s) through which alone this field changes; forms, imports and API leave it to them.
    by_action: str | tuple[str, ...] = ""
    #: With `by_action`: may be given when the record is created (an import brings won deals).
    on_create: bool = False
    #: Aggregate shown in totals and board columns: "" or "sum".
    total: str = ""
    required: bool | None = None
    readonly: bool = False
    #: Given when the record is made, and never changed.
    fixed: bool = False
    #: Kept out of lists, forms and the API altogether (bookkeeping columns).
    hidden: bool = False
    label: object = ""
    help: object = ""
    #: Colour of each choice: {"won": "ok"}; names of ui.css dots or tag hues.
    hues: Mapping[str, str] | None = None
    #: Value of a new record when none is given: a constant, "me", "today", or a function of ctx.
    default: object = None
    #: This reference keeps its target from being deleted (a stage that deals stand in).
    keeps: bool = False
    #: Narrow what a reference may point at, in the query grammar: 'kind is company'.
    only: str = ""
    #: The verb a role needs, besides the plain edit right, to change it on a record that is there ("reassign").
    verb: str = ""


@dataclass(frozen=True)
class Computed:
    """A field calculated by the database from others; it takes the strictest field group among its inputs."""

    kind: type[Kind]
    label: object
    expression: Combinable
    total: str = ""


@dataclass(frozen=True)
class Board:
    """A board: one column per value of the reference field `by`, cards showing `card`."""

    by: str
    card: Sequence[str]
    #: The action that moves a card; it takes the new column as the input named `by`.
    move: str = "move"
    #: The field that groups boards (a pipeline); "" for one board.
    within: str = ""
    #: Order of the cards.
    sort: str = "-updated_at"


@dataclass(frozen=True, init=False)
class Section:
    """A titled group of fields on record page and form."""

    label: object
    fields: tuple[str, ...]

    def __init__(self, label: object, *fields: str) -> None:
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "fields", fields)


@dataclass(frozen=True)
class Related:
    """A list of records that point here: the type key, the reference field, and the columns to show."""

    type: str
    field: str
    columns: Sequence[str] = ()
    label: object = ""
    #: Filter in the query grammar.
    where: str = ""
    #: Shown only for records whose field has this value: ("kind", "company").
    of: tuple[str, str] | None = None


@dataclass(frozen=True)
class Timeline:
    """Where a record shows in stories: the time field, the reference fields whose records show it, the icon."""

    at: str
    on: Sequence[str]
    icon: str = "circle-dot"


@dataclass(frozen=True)
class Seed:
    """Records a new workspace starts with: a list of values by field key."""

    rows: Sequence[Mapping[str, object]]


class RecordType:
    """The meaning of a record: declared once beside its model, and every surface derives from it.

    Data only. Behaviour goes to kinds, actions and slots; `checks` and `effects` are named functions.
    """

    model: ClassVar[type[Record]]
    #: For ever: URLs, API, permissions and the change log use it.
    key: ClassVar[str]
    #: The field that names a record.
    title: ClassVar[str]
    #: Fields whose words the search box finds.
    search: ClassVar[Sequence[str]] = ()
    uses: ClassVar[Mapping[str, Use | Computed]] = {}
    list_columns: ClassVar[Sequence[str]] = ()
    board: ClassVar[Board | None] = None
    page: ClassVar[Sequence[Section | Related]] = ()
    #: Saved views every workspace starts with: label -> filter text; "|" adds a sort: 'owner is me | -updated_at'.
    views: ClassVar[Mapping[object, str]] = {}
    #: Seeds of roles: role key -> "view:team create edit:own lose:own +sales.amounts".
    grants: ClassVar[Mapping[str, str]] = {}
    #: (department, icon): where the navigation shows the type; None hides it there.
    menu: ClassVar[tuple[str, str] | None] = None
    timeline: ClassVar[Timeline | None] = None
    #: A reference field whose record decides who may see and edit this one (an affiliation follows its person).
    under: ClassVar[str] = ""
    #: (yes/no field, field group): rows where the field is yes are seen only by roles that hold the group.
    sensitive: ClassVar[tuple[str, str] | None] = None
    #: Records are their owner's alone and open to others by grants of the module only (`access/private.py`).
    private: ClassVar[bool] = False
    #: Functions (ctx, record or None, values) that raise Invalid before a write.
    checks: ClassVar[Sequence[Callable[[Context, Record | None, dict[str, object]], None]]] = ()
    #: Functions (ctx, list of Written) that run inside the write's transaction.
    effects: ClassVar[Sequence[Callable[[Context, list[Written]], None]]] = ()
