"""What a module puts into the slot "record.composer": tabs, each writing down one sort of record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FollowUp:
    """What may be put down to be done next, together with what happened."""

    type: str
    preset: Mapping[str, object]
    fields: tuple[str, ...]
    #: The title when only a date was given.
    title: object


@dataclass(frozen=True)
class ComposerTab:
    """One tab: the type it creates, values it sets by itself, and the fields it shows."""

    key: str
    label: object
    icon: str
    type: str
    fields: tuple[str, ...]
    #: The field that is the large text; its first line names the record when the title is not among the fields.
    main: str
    placeholder: object
    #: Label of the button.
    save: object
    #: What the toast says.
    done: object
    #: What is missing when nothing was typed.
    empty: object
    preset: Mapping[str, object] = field(default_factory=dict)
    #: References to the page's record.
    links: Mapping[str, object] = field(default_factory=dict)
    #: The field that takes a file, if any.
    file: str = ""
    then: FollowUp | None = None
    #: An action of the page's record that is run with the fields as its inputs; nothing is created then.
    action: str = ""
    template: str = "record/_compose_tab.html"
