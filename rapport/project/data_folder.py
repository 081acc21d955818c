"""The data folder: where it is, what lies in it, and the secret key that is made there once."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent.parent


class UnusableDataFolder(Exception):
    """The data folder cannot be made or written; the message says so in one sentence."""


def default_data_folder() -> Path:
    """RAPPORT_DATA, else `data` beside the source tree, else `data` in the current folder."""
    if named := os.environ.get("RAPPORT_DATA"):
        return Path(named).expanduser().resolve()
    # An installed package has no pyproject.toml beside it; site-packages is no place for people's data.
    root = PROJECT_ROOT if (PROJECT_ROOT / "pyproject.toml").is_file() else Path.cwd()
    return root / "data"


def prepare_data_folder(folder: Path) -> None:
    """Make the folder, readable by its owner only, with its parts."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for part in ("files", "tmp"):
            (folder / part).mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnusableDataFolder(f"The data folder {folder} cannot be used: {error.strerror or error}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnusableDataFolder(f"The data folder {folder} cannot be written by this user.")


def secret_keys(folder: Path) -> list[str]:
    """RAPPORT_SECRET_KEY, else the key of this installation, made on first use and readable by its owner only; below it
    in the file, older keys that are still read (a restore puts the key of the backup in front)."""
    if from_environment := os.environ.get("RAPPORT_SECRET_KEY"):
        return [from_environment]
    path = folder / "secret_key"
    if not path.exists():
        prepare_data_folder(folder)
        _write_once(path, secrets.token_urlsafe(48))
    try:
        keys = path.read_text(encoding="ascii").split()
    except OSError as error:
        raise UnusableDataFolder(f"The key file {path} cannot be read: {error.strerror}.") from error
    if not keys or len(keys[0]) < 32:
        raise UnusableDataFolder(
            f"The key file {path} is damaged: put it back from a backup or delete it to start anew."
        )
    return keys


def _write_once(path: Path, text: str) -> None:
    """Several processes may start at once: the whole file appears in one step, and the first one wins."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".secret_key.")  # mode 600 by definition
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)
