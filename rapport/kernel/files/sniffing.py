"""What a file is, by its first bytes. Its name and what the browser says about it are never believed.

A table of a dozen signs and no library: everything that is not one of these is sent as unknown bytes, so knowing more
kinds would change nothing.
"""

from __future__ import annotations

UNKNOWN = "application/octet-stream"
PLAIN = "text/plain"
#: How many bytes are looked at.
LOOKED_AT = 4096
_SIGNS = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
]
#: The only types ever shown inside a page: pictures made of points. No SVG, no PDF, nothing that can hold a script.
SHOWN_INSIDE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def sniffed(start: bytes) -> str:
    """The type of a file from its first bytes: a sign we know, plain text, or unknown."""
    for sign, type_ in _SIGNS:
        if start.startswith(sign):
            return type_
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return PLAIN if _is_text(start) else UNKNOWN


def _is_text(start: bytes) -> bool:
    if b"\0" in start:
        return False
    # A character of several bytes may be cut off at the end of what was read.
    for cut in range(min(4, len(start) + 1)):
        try:
            start[: len(start) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False
