"""Going back to the snapshot of the last upgrade: whether that can be done, and what was written since."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from rapport.engines.backup.problems import BackupProblem
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.models import WRITES, Change

_AT_ONCE = 2_000


@dataclass
class Edits:
    """What the change logs hold that the snapshot does not."""

    count: int = 0
    #: Record type -> how many entries.
    by_type: Counter[str] = field(default_factory=Counter)
    #: Entries that are no writes: sign-ins, exports, refusals.
    events: int = 0


def refuse_other_code(manifest: Mapping[str, object]) -> None:
    """A snapshot belongs to the code whose migrations it has, no more and no fewer: newer code would only upgrade it anew."""
    loader = MigrationLoader(connection)
    here = {f"{app}.{name}": one for (app, name), one in loader.disk_migrations.items()}
    there = set(manifest["migrations"])  # type: ignore[call-overload]
    # A squashed migration stands for those it replaces.
    more = [name for name, one in here.items() if name not in there and not _replaced(one.replaces, there)]
    apps = {name.partition(".")[0] for name in here}
    fewer = [name for name in there if name not in here and name.partition(".")[0] in apps and not _stands_for(name, here)]
    if more:
        raise BackupProblem(
            f"This program is newer than the snapshot ({sorted(more)[0]} is not in it); install the version of Rapport that ran "
            "before the upgrade, then run this command again. Nothing was changed."
        )
    if fewer:
        raise BackupProblem(
            f"This program is older than the snapshot (it does not know {sorted(fewer)[0]}); install the version of Rapport that "
            "ran before the upgrade, then run this command again. Nothing was changed."
        )


def _replaced(replaces: list[tuple[str, str]], there: set[str]) -> bool:
    return bool(replaces) and all(f"{app}.{name}" in there for app, name in replaces)


def _stands_for(name: str, here: Mapping[str, object]) -> bool:
    return any(name == f"{app}.{old}" for one in here.values() for app, old in one.replaces)  # type: ignore[attr-defined]


def write_edits(manifest: Mapping[str, object], out: Path) -> Edits:
    """Write every entry of the change logs since the snapshot as a line of JSON; returns what they are."""
    known = {str(one["id"]): int(one["changes"]) for one in manifest["workspaces"]}  # type: ignore[attr-defined]
    found = Edits()
    with out.open("w", encoding="utf-8") as file:
        out.chmod(0o600)
        for space in Workspace.objects.order_by("pk"):
            with use_workspace(space):
                for change in _since(space, known.get(space.pk.hex, 0)):
                    _write(file, space, change)
                    found.count += 1
                    if change.verb in WRITES:
                        found.by_type[change.type] += 1
                    else:
                        found.events += 1
    return found


def _since(space: Workspace, number: int) -> Iterator[Change]:
    while some := list(Change.objects.filter(workspace_id=space.pk, number__gt=number).order_by("number")[:_AT_ONCE]):
        yield from some
        number = some[-1].number


def _write(file: IO[str], space: Workspace, change: Change) -> None:
    line = {
        "workspace": space.name, "number": change.number, "at": change.at.isoformat(), "who": change.actor_name,
        "surface": change.surface, "type": change.type, "record": str(change.record_id or ""), "verb": change.verb,
        "action": change.action, "fields": change.diff, "details": change.details,
    }  # fmt: skip
    file.write(json.dumps(line, ensure_ascii=False) + "\n")
