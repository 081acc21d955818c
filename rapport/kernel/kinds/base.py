"""What a field kind is: one file that owns everything a surface may ask about one sort of value.

A kind knows how its value is stored, typed, cleaned, shown, exported, filtered, sorted and indexed.
Surfaces never ask "is it money?"; they call the kind. Three shapes of one value exist:

* **value**: the Python value that code works with (str, int, date, `Money`, list of dicts ...); empty is always `None`.
* **columns**: how the model stores it: `columns(name)` names one or more attributes, `load` and `store` convert.
* **json**: the API and change-log shape (str, int, float, bool, list, dict, None), also the custom-field storage.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.field import Field

type_or_none = object | None
DASH = mark_safe('<span class="t3">–</span>')


@dataclass
class Format:
    """How one viewer reads values: language, zone, currency, country, and the titles of referenced records.

    `titles` is filled once per page by the reader (one guarded query per referenced type), so that cells cost no query;
    a record the viewer may not see has no entry and is shown as "Not visible to you".
    """

    language: str = "en"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    currency: str = "EUR"
    country: str = "IE"
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    titles: dict[tuple[str, UUID], Title] = field(default_factory=dict)

    @property
    def today(self) -> dt.date:
        """Today's date in the viewer's zone."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True)
class Title:
    """What a reference shows: the record's title, the address of its page, and its mark (round or square)."""

    text: str
    url: str
    shape: str = "org"  # "org" square, "person" round, "" no mark


class Resolver(Protocol):
    """Finds referenced records through the viewer's gate; given to `clean` by the write door and the importer."""

    def exists(self, type_key: str, ids: Sequence[UUID]) -> set[UUID]:
        """Those ids that the viewer may see."""

    def find(self, type_key: str, text: str) -> UUID | None:
        """The one record whose title, e-mail or external id equals `text` (case and accents folded), else None.

        Raises Invalid when several match, with a sentence that says so.
        """

    def file(self, key: str) -> dict[str, object] | None:
        """What is known of a stored file that the viewer may put on a record; None as for an unknown key."""


@dataclass
class Cleaning:
    """What `clean` and `parse` may know about the moment: the format of the viewer and a way to resolve references."""

    format: Format
    resolver: Resolver | None = None


@dataclass(frozen=True)
class Op:
    """One operator of a kind: its label in the filter builder and how many values it takes (0, 1, 2 or "many")."""

    label: object
    takes: int | str = 1


OPS: dict[str, Op] = {
    "is": Op(gettext_lazy("is")),
    "is_not": Op(gettext_lazy("is not")),
    "contains": Op(gettext_lazy("contains")),
    "not_contains": Op(gettext_lazy("does not contain")),
    "starts": Op(gettext_lazy("starts with")),
    "ends": Op(gettext_lazy("ends with")),
    "empty": Op(gettext_lazy("is empty"), 0),
    "not_empty": Op(gettext_lazy("is not empty"), 0),
    "in": Op(gettext_lazy("is any of"), "many"),
    "not_in": Op(gettext_lazy("is none of"), "many"),
    "has": Op(gettext_lazy("has")),
    "has_any": Op(gettext_lazy("has any of"), "many"),
    "<": Op(gettext_lazy("less than")),
    "<=": Op(gettext_lazy("at most")),
    ">": Op(gettext_lazy("more than")),
    ">=": Op(gettext_lazy("at least")),
    "between": Op(gettext_lazy("between"), 2),
}

#: The positive operator that each negative one turns round; the compiler adds "or empty".
NEGATIONS = {"is_not": "is", "not_contains": "contains", "not_in": "in", "not_empty": "empty"}


