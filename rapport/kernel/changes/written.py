"""What one write did: handed to effects, indexers and the change log."""

from __future__ import annotations

from dataclasses import dataclass, field

from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo


@dataclass
class Written:
    """A record just written inside the open transaction, and its diff {field key: (before, after)} as values."""

    info: TypeInfo
    record: Record
    verb: str  # create, update, delete, restore
    diff: dict[str, tuple[object, object]] = field(default_factory=dict)

    def changed(self, *keys: str) -> bool:
        """Whether any of the fields changed."""
        return any(key in self.diff for key in keys)
