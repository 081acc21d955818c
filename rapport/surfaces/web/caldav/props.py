"""What programs ask of the addresses of calendars, and the answers: one function for each kind of address."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.calendar.entries import Entry, state
from rapport.engines.calendar.registry import InCalendar
from rapport.kernel.access import gate
from rapport.surfaces.web.caldav.xml import APPLE, CALDAV, DAV, SERVER, Answer, element, href, name

if TYPE_CHECKING:
    from rapport.kernel.context import Context

ROOT = "/dav/"
Props = Mapping[str, Callable[[], Sequence[ET.Element | str]]]
#: Properties that are long; only who asks for them by name gets them.
_LONG = (name(CALDAV, "calendar-data"), name(CALDAV, "supported-calendar-data"))
_COLOURS = ("#0F766EFF", "#B45309FF")


def home_of(user_id: UUID) -> str:
    """The address under which a person's calendars lie."""
    return f"{ROOT}{user_id}/"


@dataclass(frozen=True)
class Place:
    """Who asks, and under which address pages begin."""

    ctx: Context
    user_id: UUID
    email: str
    base_url: str

    @property
    def home(self) -> str:
        """The person's own address."""
        return home_of(self.user_id)

    def collection(self, declared: InCalendar) -> str:
        """The address of one calendar."""
        return f"{self.home}{declared.type}/"


def wanted(asked: ET.Element | None) -> list[str] | None:
    """The names asked for; None for everything that is short."""
    props = asked.find(name(DAV, "prop")) if asked is not None else None
    return [one.tag for one in props] if props is not None else None


def answer(address: str, props: Props, names: list[str] | None) -> Answer:
    """The properties of one address that were asked for."""
    asked = [one for one in props if one not in _LONG] if names is None else names
    found = [element(tag, *props[tag]()) for tag in asked if tag in props]
    return Answer(address, found, [] if names is None else [tag for tag in asked if tag not in props])


def of_home(place: Place) -> Props:
    """The person and the place of their calendars, which are one address."""
    return _common(place) | {
        name(DAV, "resourcetype"): lambda: [ET.Element(name(DAV, "collection")), ET.Element(name(DAV, "principal"))],
        name(DAV, "displayname"): lambda: [place.ctx.viewer.name],
        name(DAV, "principal-URL"): lambda: [href(place.home)],
        name(CALDAV, "calendar-home-set"): lambda: [href(place.home)],
        name(CALDAV, "calendar-user-address-set"): lambda: [href(f"mailto:{place.email}")] if place.email else [],
    }


def of_collection(place: Place, declared: InCalendar, entries: Sequence[Entry] | None = None) -> Props:
    """One calendar."""
    info, ctx = declared.info, place.ctx
    parts = "VTODO" if declared.is_dated else "VEVENT"
    component = ET.Element(name(CALDAV, "comp"), {"name": parts})
    return _common(place) | {
        name(DAV, "resourcetype"): lambda: [ET.Element(name(DAV, "collection")), ET.Element(name(CALDAV, "calendar"))],
        name(DAV, "displayname"): lambda: [f"{ctx.workspace.name}: {info.plural}"],
        name(CALDAV, "supported-calendar-component-set"): lambda: [component],
        name(CALDAV, "supported-calendar-data"): lambda: [
            ET.Element(name(CALDAV, "calendar-data"), {"content-type": "text/calendar", "version": "2.0"})
        ],
        name(DAV, "supported-report-set"): lambda: [
            element(name(DAV, "supported-report"), element(name(DAV, "report"), ET.Element(name(CALDAV, word))))
            for word in ("calendar-query", "calendar-multiget")
        ],
        name(DAV, "current-user-privilege-set"): lambda: [
            element(name(DAV, "privilege"), ET.Element(name(DAV, word))) for word in _privileges(ctx, declared)
        ],
        name(SERVER, "getctag"): lambda: [state(ctx, declared, entries)],
        name(APPLE, "calendar-color"): lambda: [_COLOURS[declared.is_dated]],
        name(CALDAV, "max-resource-size"): lambda: ["2097152"],
    }


def of_entry(place: Place, entry: Entry) -> Props:
    """One entry."""
    kind = "vtodo" if entry.event.is_dated else "vevent"
    return _common(place) | {
        name(DAV, "resourcetype"): list,
        name(DAV, "getetag"): lambda: [entry.mark],
        name(DAV, "getcontenttype"): lambda: [f"text/calendar; charset=utf-8; component={kind}"],
        name(CALDAV, "calendar-data"): lambda: [entry.body(place.base_url).decode()],
    }


def _common(place: Place) -> dict[str, Callable[[], Sequence[ET.Element | str]]]:
    return {
        name(DAV, "current-user-principal"): lambda: [href(place.home)],
        name(DAV, "owner"): lambda: [href(place.home)],
    }


def _privileges(ctx: Context, declared: InCalendar) -> list[str]:
    verbs = {"create": "bind", "edit": "write-content", "delete": "unbind"}
    return ["read", *(word for verb, word in verbs.items() if gate.allows(ctx, declared.info, verb))]
