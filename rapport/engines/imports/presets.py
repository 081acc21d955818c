"""Files that other programs write, known by their headings: one JSON file each beside this one (`presets/`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class ImportPreset:
    """One program's export: by which columns it is known, and what its columns mean."""

    key: str
    label: str
    #: Each must be there; "A|B" is either.
    signs: tuple[str, ...]
    #: Column -> "shape:field" or "shape:field.part".
    columns: dict[str, str]

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a file with this header is one of these."""
        there = set(header)
        return all(any(one in there for one in sign.split("|")) for sign in self.signs)


@lru_cache(maxsize=1)
def import_presets() -> tuple[ImportPreset, ...]:
    """All of them, by name."""
    found = []
    for path in sorted(_FOLDER.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        found.append(ImportPreset(path.stem, data["label"], tuple(data["signs"]), data["columns"]))
    return tuple(found)


def preset_for(header: Sequence[str]) -> ImportPreset | None:
    """The preset that fits a header and knows the most of its columns."""
    fitting = [one for one in import_presets() if one.fits(header)]
    return max(fitting, key=lambda one: len(set(one.columns) & set(header)), default=None)
