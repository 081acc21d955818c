"""People and companies as vCards 3.0 (RFC 2426), which telephones, mail programs and address books all read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.exports.cards import Card, card_of
from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.engines.exports.sheet import Sheet
    from rapport.kernel.query.read import Row

#: Octets of a line, without its end (RFC 2426, section 2.6).
_LINE = 75
_TYPES = {"work": "WORK", "home": "HOME", "private": "HOME", "mobile": "CELL", "cell": "CELL", "fax": "FAX"}


def write(sheet: Sheet, pages: Iterator[list[Row]]) -> Iterator[bytes]:
    """The cards of each page."""
    card = card_of(sheet.info)
    for rows in pages:
        jobs = _jobs(sheet, card, rows)
        yield "".join(_card(sheet, card, row, jobs.get(row.id)) for row in rows).encode("utf-8", errors="replace")


def _jobs(sheet: Sheet, card: Card, rows: Sequence[Row]) -> dict[UUID, tuple[str, str]]:
    """(company, title) of each person, as far as the viewer may see both: two queries a page."""
    ctx, job = sheet.ctx, card.employer
    if job is None or job.type not in registry or not gate.allows(ctx, registry.get(job.type), "view"):
        return {}
    info = registry.get(job.type)
    fields = gate.fields(ctx, info)
    keys = [key for key in (job.person, job.company, job.title, job.primary) if key in fields]
    if job.person not in keys or job.company not in keys:
        return {}
    person, company = fields[job.person].path, fields[job.company].path
    people = gate.visible(ctx, info).filter(**{f"{person}__in": [row.id for row in rows]})
    places = list(people.values(*(fields[key].path for key in keys)))
    titles = gate.titles(ctx, registry.get(fields[job.company].to), {place[company] for place in places})
    found: dict[UUID, tuple[str, str]] = {}
    for place in sorted(places, key=lambda place: bool(place.get(job.primary))):
        if place[company] in titles:
            found[place[person]] = (titles[place[company]], str(place.get(job.title) or ""))
    return found


def _card(sheet: Sheet, card: Card, row: Row, job: tuple[str, str] | None) -> str:
    got = row.values
    name = str(got.get(card.name) or "")
    is_person = got.get("kind") == "person" or (not sheet.info.person_column and job is not None)
    family, given = _parts(name) if is_person else ("", "")
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"UID:urn:uuid:{row.id}", f"FN:{_text(name)}"]
    lines.append(f"N:{_text(family)};{_text(given)};;;")
    if not is_person:
        lines += [f"ORG:{_text(name)}", "X-ABSHOWAS:COMPANY"]
    elif job:
        lines += [f"ORG:{_text(job[0])}", *([f"TITLE:{_text(job[1])}"] if job[1] else [])]
    for one in _entries(got.get(card.emails)):
        lines.append(f"EMAIL{_types(one, 'INTERNET')}:{_text(one.get('value'))}")
    for one in _entries(got.get(card.phones)):
        ext = f" x{one['ext']}" if one.get("ext") else ""
        lines.append(f"TEL{_types(one, 'VOICE')}:{_text(one.get('value'))}{ext}")
    for one in _entries(got.get(card.addresses)):
        parts = ("street", "city", "region", "postcode", "country")
        lines.append(f"ADR{_types(one)}:;;{';'.join(_text(one.get(part)) for part in parts)}")
    if website := got.get(card.website):
        lines.append(f"URL:{_text(website)}")
    if birthday := got.get(card.birthday):
        lines.append(f"BDAY:{birthday}")
    if tags := got.get(card.tags):
        lines.append("CATEGORIES:" + ",".join(_text(tag) for tag in tags))  # type: ignore[attr-defined]
    if note := got.get(card.note):
        lines.append(f"NOTE:{_text(note)}")
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCARD"])


def _entries(value: object) -> list[Mapping[str, str]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def _types(entry: Mapping[str, str], *always: str) -> str:
    """TYPE=… of the label; a label no address book knows is kept as it is where it is a plain word."""
    label = entry.get("label") or ""
    known = _TYPES.get(label.casefold()) or (label if label.isascii() and label.replace("-", "").isalnum() else "")
    types = [*always, *([known] if known else [])]
    return f";TYPE={','.join(types)}" if types else ""


def _parts(name: str) -> tuple[str, str]:
    """(family, given): the last word is taken for the family's, which is where most of the languages shipped put it."""
    given, _space, family = name.rpartition(" ")
    return (family, given) if given else ("", family)


def _text(value: object) -> str:
    """Escaped as RFC 2426, section 5, asks; signs that are none fall away."""
    text = "" if value is None else str(value)
    text = text.replace("\\", "\\\\").replace("\r\n", "\n").replace("\n", "\\n").replace(";", "\\;").replace(",", "\\,")
    return "".join(sign for sign in text if sign >= " " and sign != "\x7f")


def _folded(line: str) -> str:
    """Cut into lines of 75 octets, never within a letter."""
    if len(line.encode()) <= _LINE:
        return line
    parts, size = [""], 0
    for sign in line:
        octets = len(sign.encode("utf-8", errors="replace"))
        if size + octets > _LINE:
            parts.append("")
            size = 1
        parts[-1] += sign
        size += octets
    return "\r\n ".join(parts)
