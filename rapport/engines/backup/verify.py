"""Believing a backup: its bytes, then a real restore beside the living one, tried out, and thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from rapport.engines.backup.container import Backup, Progress, reading
from rapport.engines.backup.create import KEYS_SUFFIX, key_mark
from rapport.engines.backup.problems import BackupProblem
from rapport.engines.backup.record import BY_COMMAND, remember_verified
from rapport.engines.backup.scratch import restored_aside, run_try


def verify(
    path: Path, *, keys: Path | None = None, passphrase: str = "", by: str = BY_COMMAND,
    progress: Progress = lambda share, count: None,
) -> Iterator[str]:  # fmt: skip
    """One line per proof; raises BackupProblem at the first that fails. The living installation is not touched."""
    with reading(path, passphrase) as backup:
        yield checked(backup, path, progress)
        key = key_for(path, backup.manifest, keys)
        with restored_aside(backup, key, parent=path.parent) as environment:
            yield from run_try(environment, backup.manifest)
        remember_verified(str(backup.manifest["created_at"]), path.name, by)


def refuse_workspace(manifest: dict[str, object], path: Path) -> None:
    """A workspace written by `rapport workspace export` is no backup of an installation."""
    if manifest.get("kind") == "workspace":
        raise BackupProblem(f"{path.name} holds one workspace; bring it in with: rapport workspace import")


def checked(backup: Backup, path: Path, progress: Progress = lambda share, count: None) -> str:
    """Every part against its sum; raises BackupProblem."""
    refuse_workspace(backup.manifest, path)
    backup.check(progress)
    return f"{len(backup.parts):,} parts, each as it was put in"


def key_for(path: Path, manifest: dict[str, object], keys: Path | None) -> str:
    """The key that belongs to a backup: from its second file, else this installation's own if it is the same."""
    beside = keys or path.with_name(path.name + KEYS_SUFFIX)
    if beside.is_file():
        found = beside.read_text(encoding="ascii", errors="replace").strip()
        if key_mark(found) == manifest["key"]:
            return found
        raise BackupProblem(f"{beside.name} is not the key of this backup; give the right one with --keys.")
    if keys is not None:
        raise BackupProblem(f"There is no file {keys}.")
    if key_mark(settings.SECRET_KEY) == manifest["key"]:
        return settings.SECRET_KEY
    raise BackupProblem(
        f"The key of this backup ({beside.name}) is missing, and this installation has another one. Without it, code apps of "
        "the second step and secrets of single sign-on are lost: give it with --keys, or say --without-keys."
    )
