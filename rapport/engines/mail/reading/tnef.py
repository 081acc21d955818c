"""winmail.dat: the envelope some programs put files into (TNEF). Only files, the plain and the HTML text are taken out.

Its compressed rich text is left alone: whoever sends it sends plain text beside it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

SIGNATURE = b"\x78\x9f\x3e\x22"
_BODY, _TITLE, _DATA, _NEW_FILE, _PROPERTIES, _FILE_PROPERTIES = 0x800C, 0x8010, 0x800F, 0x9002, 0x9003, 0x9005
_LONG_NAME, _HTML, _PLAIN = 0x3707, 0x1013, 0x1000
_MOST = 2_000
#: Size of the values that have a fixed one, by property type.
_FIXED = {2: 2, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_BY_LENGTH = (0x0D, 0x1E, 0x1F, 0x102)


@dataclass
class Envelope:
    """What was inside: files as (name, bytes)."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    text: str = ""
    html: str = ""


def read_tnef(data: bytes) -> Envelope:
    """Open the envelope as far as it can be read; a broken one gives what stands before the break."""
    found = Envelope()
    if not data.startswith(SIGNATURE):
        return found
    name, content = "", b""
    for attribute, value in _attributes(data):
        if attribute == _NEW_FILE:
            _put(found, name, content)
            name, content = "", b""
        elif attribute == _TITLE:
            name = name or _text(value)
        elif attribute == _DATA:
            content = value
        elif attribute == _BODY:
            found.text = _text(value)
        elif attribute == _FILE_PROPERTIES:
            name = next((_text(v, t) for tag, t, v in _properties(value) if tag == _LONG_NAME), name) or name
        elif attribute == _PROPERTIES:
            for tag, kind, content_of in _properties(value):
                if tag == _HTML:
                    found.html = _text(content_of, kind)
                elif tag == _PLAIN:
                    found.text = found.text or _text(content_of, kind)
    _put(found, name, content)
    return found


def _put(found: Envelope, name: str, content: bytes) -> None:
    if content:
        found.files.append((name or "attachment", content))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    for _one in range(_MOST):
        if at + 9 > len(data):
            return
        _level, number, length = struct.unpack_from("<BII", data, at)
        if at + 9 + length > len(data):
            return
        yield number & 0xFFFF, data[at + 9 : at + 9 + length]
        at += 9 + length + 2


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Tag, type and first value of each property; ends where it cannot read on."""
    try:
        at, (count,) = 4, struct.unpack_from("<I", data, 0)
        for _one in range(min(count, _MOST)):
            kind, tag = struct.unpack_from("<HH", data, at)
            at += 4
            if tag >= 0x8000:  # a named property: its name stands between
                by_number = struct.unpack_from("<I", data, at + 16)[0] == 0
                length = 4 if by_number else 4 + _padded(struct.unpack_from("<I", data, at + 20)[0])
                at += 20 + length
            several, kind = bool(kind & 0x1000), kind & 0xFFF
            values = 1
            if several or kind in _BY_LENGTH:
                (values,) = struct.unpack_from("<I", data, at)
                at += 4
            first = b""
            for number in range(min(values, _MOST)):
                if kind in _BY_LENGTH:
                    (size,) = struct.unpack_from("<I", data, at)
                    at += 4
                elif kind in _FIXED:
                    size = _FIXED[kind]
                else:
                    return
                first = data[at : at + size] if number == 0 else first
                at += _padded(size)
            yield tag, kind, first
    except struct.error:
        return


def _padded(size: int) -> int:
    return size + (-size % 4)


def _text(value: bytes, kind: int = 0x1E) -> str:
    if kind == 0x1F:
        return value.decode("utf-16-le", "replace").replace("\0", "")
    cut = value.rstrip(b"\0")
    try:
        return cut.decode("utf-8").replace("\0", "")
    except UnicodeDecodeError:
        return cut.decode("cp1252", "replace").replace("\0", "")