class Kind:
    """Base of all kinds. Subclass, set the class attributes, override what differs, and decorate with `@kind`."""

    key: ClassVar[str] = ""
    label: ClassVar[object] = ""
    #: Model field classes whose columns are of this kind, most special first in the registry.
    stores: ClassVar[tuple[type[models.Field], ...]] = ()
    #: Operators offered, keys of OPS.
    operators: ClassVar[tuple[str, ...]] = ("is", "is_not", "in", "not_in", "empty", "not_empty")
    sortable: ClassVar[bool] = True
    #: May be chosen for a custom field (its json shape sorts and filters inside a JSON column on both databases).
    custom: ClassVar[bool] = True
    #: Kinds that a company's own field of this kind may become.
    becomes: ClassVar[tuple[str, ...]] = ()
    #: One record may hold several values; filtered through the value index (see `index_keys` and `index_query`).
    many: ClassVar[bool] = False
    #: Options that the definition of a custom field may set.
    option_names: ClassVar[tuple[str, ...]] = ()
    #: Which way a column aligns: "start" or "end" (figures).
    align: ClassVar[str] = "start"
    #: Lucide icon shown in column heads and the filter builder.
    icon: ClassVar[str] = "type"
    #: May be summed in totals and board columns.
    summable: ClassVar[bool] = False
    #: The value stands in its json shape under a key of the custom JSON, not in columns (set by `from_options`).
    in_json: bool = False

    def __init__(self, **options: object) -> None:
        """Options come from the model field (`from_model`) or from a custom field's definition (`from_options`)."""
        self.options = options

    # -- where it comes from ------------------------------------------------------------------------------------

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """The kind of a model field, with its options (max length, choices, decimals ...)."""
        return cls()

    @classmethod
    def from_options(cls, options: Mapping[str, object]) -> Kind:
        """The kind of a custom field; raises Invalid on options that make no sense."""
        unknown = sorted(set(options) - set(cls.option_names))
        if unknown:
            raise Invalid(_("A field of this kind has no option “%(name)s”.") % {"name": unknown[0]}, code="bad_option")
        if not cls.custom:
            raise Invalid(_("This kind cannot be used for a field of your own."), code="bad_kind")
        made = cls(**dict(options))
        made.in_json = True
        return made

    # -- storage ------------------------------------------------------------------------------------------------

    def columns(self, name: str) -> tuple[str, ...]:
        """Model attributes that hold the value of the field stored under `name`."""
        return (name,)

    def load(self, *stored: object) -> object:
        """The value from what the columns hold; "" and [] become None."""
        value = stored[0]
        return None if value in ("", [], {}) else value

    def store(self, value: object, name: str) -> dict[str, object]:
        """Column values for a value; text columns are never NULL, so None becomes "" there (see TextKind)."""
        return {name: value}

    # -- taking values ------------------------------------------------------------------------------------------

    def parse(self, text: str, cleaning: Cleaning) -> object:
        """A value from text that a person typed or a file holds; empty text is None. Raises Invalid with a sentence.

        Must read back whatever `text()` wrote, so that export and import round-trip.
        """
        stripped = text.strip()
        return self.clean(stripped, cleaning) if stripped else None

    def parse_form(self, raw: Sequence[str], cleaning: Cleaning) -> object:
        """A value from the strings a form posted for this field (several for multi-valued widgets)."""
        return self.parse(raw[-1] if raw else "", cleaning)

    def from_post(self, post: Mapping[str, Sequence[str]], name: str, cleaning: Cleaning) -> object:
        """A value from a whole posted form, where the control called `name` may consist of several inputs
        (`name__text`, `name__0__street`); most kinds have one input and only implement `parse_form`."""
        return self.parse_form(post.get(name, ()), cleaning)

    def clean(self, value: object, cleaning: Cleaning) -> object:
        """Check and normalise a Python or JSON value; None stays None. Raises Invalid with one clear sentence."""
        return value

    # -- giving values ------------------------------------------------------------------------------------------

    def to_json(self, value: object) -> object:
        """The API, change-log and custom-field shape; `clean(to_json(v))` equals v."""
        return value

    def json_schema(self) -> dict[str, object]:
        """JSON Schema (2020-12) of what `to_json` gives for a value that is not empty; {} is anything."""
        return {}

    def accepted_schema(self) -> dict[str, object]:
        """JSON Schema of what `clean` takes from a program: the shape that is given, or text as people write it."""
        given = self.json_schema()
        return given if given.get("type") == "string" else {"anyOf": [given, {"type": "string"}]}

    def from_json(self, value: object) -> object:
        """The value that `to_json` wrote, taken back without checks: for reading custom fields and the change log."""
        return value

    def text(self, value: object, fmt: Format) -> str:
        """Plain text for CSV cells and change-log lines; `parse(text(v))` equals v."""
        return "" if value is None else str(value)

    def sheet_value(self, value: object, fmt: Format) -> object:
        """What a spreadsheet's cell holds: words, or what it can count with (bool, int, Decimal, date, datetime in the
        viewer's zone)."""
        return self.text(value, fmt)

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """HTML for a list cell or property, escaped; a quiet dash when empty."""
        return DASH if value is None else escape(self.text(value, fmt))

    def figure(self, value: object, fmt: Format) -> SafeString | str:
        """The cell of a sum or a key figure: what a glance needs, so money drops its cents when it is large."""
        return self.cell(value, fmt)

    def widget(
        self, field: Field, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """HTML of the form control (without its label): native elements, classes of ui.css, id `f-{name}`."""
        return self.input_html(field, self.shown(value, fmt), name=name, error=error, autofocus=autofocus)

    def shown(self, value: object, fmt: Format) -> str:
        """What the control holds: the text of a value, or exactly what was typed (a str) when it was refused."""
        return value if isinstance(value, str) else self.text(value, fmt)

    def input_html(
        self,
        field: Field,
        text: str,
        *,
        name: str,
        error: str = "",
        autofocus: bool = False,
        type_: str = "text",
        attrs: str = "",
    ) -> SafeString:
        """A one-line input in the house style; `attrs` is trusted markup from the kind itself."""
        return format_html(
            '<span class="input{}"><input class="bare" type="{}" id="f-{}" name="{}" value="{}"{}{}{} {}></span>',
            " is-err" if error else "",
            type_,
            name,
            name,
            text,
            mark_safe(" required") if field.required else "",
            mark_safe(" autofocus") if autofocus else "",
            format_html(' aria-invalid="true" aria-describedby="e-{}"', name) if error else "",
            mark_safe(attrs),
        )

    # -- finding ------------------------------------------------------------------------------------------------

    def compile(self, path: str, op: str, value: object, cleaning: Cleaning) -> Q:
        """A condition on the ORM `path` (a column or a key of the custom JSON). Positive operators only:
        the compiler turns NEGATIONS round itself and adds "or empty". Values arrive as the grammar gives them
        (str, int, bool, Relative already resolved to date or datetime, tuple for "in" and "between").
        Raises Invalid when the value does not fit the kind."""
        if op == "empty":
            return self.is_empty(path)
        if op == "in":
            wanted = [self.operand(v, cleaning) for v in self._several(value)]
            return Q(**{f"{path}__in": wanted})
        if op == "between":
            low, high = self.pair(value)
            return Q(**{f"{path}__gte": self.operand(low, cleaning), f"{path}__lte": self.operand(high, cleaning)})
        lookup = {"is": "exact", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}[op]
        return Q(**{f"{path}__{lookup}": self.operand(value, cleaning)})

    def index_query(self, op: str, value: object, cleaning: Cleaning) -> Q:
        """For `many` kinds: the condition on the column `key` of the value index under which a record matches.
        Positive operators except "empty" (which `compile` and `is_empty` answer on the column itself).
        Raises Invalid when the value does not fit the kind."""
        raise Invalid(_("This field cannot be filtered in this way."), code="bad_operator")

    def is_empty(self, path: str) -> Q:
        """The condition that the field holds nothing; text kinds also count ""."""
        return Q(**{f"{path}__isnull": True})

    def operand(self, value: object, cleaning: Cleaning) -> object:
        """A filter value in stored form: the value for columns, its json shape inside the custom JSON."""
        if isinstance(value, str):
            value = self.parse(value, cleaning)
        value = self.clean(value, cleaning)
        if value is None:
            raise Invalid(_("Give a value to compare with, or choose “is empty”."), code="no_value")
        return self.to_json(value) if self.in_json else value

    # -- what records of it need ----------------------------------------------------------------------------------

    def references(self, value: object) -> Sequence[tuple[str, UUID]]:
        """(type key, id) of each record that the value points at, so that their titles can be read once per page."""
        return ()

    def follow(self, record: models.Model, path: str, ctx: Context) -> None:
        """Set columns that follow from the value before a record is saved (money: its worth in our currency)."""

    def total_path(self, path: str) -> str:
        """The column that sums add up."""
        return path

    def from_total(self, summed: object, currency: str) -> object:
        """A sum as a value of this kind; `currency` is the workspace's."""
        return summed

    def pair(self, value: object) -> tuple[object, object]:
        """Both ends of "between"; raises Invalid when there are not two."""
        several = self._several(value)
        if len(several) != 2:
            raise Invalid(_("Give two values, from and to."), code="no_value")
        return several

    @staticmethod
    def _several(value: object) -> tuple[object, ...]:
        return tuple(value) if isinstance(value, (tuple, list)) else (value,)

    def search_text(self, value: object) -> str:
        """Words that the search box should find the record by (phones give digits too); "" for none."""
        return ""

    def index_keys(self, value: object) -> list[str]:
        """Rows of the value index: normalised keys under which the record is found exactly
        (e-mail casefolded, phone digits, domain, each tag). Used by multi-valued filters, import matching
        and the duplicate warning. At most 200 characters each."""
        return []

    def turned(self, value: object, into: Kind, cleaning: Cleaning) -> object:
        """A value as the kind that its field becomes; raises Invalid for one that would lose something."""
        return into.parse(self.text(value, cleaning.format), cleaning)

    def blank(self, value: object) -> bool:
        """Whether a cleaned value counts as not given."""
        return value is None or value == "" or value == []


_kinds: dict[str, type[Kind]] = {}


def kind(cls: type[Kind]) -> type[Kind]:
    """Register a kind class under its key."""
    if not cls.key or (cls.key in _kinds and _kinds[cls.key] is not cls):
        raise ValueError(f"Kind key {cls.key!r} is empty or taken.")
    _kinds[cls.key] = cls
    return cls


def kind_by_key(key: str) -> type[Kind]:
    """The kind class of a key; raises Invalid for an unknown one."""
    if key not in _kinds:
        raise Invalid(_("There is no field kind “%(key)s”.") % {"key": key}, code="unknown_kind")
    return _kinds[key]


def all_kinds() -> dict[str, type[Kind]]:
    """Every registered kind by key."""
    return dict(_kinds)


def kind_of(model_field: models.Field) -> Kind | None:
    """The kind that stores in this model field: by exact class first, then the nearest base class; None if there is
    none, and for companions (`amount_currency`), which are part of another field."""
    if getattr(model_field, "companion_of", ""):
        return None
    if model_field.choices and "choice" in _kinds and isinstance(model_field, models.CharField):
        return _kinds["choice"].from_model(model_field)
    for base in type(model_field).__mro__:
        for cls in _kinds.values():
            if base in cls.stores:
                return cls.from_model(model_field)
    return None
