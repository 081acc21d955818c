"""What modules tell the engine: which record a rule makes, how it points at another record, and rules worth offering."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.functional import Promise

from rapport.kernel.records.registry import TypeInfo


@dataclass(frozen=True)
class Work:
    """The type of record that rules make, and its fields by their part."""

    type: str
    subject: str
    kind: str
    due_on: str
    due_time: str
    note: str
    #: Values that point from the new record to the one the rule looked at: (type, id, what was read of it).
    links: Callable[[TypeInfo, UUID, Mapping[str, object]], Mapping[str, object]]
    #: The fields that `links` wants to read, where the type has them.
    reads: tuple[str, ...]
    #: Whether rules may look at records of a type at all.
    fits: Callable[[TypeInfo], bool]
    #: Set on everything a rule makes.
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Preset:
    """A rule offered with one click; `about` says what it is good for."""

    key: str
    label: object
    about: object
    icon: str
    values: Mapping[str, object]

    def start(self) -> dict[str, object]:
        """The values of the rule in the language in force."""
        return {key: str(one) if isinstance(one, Promise) else one for key, one in self.values.items()}


_work: list[Work] = []
_kept: dict[tuple[str, str], str] = {}
_presets: dict[str, Preset] = {}


def register_work(work: Work) -> None:
    """Say what rules make; one module does."""
    _work[:] = [work]


def the_work() -> Work:
    """What rules make; raises when no module said it."""
    if not _work:
        raise LookupError("No module says what follow-up rules make.")
    return _work[0]


def register_yearly_keys(on_type: str, moment: str, name: str) -> None:
    """Say that a module keeps month and day of a date in the value index by itself ("11-22"), and under which name."""
    _kept[on_type, moment] = name


def kept_keys(on_type: str, moment: str, mode: str) -> str:
    """The name under which a module keeps the keys of a date that comes round; "" when the engine has to."""
    return _kept.get((on_type, moment), "") if mode == "yearly" else ""


def register_preset(preset: Preset) -> None:
    """Offer a rule."""
    _presets[preset.key] = preset


def presets() -> list[Preset]:
    """The rules offered, in the order modules registered them."""
    return list(_presets.values())
