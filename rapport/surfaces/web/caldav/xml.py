"""The XML of WebDAV and CalDAV: reading what a program asks, writing one answer for each address."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rapport.kernel.errors import Invalid

DAV, CALDAV, SERVER, APPLE = "DAV:", "urn:ietf:params:xml:ns:caldav", "http://calendarserver.org/ns/", "http://apple.com/ns/ical/"
for _prefix, _space in (("d", DAV), ("c", CALDAV), ("s", SERVER), ("a", APPLE)):
    ET.register_namespace(_prefix, _space)
LARGEST = 512 * 1024


def name(space: str, word: str) -> str:
    """A name as ElementTree writes it."""
    return f"{{{space}}}{word}"


def parse(body: bytes) -> ET.Element | None:
    """What was asked; None for an empty body. Raises Invalid for what is no XML, or declares a document type."""
    if not body.strip():
        return None
    if len(body) > LARGEST or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Invalid("This request cannot be read.", code="bad_xml")
    try:
        return ET.fromstring(body)  # no document type gets here, so no entity either
    except (ET.ParseError, LookupError, ValueError) as problem:
        raise Invalid("This request is no XML.", code="bad_xml") from problem


def element(tag: str, *inside: ET.Element | str) -> ET.Element:
    """An element with text or elements inside."""
    made = ET.Element(tag)
    for one in inside:
        if isinstance(one, str):
            made.text = (made.text or "") + one
        else:
            made.append(one)
    return made


def href(address: str) -> ET.Element:
    """An address, as DAV writes it."""
    return element(name(DAV, "href"), address)


@dataclass
class Answer:
    """What is said of one address: its properties, those it has not, or that it is not there."""

    address: str
    found: list[ET.Element] = field(default_factory=list)
    missing: Sequence[str] = ()
    refused: Sequence[str] = ()
    is_gone: bool = False


def multistatus(answers: Iterable[Answer]) -> bytes:
    """The body of a 207."""
    root = ET.Element(name(DAV, "multistatus"))
    for one in answers:
        response = ET.SubElement(root, name(DAV, "response"))
        response.append(href(one.address))
        if one.is_gone:
            response.append(_status("404 Not Found"))
            continue
        absent, kept = [ET.Element(tag) for tag in one.missing], [ET.Element(tag) for tag in one.refused]
        parts = (("200 OK", one.found), ("404 Not Found", absent), ("403 Forbidden", kept))
        for status, props in parts:
            if props or (status == "200 OK" and not absent and not kept):
                response.append(element(name(DAV, "propstat"), element(name(DAV, "prop"), *props), _status(status)))
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def problem(tag: str, sentence: str = "") -> bytes:
    """The body of a refusal: the condition that was not met, and in words."""
    inside = [ET.Element(tag)]
    if sentence:
        inside.append(element(name(DAV, "responsedescription"), sentence))
    return ET.tostring(element(name(DAV, "error"), *inside), encoding="utf-8", xml_declaration=True)


def _status(text: str) -> ET.Element:
    return element(name(DAV, "status"), f"HTTP/1.1 {text}")
