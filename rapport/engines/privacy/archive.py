"""Everything known about a person as one ZIP: JSON for programs, CSV for people, the files, and the change log."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from rapport.engines.exports.formulas import defended
from rapport.engines.privacy.collect import Known, everything_known, log_of
from rapport.engines.privacy.stored_files import file_path
from rapport.kernel.access import gate
from rapport.kernel.changes.events import note_event
from rapport.kernel.changes.history import lines
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def write_archive(ctx: Context, info: TypeInfo, record: Record, out: IO[bytes]) -> None:
    """Write the archive and an entry in the audit log. Raises Refused without the right to export the person; of other
    types only what the viewer may export is in it."""
    gate.get(ctx, info, record.pk, "export")
    known = everything_known(ctx, info, record, verb="export")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in known:
            archive.writestr(f"{one.info.key}.json", _json(one))
            archive.writestr(f"{one.info.key}.csv", _csv(ctx, one))
        archive.writestr("changes.json", _changes(ctx, known))
        files = _files(known)
        for name, key in files:
            path = file_path(key)
            if path is not None and path.is_file():
                archive.write(path, name)
    rows = {one.info.key: len(one.rows) for one in known}
    note_event(ctx, "exported", record, format="zip", counts=rows, what="personal data", files=len(files))


def _json(one: Known) -> str:
    items = [
        {
            "id": str(row.id), "version": row.version,
            **{f.key: None if row.values[f.key] is None else f.kind.to_json(row.values[f.key]) for f in one.fields},
        }
        for row in one.rows
    ]  # fmt: skip
    return json.dumps(items, ensure_ascii=False, indent=1, default=str)


def _csv(ctx: Context, one: Known) -> str:
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(["id", *(f.key for f in one.fields)])
    for row in one.rows:
        cells = ["" if row.values[f.key] is None else f.kind.text(row.values[f.key], ctx.format) for f in one.fields]
        out.writerow([str(row.id), *map(defended, cells)])
    return text.getvalue()


def _changes(ctx: Context, known: Sequence[Known]) -> str:
    """The history of every record in the archive, with the fields the viewer may see."""
    found = []
    for info, change in log_of(ctx, known):
        for line in lines(ctx, info, [change]):
            found.append({
                "number": change.number, "at": change.at.isoformat(), "type": change.type, "record": str(change.record_id),
                "verb": change.verb, "by": change.actor_name, "through": change.surface,
                "changes": {
                    field.key: [None if value is None else field.kind.to_json(value) for value in (before, after)]
                    for field, before, after in line.entries
                },
            })  # fmt: skip
    return json.dumps(found, ensure_ascii=False, indent=1, default=str)


def _files(known: Sequence[Known]) -> list[tuple[str, str]]:
    """(name in the archive, key) of every file in a field the viewer may see."""
    found = []
    for one in known:
        for field in (f for f in one.fields if f.kind.key == "file"):
            for row in one.rows:
                facts = row.values[field.key]
                if isinstance(facts, dict):
                    name = str(facts.get("name") or "file").replace("/", "_").replace("\\", "_")
                    found.append((f"files/{one.info.key}-{str(row.id)[-8:]}-{name}", str(facts.get("key", ""))))
    return found
