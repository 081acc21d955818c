"""A watch over every statement of the whole suite, on both databases: none may look across workspaces unnoticed.

A statement of Rapport's own code that reads, changes or deletes rows of a table with a workspace must name the workspace,
or ask by primary key inside one, or run inside `unscoped(why)`. Anything else fails the test in which it ran.
Statements that a test itself makes do not count.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connections
from django.db.backends.signals import connection_created

from rapport.kernel.access.current import is_unscoped, told_to_database

ROOT = Path(__file__).resolve().parent.parent.parent
OWN, TESTS = str(ROOT / "rapport"), str(ROOT / "tests")
_VERB = re.compile(r"\s*(?:WITH|SELECT|UPDATE|DELETE)\b", re.IGNORECASE)
_BY_WORKSPACE = re.compile(r'"?workspace_id"?\s*(?:=|IN\b|IS\b)', re.IGNORECASE)
_BY_KEY = re.compile(r'"?\bid"?\s*(?:=|IN\b)', re.IGNORECASE)
_CONDITIONS = re.compile(r"\b(?:WHERE|ON|USING)\b.*", re.IGNORECASE | re.DOTALL)

#: Tables whose rows may belong to no workspace.
_OF_THE_INSTALLATION = re.compile(r"\bkernel_(?:job|schedule)\b")

#: Places in the code whose statements are right without either, each with the reason. Reviewed; empty is best.
REVIEWED: dict[str, str] = {}

_found: list[str] = []
_seen = 0
_is_on = False


@lru_cache(maxsize=1)
def _tables() -> re.Pattern[str]:
    names = sorted(
        m._meta.db_table
        for m in apps.get_models(include_auto_created=True)
        if any(f.column == "workspace_id" for f in m._meta.concrete_fields)
    )
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")


def watch(execute: Callable[..., object], statement: str, params: object, many: bool, context: dict[str, object]) -> object:
    """Django's hook around each statement; only notes, so that no error handling swallows it."""
    global _seen
    if _is_on and isinstance(statement, str) and _VERB.match(statement) and _tables().search(statement):
        _seen += 1
        if not is_unscoped() and is_unfenced(statement, inside=bool(told_to_database()[0])):
            place = _place()
            if place and place.partition(":")[0] not in REVIEWED:
                _found.append(f"{place}  {statement[:600]}")
    return execute(statement, params, many, context)


def is_unfenced(statement: str, *, inside: bool) -> bool:
    """Whether a statement on a workspace's table names neither a workspace nor, inside one, a primary key."""
    conditions = _CONDITIONS.search(statement)
    text = conditions[0] if conditions else ""
    if _BY_WORKSPACE.search(text):
        return False
    by_key = bool(_BY_KEY.search(text))
    # Outside any workspace a job or schedule of the installation is asked for by its key.
    return not (by_key and (inside or _OF_THE_INSTALLATION.search(statement)))


def _place() -> str:
    """Where in our code the statement comes from; empty when a test made it itself."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(TESTS):
            return ""
        if name.startswith(OWN) and "/project/postgres/" not in name:
            return f"{Path(name).relative_to(ROOT)}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def _install(connection: object, **_more: object) -> None:
    if watch not in connection.execute_wrappers:  # type: ignore[attr-defined]
        connection.execute_wrappers.append(watch)  # type: ignore[attr-defined]


connection_created.connect(_install, dispatch_uid="tests watch statements")


@pytest.fixture(autouse=True)
def watched_statements() -> Iterator[None]:
    """Fail the test in which a statement looked across workspaces."""
    global _is_on
    for one in connections.all(initialized_only=True):
        _install(one)
    _found.clear()
    _is_on = True
    yield
    _is_on = False
    assert not _found, "These statements look across workspaces; name the workspace or say unscoped(why):\n" + "\n".join(
        dict.fromkeys(_found)
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many statements were looked at (of this process; workers of xdist look at their own)."""
    if _seen:
        terminalreporter.write_line(f"{_seen} statements on tables of workspaces, {len(_found)} unscoped")
