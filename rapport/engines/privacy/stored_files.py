"""The files of records in the data folder: reading them for a download, taking them away for an erasure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rapport.kernel.errors import Gone
from rapport.kernel.files.store import path_of
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo


def file_path(key: str) -> Path | None:
    """Where a stored file lies; None for a key that is none of ours."""
    try:
        return path_of(key)
    except Gone:
        return None


def file_fields(info: TypeInfo) -> list[str]:
    """The model attributes of a type that hold a file."""
    return [one.path for one in info.fields.values() if one.kind.key == "file" and one.source == "column"]


def file_keys(info: TypeInfo, records: Iterable[Record]) -> list[str]:
    """The keys of all files of these records."""
    found = []
    for record in records:
        for name in file_fields(info):
            facts = getattr(record, name)
            if isinstance(facts, dict) and isinstance(facts.get("key"), str):
                found.append(facts["key"])
    return found


def remove_files(keys: Iterable[str]) -> None:
    """Take files away; one that is gone already is no problem."""
    for key in keys:
        path = file_path(key)
        if path is not None:
            path.unlink(missing_ok=True)
