"""Header lines as text: encoded words, raw 8-bit letters, addresses, ids and dates, each bounded and never raising."""

from __future__ import annotations

import base64
import binascii
import codecs
import datetime as dt
import quopri
import re
from collections.abc import Iterable, Mapping
from email.message import Message as Raw
from email.utils import parsedate_to_datetime

from rapport.engines.mail.reading.message import Address
from rapport.kernel.kinds.normal import without_controls

LONGEST = 64_000
_MOST_ADDRESSES = 500
_MOST_REFERENCES = 50
_LONGEST_ID = 250
_ENCODED = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]*)?\?([bBqQ])\?([^?\r\n]{0,4000})\?=")
_BETWEEN = re.compile(r"(\?=)\s+(?==\?[\w.:+-]{1,40}(?:\*[\w-]*)?\?[bBqQ]\?)")
_PLAIN_ADDRESS = re.compile(r"^[^\s@<>\"(),:;\\\[\]\x00-\x1f\x7f]{1,64}@[^\s@<>\"(),:;\\\[\]\x00-\x20\x7f]{1,250}$")
_ID = re.compile(r"<([^<>\s]{1,1000})>")
#: Not text, or slow by design.
_NO_CODECS = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem"}
#: What programs write and what they mean.
_MEANT = {
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "utf-8", "ascii": "utf-8",
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
}  # fmt: skip


def text_of(data: bytes, charset: str | None) -> str:
    """Bytes as text: what the sender says, else UTF-8, else Western European; NUL is dropped."""
    wanted = (charset or "utf-8").strip().strip("'\"").lower()
    for name in dict.fromkeys((_MEANT.get(wanted, wanted), "utf-8")):
        try:
            found = codecs.lookup(name)
            if found.name in _NO_CODECS or not getattr(found, "_is_text_encoding", True):
                continue
            return _clean(data.decode(found.name))
        except (LookupError, UnicodeError, ValueError):
            continue
    return _clean(data.decode("cp1252", "replace"))


def _clean(text: str) -> str:
    """Without half characters, which no database takes, and control characters, which no field of a record does."""
    return without_controls(text.encode("utf-8", "replace").decode("utf-8"))


def raw(message: Raw, name: str) -> str:
    """The first header of that name with 8-bit letters read, encoded words still encoded."""
    return next(iter(all_raw(message, name)), "")


def all_raw(message: Raw, name: str) -> list[str]:
    """Every header of that name, unfolded."""
    wanted = name.lower()
    found = []
    for key, value in message.raw_items():
        if str(key).lower() == wanted:
            data = str(value)[:LONGEST].encode("utf-8", "surrogateescape")
            found.append(re.sub(r"[\r\n\t ]+", " ", text_of(data, "utf-8")).strip())
            if len(found) >= 50:
                break
    return found


def decoded(text: str) -> str:
    """A header with its encoded words (RFC 2047) read; what cannot be read stays as it stands."""
    text = _BETWEEN.sub(r"\1", text)
    found, at, held, held_charset = [], 0, b"", ""

    def flush() -> None:
        nonlocal held
        if held:
            found.append(text_of(held, held_charset))
            held = b""

    for match in _ENCODED.finditer(text):
        charset, how, body = match.groups()
        if match.start() > at or charset.lower() != held_charset:
            flush()
        found.append(text[at : match.start()])
        # Some programs cut a letter of several bytes in two words: bytes are joined before they are read.
        held, held_charset, at = held + _word(how, body), charset.lower(), match.end()
    flush()
    return re.sub(r"[\x00-\x1f\x7f]+", " ", "".join(found) + text[at:]).strip()


def _word(how: str, body: str) -> bytes:
    data = body.encode("utf-8", "replace")
    if how in "qQ":
        return quopri.decodestring(data, header=True)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return data


def addresses(text: str) -> list[Address]:
    """The addresses of a header, without groups, comments and what is no address."""
    found: dict[str, Address] = {}
    for part in _parts(text[:LONGEST]):
        name, given = "", part
        if "<" in part:
            name, _sep, rest = part.rpartition("<")
            given = rest.partition(">")[0]
        given = re.sub(r"\([^()]*\)", " ", given).strip().strip("'\"").lower()
        if _PLAIN_ADDRESS.match(given) and given not in found:
            shown = decoded(name.strip().strip('"').replace('\\"', '"').replace("\\\\", "\\"))[:200]
            found[given] = Address(given, shown.strip(" '\""))
        if len(found) >= _MOST_ADDRESSES:
            break
    return list(found.values())


def unreadable(text: str) -> list[str]:
    """What stands between the commas and is no address, as it was typed."""
    return [part.strip() for part in _parts(text[:LONGEST]) if part.strip() and not addresses(part)]


def shown_addresses(some: Iterable[Mapping[str, str]]) -> str:
    """Addresses with their names in one line that `addresses` reads again."""
    lines = []
    for one in some:
        name = re.sub(r"[\x00-\x1f\x7f<>\"\\\\]+", " ", one.get("name", "")).strip()
        name = f'"{name}"' if re.search(r"[,;:@()]", name) else name
        lines.append(f"{name} <{one['address']}>" if name else one["address"])
    return ", ".join(lines)


def _parts(text: str) -> list[str]:
    """Cut at commas and semicolons that stand outside of quotes and angle brackets; the name of a group is dropped."""
    found, start, quoted, inside, at = [], 0, False, False, 0
    while at < len(text):
        letter = text[at]
        if letter == "\\" and quoted:
            at += 1
        elif letter == '"' and not inside:
            quoted = not quoted
        elif not quoted and letter in "<>":
            inside = letter == "<"
        elif not quoted and not inside and letter in ",;:":
            if letter != ":":
                found.append(text[start:at])
            start = at + 1
        at += 1
    # A quote that never ends: nothing of it is believed but what looks like an address at its end.
    return [*found, text[start:]]


def ids(text: str) -> list[str]:
    """The Message-IDs in a header, without brackets, each once."""
    return list(dict.fromkeys(one for one in _ID.findall(text) if len(one) <= _LONGEST_ID))


def references(message: Raw) -> list[str]:
    """What the message answers, oldest first: the first and the last ones of a long list."""
    found = ids(raw(message, "References"))
    found += [one for one in ids(raw(message, "In-Reply-To")) if one not in found]
    return found if len(found) <= _MOST_REFERENCES else [found[0], *found[1 - _MOST_REFERENCES :]]


def moment(text: str) -> dt.datetime | None:
    """A date header in UTC; None when it is none, or lies where no mail was ever sent."""
    try:
        found = parsedate_to_datetime(text[:200])
        found = found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None
    return found if 1971 <= found.year <= 2200 else None
