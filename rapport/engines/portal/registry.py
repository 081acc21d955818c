"""What modules say about the portal: who its people are, and the sections in which guests see and do things.

A later module (orders, balance, invoices, training) adds a section here and nothing elsewhere; a section that has nothing for
a guest says so by `is_for`, and is not shown.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from rapport.engines.portal.guest import Guest
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.context import Context

#: Addresses of the portal itself, which no section may have.
TAKEN = ("enter", "password", "link", "leave", "account", "articles", "do")


@dataclass(frozen=True)
class People:
    """The record type whose records may be guests."""

    type: str
    #: The field with their addresses, the one with their language, and the (field, value) of those who are people.
    emails: str
    language: str
    when: tuple[str, str]
    #: The companies that a person works at today.
    companies: Callable[[Workspace, UUID], list[UUID]]
    #: Those of some companies that are partners.
    partners: Callable[[Workspace, list[UUID]], list[UUID]]
    #: Put a confirmed address in the place of another, through the door.
    change_email: Callable[[Context, UUID, str, str], None]


@dataclass(frozen=True)
class Asked:
    """What a page is asked with: the query of its address, or what was typed when that could not be taken."""

    values: Mapping[str, str] = field(default_factory=dict)
    #: A sentence for each field that is wrong, and one for the whole.
    errors: Mapping[str, object] = field(default_factory=dict)
    wrong: str = ""
    #: What a file field holds of each file that came along, or came when the form was refused before.
    files: Sequence[Mapping[str, object]] = ()
    #: The same with a sealed text of each, for the form that is shown again.
    kept: Sequence[tuple[str, str]] = ()

    def get(self, key: str, default: object = "") -> str:
        """What was typed or asked for under a name; the value as it is stored otherwise."""
        return self.values.get(key, "" if default is None else str(default))


@dataclass(frozen=True)
class Page:
    """What a section shows: a title and a template of its module with its values."""

    title: object
    template: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Deed:
    """Something a guest does in a section: a form posts to it."""

    key: str
    #: Shown again, with what was typed, when it could not be taken.
    page: str
    #: What the guest is told afterwards.
    said: object
    run: Callable[..., str]
    #: Whether it is done to one record.
    is_of_one: bool = False
    #: Whether files may come along.
    takes_files: bool = False


class PortalSection:
    """A part of the portal. Page makers take (guest, asked), those of one record (guest, asked, record_id); deeds take
    (guest, asked) or (guest, asked, record_id) inside a transaction, and return where to go, from the section's address on.
    What is not the guest's raises `Gone`, as what is not there does.
    """

    def __init__(self, key: str, label: object, *, icon: str, order: int, is_for: Callable[[Guest], bool]) -> None:
        """See `portal_section`."""
        self.key, self.label, self.icon, self.order, self.is_for = key, label, icon, order, is_for
        self.pages: dict[str, Callable[..., Page]] = {}
        self.deeds: dict[str, Deed] = {}
        self.line: Callable[[Guest], str] = lambda _guest: ""
        self.finds: Callable[[Guest, UUID, UUID], Mapping[str, object] | None] = lambda _guest, _record_id, _file_id: None

    def page(self, key: str = "") -> Callable[[Callable[..., Page]], Callable[..., Page]]:
        """A page (decorator): "" is the first, "one" shows one record, others have a name."""

        def add(function: Callable[..., Page]) -> Callable[..., Page]:
            self.pages[key] = function
            return function

        return add

    def deed(
        self, key: str, *, page: str = "", said: object = "", files: bool = False
    ) -> Callable[[Callable[..., str]], Callable[..., str]]:
        """Something to be done (decorator), the page its form stands on, and whether files may come along."""

        def add(function: Callable[..., str]) -> Callable[..., str]:
            self.deeds[key] = Deed(key, page, said, function, len(inspect.signature(function).parameters) == 3, files)
            return function

        return add

    def file(self, function: Callable[[Guest, UUID, UUID], Mapping[str, object]]) -> Callable[..., Mapping[str, object]]:
        """What a file field holds of a file of one record, by their ids, when the guest may have it (decorator)."""
        self.finds = function
        return function

    def tells(self, function: Callable[[Guest], str]) -> Callable[[Guest], str]:
        """What the start page says of it in a few words (decorator)."""
        self.line = function
        return function


_sections: dict[str, PortalSection] = {}
_people: list[People] = []


def portal_section(
    key: str, label: object, *, icon: str, order: int = 100, is_for: Callable[[Guest], bool] = lambda _guest: True
) -> PortalSection:
    """Give the portal a section. `is_for` tells for whom it is there at all."""
    if key in TAKEN or key in _sections:
        raise ValueError(f"The portal has {key!r} already.")
    _sections[key] = PortalSection(key, label, icon=icon, order=order, is_for=is_for)
    return _sections[key]


def sections_for(guest: Guest) -> list[PortalSection]:
    """The sections of this guest, in their order."""
    return sorted((one for one in _sections.values() if one.is_for(guest)), key=lambda one: (one.order, one.key))


def section(guest: Guest, key: str) -> PortalSection | None:
    """One of them."""
    found = _sections.get(key)
    return found if found is not None and found.is_for(guest) else None


def register_people(people: People) -> None:
    """Say whose records may be guests."""
    _people[:] = [people]


def people() -> People:
    """Whose records may be guests."""
    return _people[0]
