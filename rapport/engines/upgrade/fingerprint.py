"""Who may do what, before an upgrade and after it: kept by the version that runs, compared by the one that comes.

What the old program decided, only the old program knows. So it keeps its answers each hour in the data folder. The new one
compares its own with them wherever nobody changed people, roles, rules or fields since; and, so that a migration that
changes rights is seen in any case, also with what it answers itself before the first step, where the tables allow that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from rapport.engines.backup.files import write_secret
from rapport.engines.upgrade.answers import MOST_WORKSPACES, Fingerprint, Space, Table, from_json, marks, take

_KEPT = "access-fingerprint.json"
#: What is kept may be of another version of the code as long as this process has not drawn it itself.
_drawn_by_this_process: list[bool] = []


@dataclass(frozen=True)
class Difference:
    """One answer that is another one now."""

    workspace: str
    sentence: str


def keep(*, anew: bool = False) -> Fingerprint:
    """Write down what the running program answers; reads nothing when nothing that decides has changed since."""
    before = kept()
    if not anew and _drawn_by_this_process and before is not None and _stands(before):
        return before
    found = take()
    write_secret(_path(), found.as_json())
    _drawn_by_this_process.append(True)
    return found


def kept() -> Fingerprint | None:
    """What was written down last; None when nothing was, or nothing that can be read."""
    return read(_path())


def read(path: Path) -> Fingerprint | None:
    """A fingerprint from a file."""
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def before_migrating() -> list[Fingerprint]:
    """What to compare with later: the answers of the program before, where they still stand, and of this one, where the
    tables allow asking."""
    found, now = [], marks()
    if (old := kept()) is not None:
        found.append(_standing(old, now))
    # Where this code's tables are not there yet, only what the program before kept is compared.
    with suppress(DatabaseError):
        found.append(take())
    return found


def differences(before: Fingerprint, after: Fingerprint) -> Iterator[Difference]:
    """Every answer that both have and that is not the same. What is new (a type, a field, an action) has no answer before."""
    for pk, old in before.spaces.items():
        new = after.spaces.get(pk)
        if new is None:
            continue
        for role, (name, mark) in old.roles.items():
            now = new.roles.get(role)
            if now is not None and now[1] != mark:
                for sentence in _between(before.tables[mark], after.tables[now[1]]):
                    yield Difference(old.name, f"role “{name}”, {sentence}")
        for key, answer in old.sample.items():
            if new.sample.get(key, answer) != answer:
                person, type_key, record, verb = key.split(" / ")
                told = f"person {person}, {type_key} {record}, {verb}: {_yes(answer)} before, {_yes(not answer)} now"
                yield Difference(old.name, told)


def _between(old: Table, new: Table) -> Iterator[str]:
    for type_key, parts in old.items():
        for part, answers in parts.items():
            for key, answer in answers.items():
                now = new.get(type_key, {}).get(part, {}).get(key, answer)
                if now != answer:
                    what = f"field {key}" if part == "fields" else key
                    yield f"type {type_key}, {what}: {answer} before, {now} now"


def _standing(old: Fingerprint, now: dict[str, tuple[str, int]]) -> Fingerprint:
    """Without the workspaces whose people, roles, rules or fields were changed since, and without samples written over."""
    spaces = {}
    for pk, one in old.spaces.items():
        mark, written = now.get(pk, ("", -1))
        if mark == one.mark:
            spaces[pk] = Space(one.name, one.mark, one.written, one.roles, one.sample if written == one.written else {})
    return Fingerprint(old.version, old.tables, spaces)


def _stands(before: Fingerprint) -> bool:
    """Whether nobody changed people, roles, rules or fields since, and every workspace to be asked is in it."""
    now = marks()
    return len(before.spaces) == min(len(now), MOST_WORKSPACES) and all(
        now.get(pk, ("",))[0] == one.mark for pk, one in before.spaces.items()
    )


def _path() -> Path:
    return Path(settings.DATA) / _KEPT


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"
