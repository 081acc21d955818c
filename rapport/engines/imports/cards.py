"""Address cards: vCard 2.1, 3.0 and 4.0, any number in a file, one row each."""

from __future__ import annotations

import codecs
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from rapport.engines.imports.table import Counting, Line, Reading, Table, fingerprint
from rapport.kernel.errors import Invalid

#: Columns of a file of cards, in this order; those that no card uses are left out.
COLUMNS = (
    "Name", "First name", "Last name", "Company", "Department", "Job title", "E-mail", "Phone", "Website", "Street",
    "Postcode", "City", "Region", "Country", "Birthday", "Tags", "Note", "UID",
)  # fmt: skip
_LONGEST_CARD, _LONGEST_LINE = 5_000_000, 2_000_000
_UNSLASH = re.compile(r"\\(.)", re.DOTALL)
_LABELS = {"home": "home", "work": "work", "cell": "mobile", "mobile": "mobile", "fax": "fax", "main": "main"}
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


def is_card_file(start: bytes) -> bool:
    """Whether it begins as a card does."""
    return start[:11].upper() == b"BEGIN:VCARD"


@dataclass
class Property:
    """One line of a card."""

    name: str
    types: list[str]
    value: str


@dataclass
class _Card:
    number: int
    lines: list[Property] = field(default_factory=list)
    wrong: str = ""


@dataclass
class CardTable(Table):
    """Cards as rows; several addresses or numbers stand in one cell, each on its line."""

    @classmethod
    def opened(cls, path: Path, reading: Reading) -> CardTable:
        """Walk the cards once to see which columns they fill."""
        digest, size = fingerprint(path)
        table = cls(path, size=size, digest=digest, kind="cards", is_typed=True, encoding=reading.encoding or _encoding(path))
        used: set[str] = set()
        for card in table._cards():
            used.update(key for key, text in cells_of(card).items() if text)
            if len(used) == len(COLUMNS):
                break
        if not used:
            raise Invalid(_("%(path)s holds no address cards that can be read.") % {"path": path.name})
        table.header = [name for name in COLUMNS if name in used]
        return table

    def lines(self) -> Iterator[Line]:
        """One row per card, numbered by the line on which it begins."""
        for card in self._cards():
            cells = cells_of(card)
            yield Line(card.number, [cells[name] for name in self.header], card.wrong)

    def _cards(self) -> Iterator[_Card]:
        card: _Card | None = None
        length = 0
        with self.path.open("rb") as raw:
            for number, text in _unfolded(Counting(raw, self), self.encoding):
                upper = text[:12].upper()
                if upper.startswith("BEGIN:VCARD"):
                    if card is not None:
                        card.wrong = card.wrong or _("The card has no end (END:VCARD).")
                        yield card
                    card, length = _Card(number), 0
                elif upper.startswith("END:VCARD"):
                    if card is not None:
                        yield card
                    card = None
                elif card is not None:
                    length += len(text)
                    if length > _LONGEST_CARD:
                        card.wrong = _("The card is too long to be real.")
                    elif (found := read_property(text, self.encoding)) is not None:
                        card.lines.append(found)
        if card is not None:
            card.wrong = card.wrong or _("The card has no end (END:VCARD).")
            yield card


