"""What lies in the data folder beside the database: uploaded files, the journal of erasures, and keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from rapport.engines.privacy.journal import journal_path


def kept_files() -> Iterator[tuple[str, Path]]:
    """Uploaded files and the journal of erasures, each with its name below the data folder."""
    data = Path(settings.DATA)
    for path in _uploaded():
        yield path.relative_to(data).as_posix(), path
    if journal_path().is_file():
        yield journal_path().name, journal_path()


def files_size() -> int:
    """Bytes of all uploaded files."""
    return sum(path.stat().st_size for path in _uploaded())


def _uploaded() -> Iterator[Path]:
    return (path for path in sorted((Path(settings.DATA) / "files").rglob("*")) if path.is_file())


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner reads: whole, or as it was."""
    part = path.with_name(f".{path.name.lstrip('.')}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
