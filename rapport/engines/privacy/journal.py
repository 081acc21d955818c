"""Erasures written down outside of the database, so that they can be done again after an older backup was restored.

One line of JSON each in the data folder, `erasures.jsonl`: workspace, type, id, time. No personal data. Keep this file when
you restore a backup.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings

from rapport.engines.privacy.models import Erasure
from rapport.kernel.ids import as_id


@dataclass(frozen=True)
class JournalLine:
    """One erasure as the journal remembers it."""

    workspace_id: UUID
    type_key: str
    record_id: UUID


def journal_path() -> Path:
    """Where the journal lies."""
    return Path(settings.DATA) / "erasures.jsonl"


def write_down(erasure: Erasure) -> None:
    """Append an erasure and see it on the disk."""
    line = {
        "workspace": str(erasure.workspace_id), "type": erasure.type, "record": str(erasure.record_id),
        "at": erasure.at.isoformat(),
    }  # fmt: skip
    path = journal_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_journal(path: Path) -> Iterator[JournalLine]:
    """The erasures of a journal; a line cut off by a power failure is left out."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            workspace, record = as_id(line.get("workspace")), as_id(line.get("record"))
            if workspace is not None and record is not None:
                yield JournalLine(workspace, str(line.get("type", "")), record)
