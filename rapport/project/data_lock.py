"""One running Rapport per data folder. The lock is the kernel's, so a killed process never leaves a stale one."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO


class AlreadyRunning(Exception):
    """Another process serves this data folder; the message says which."""


def hold_data_folder(folder: Path, address: str) -> TextIO:
    """Lock the folder for as long as the returned file stays open; the file tells who holds it."""
    file = (folder / "rapport.pid").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        process, _, other = file.read().strip().partition(" ")
        file.close()
        raise AlreadyRunning(
            f"Rapport is already running on {folder}, at {other or 'an unknown address'} (process {process or '?'})."
        ) from None
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()} {address}\n")
    file.flush()
    return file