def _encoding(path: Path) -> str:
    """UTF-8 unless the file is not; old cards say Latin letters in their own ways."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return "cp1252"
    return "utf-8"


def _unfolded(lines: Iterable[bytes], encoding: str) -> Iterator[tuple[int, str]]:
    """Logical lines: folded ones joined (a blank at the start), and quoted-printable ones that end in “=”."""
    kept, began = b"", 0
    for number, raw in enumerate(lines, start=1):
        raw = raw.rstrip(b"\r\n")
        quoted = b"QUOTED-PRINTABLE" in kept[:200].upper()
        if kept and quoted and kept.endswith(b"=") and len(kept) < _LONGEST_LINE:
            kept = kept[:-1] + raw.lstrip() if raw[:1] in b" \t" and raw else kept[:-1] + raw
        elif raw[:1] in (b" ", b"\t") and kept:
            if len(kept) < _LONGEST_LINE:
                kept += raw[1:]
        else:
            if kept:
                yield began, kept.decode(encoding, "replace").removeprefix("\ufeff")
            kept, began = raw, number
    if kept:
        yield began, kept.decode(encoding, "replace").removeprefix("\ufeff")


def read_property(text: str, encoding: str = "utf-8") -> Property | None:
    """A line such as “item1.TEL;TYPE=cell,voice:+49 30 1” or “TEL;HOME:…”; None for what is no property."""
    head, colon, value = _split_head(text)
    if not colon:
        return None
    parts = head.split(";")
    name = parts[0].rpartition(".")[2].upper()
    types: list[str] = []
    charset, is_quoted = encoding, False
    for part in parts[1:]:
        key, equals, given = part.partition("=")
        given = (given if equals else key).strip('"')
        if equals and key.upper() == "CHARSET":
            charset = given
        elif given.upper() in ("QUOTED-PRINTABLE", "Q"):
            is_quoted = True
        elif not equals or key.upper() == "TYPE":
            types += [one.strip().lower() for one in given.split(",")]
    if is_quoted:
        value = _decoded(quopri.decodestring(value.encode("utf-8")), charset)
    return Property(name, types, value)


def _split_head(text: str) -> tuple[str, str, str]:
    """At the first colon outside of quotes."""
    in_quotes = False
    for at, sign in enumerate(text[:2000]):
        if sign == '"':
            in_quotes = not in_quotes
        elif sign == ":" and not in_quotes:
            return text[:at], ":", text[at + 1 :]
    return text, "", ""


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return data.decode("utf-8", "replace")


def _parts(value: str, sign: str = ";") -> list[str]:
    """The parts of a structured value, its backslashes taken off."""
    return [_plain(part) for part in re.split(rf"(?<!\\){sign}", value)]


def _plain(value: str) -> str:
    return _UNSLASH.sub(lambda m: "\n" if m[1] in "nN" else m[1], value).replace("\0", "").strip()


def cells_of(card: _Card) -> dict[str, str]:
    """The cells of one card by column."""
    cells = dict.fromkeys(COLUMNS, "")
    several: dict[str, list[str]] = {"E-mail": [], "Phone": []}
    for one in card.lines:
        match one.name:
            case "FN":
                cells["Name"] = cells["Name"] or _plain(one.value)
            case "N":
                last, first, *_rest = [*_parts(one.value), "", ""]
                cells["Last name"], cells["First name"] = last, first
            case "ORG":
                company, department, *_rest = [*_parts(one.value), "", ""]
                cells["Company"], cells["Department"] = company, department
            case "TITLE":
                cells["Job title"] = cells["Job title"] or _plain(one.value)
            case "EMAIL" if one.value.strip():
                several["E-mail"].append(_labelled(one, _plain(one.value).removeprefix("mailto:")))
            case "TEL" if one.value.strip() and "fax" not in one.types:
                several["Phone"].append(_labelled(one, _plain(one.value).removeprefix("tel:")))
            case "URL":
                cells["Website"] = cells["Website"] or _plain(one.value)
            case "ADR":
                _address(cells, one)
            case "BDAY":
                found = _DAY.match(one.value.strip())
                cells["Birthday"] = "-".join(found.groups()) if found else ""
            case "CATEGORIES":
                cells["Tags"] = ", ".join(part for part in _parts(one.value, ",") if part)
            case "NOTE":
                cells["Note"] = "\n".join(filter(None, [cells["Note"], _plain(one.value)]))
            case "UID":
                cells["UID"] = _plain(one.value).removeprefix("urn:uuid:")[:100]
    for name, texts in several.items():
        cells[name] = "\n".join(dict.fromkeys(texts))
    cells["Name"] = cells["Name"] or " ".join(filter(None, [cells["First name"], cells["Last name"]])) or cells["Company"]
    return cells


def _labelled(one: Property, text: str) -> str:
    """ “work: ann@x.example”, as a cell with several entries is written."""
    label = next((_LABELS[kind] for kind in one.types if kind in _LABELS), "")
    return f"{label}: {text}" if label else text


def _address(cells: dict[str, str], one: Property) -> None:
    """The first address of a card, or the one at work."""
    if cells["Street"] or cells["City"]:
        return
    box, more, street, city, region, code, country, *_rest = [*_parts(one.value), *[""] * 7]
    cells["Street"] = ", ".join(filter(None, [box, more, street]))
    cells["City"], cells["Region"], cells["Postcode"], cells["Country"] = city, region, code, country
