"""The file of a backup: a ZIP with the database, the uploaded files and a manifest that has the SHA-256 of each part.

Any program that reads ZIP files can look inside; nothing but the manifest is needed to put it together again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rapport.engines.backup.problems import BackupProblem
from rapport.engines.backup.sealing import is_sealed, seal, unseal

MANIFEST = "manifest.json"
FORMAT = 1
_CHUNK = 1 << 20
Progress = Callable[[float, int], None]


class Writer:
    """Adds parts and remembers what their bytes were."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.parts: dict[str, dict[str, object]] = {}

    def add(self, name: str, path: Path, *, pack: bool) -> None:
        """Add a file; `pack` for what shrinks."""
        info = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED if pack else zipfile.ZIP_STORED
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, self._archive.open(info, "w", force_zip64=True) as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        self.parts[name] = {"size": size, "sha256": digest.hexdigest()}


@contextmanager
def writing(out: Path, passphrase: str) -> Iterator[tuple[Writer, dict[str, object]]]:
    """Write a backup that appears whole or not at all; the block fills the manifest's facts.

    The file is seen on the disk before it gets its name, so a power cut leaves the old one or the new one.
    """
    with tempfile.TemporaryDirectory(prefix=".rapport-backup-", dir=out.parent) as folder:
        plain = Path(folder) / "backup.zip"
        facts: dict[str, object] = {}
        with zipfile.ZipFile(plain, "w", compresslevel=6) as archive:
            writer = Writer(archive)
            yield writer, facts
            archive.writestr(MANIFEST, json.dumps({"format": FORMAT, **facts, "parts": writer.parts}, indent=1))
        made = plain
        if passphrase:
            made = Path(folder) / "sealed"
            seal(plain, made, passphrase)
        made.chmod(0o600)
        with made.open("rb+") as file:
            os.fsync(file.fileno())
        made.replace(out)
        sync_folder(out.parent)


def sync_folder(folder: Path) -> None:
    """See a rename on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Backup:
    """A backup opened for reading."""

    def __init__(self, archive: zipfile.ZipFile, manifest: dict[str, object], path: Path) -> None:
        self._archive, self.manifest, self.path = archive, manifest, path

    @property
    def parts(self) -> dict[str, dict[str, object]]:
        """Name, size and hash of every part."""
        return self.manifest["parts"]  # type: ignore[return-value]

    def names(self, prefix: str) -> list[str]:
        """The parts below a folder."""
        return [name for name in self.parts if name.startswith(prefix)]

    def take(self, name: str, target: Path) -> None:
        """Write a part to a file and check it against the manifest on the way."""
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with target.open("wb") as out:
            self._checked(name, out)
            out.flush()
            os.fsync(out.fileno())
        target.chmod(0o600)

    def check(self, progress: Progress = lambda share, count: None) -> None:
        """Read every part and compare its hash. Raises BackupProblem for the first that differs."""
        for number, name in enumerate(self.parts, 1):
            self._checked(name, None)
            progress(number / len(self.parts), number)

    def _checked(self, name: str, out: IO[bytes] | None) -> None:
        digest, size, known = hashlib.sha256(), 0, self.parts[name]
        try:
            with self._archive.open(name) as source:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    if out is not None:
                        out.write(chunk)
        except (KeyError, zipfile.BadZipFile, EOFError, OSError, ValueError) as wrong:
            raise _damaged(self.path, name) from wrong
        if digest.hexdigest() != known["sha256"] or size != known["size"]:
            raise _damaged(self.path, name)


@contextmanager
def reading(path: Path, passphrase: str) -> Iterator[Backup]:
    """Open a backup; raises BackupProblem in one sentence for whatever is no backup of ours."""
    if not path.is_file():
        raise BackupProblem(f"There is no file {path}.")
    with tempfile.TemporaryDirectory(prefix="rapport-backup-") as folder:
        plain = path
        if is_sealed(path):
            if not passphrase:
                raise BackupProblem("This backup is sealed; give its passphrase with --passphrase-file.")
            plain = Path(folder) / "backup.zip"
            unseal(path, plain, passphrase)
        try:
            with zipfile.ZipFile(plain) as archive:
                yield Backup(archive, _manifest(archive, path), path)
        except zipfile.BadZipFile:
            raise BackupProblem(f"{path.name} is no backup of Rapport, or it is cut off; take another copy of it.") from None


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, object]:
    try:
        found = json.loads(archive.read(MANIFEST))
        parts = found["parts"]
        is_ours = isinstance(parts, dict) and all({"size", "sha256"} <= set(one) for one in parts.values())
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile, EOFError):
        is_ours = False
    if not is_ours:
        raise BackupProblem(f"{path.name} has no list of its contents; it is no backup of Rapport or is damaged.")
    if found.get("format") != FORMAT:
        raise BackupProblem(f"{path.name} was made by a newer Rapport; restore it with that version or a later one.")
    if any(name.startswith("/") or ".." in name.split("/") for name in parts):
        raise BackupProblem(f"{path.name} names files outside of its own folder; it was not made by Rapport.")
    return found


def _damaged(path: Path, name: str) -> BackupProblem:
    return BackupProblem(f"{path.name} is damaged: “{name}” is not what was put in. Nothing was changed; use another backup.")


def room_for(folder: Path, size: int) -> None:
    """Refuse before anything begins when the disk is too small."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise BackupProblem(f"{folder} has {free / 2**30:.1f} GB free, {size / 2**30:.1f} GB are needed; make room first.")
