"""Compiled translations: gettext reads .mo files, people write .po files, and only the latter are kept in the source.

Uses nothing of Django, because the settings call it before Django is ready, and the package build without it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def compile_where_stale(folder: Path) -> list[Path]:
    """Make the .mo beside each .po that changed since; returns those made. A folder that cannot be written is left."""
    made = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        if os.access(source.parent, os.W_OK):
            _compile(source, target)
            made.append(target)
    return made


def _compile(source: Path, target: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parent.parent.name)
    # Under another name first: several processes may start at once, and each must find a whole file.
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    with os.fdopen(handle, "wb") as out:
        write_mo(out, catalog)
    os.replace(name, target)
