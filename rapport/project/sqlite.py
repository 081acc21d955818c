"""Which SQLite Rapport runs on, and how its connections are set up.

SQLite from 3.7.0 to 3.51.2 can lose committed work when two connections use one write-ahead log (the WAL-reset race),
and Python ships whatever version its builder had. So the `pysqlite3` wheel, which carries its own SQLite, takes the
place of the standard module before Django loads, and an older SQLite is refused.
"""

from __future__ import annotations

import sys
from types import ModuleType

LEAST_VERSION = (3, 51, 3)
WITHDRAWN_VERSIONS = frozenset({(3, 52, 0)})

# One statement each, run on every new connection. FULL makes an acknowledged write survive a power cut; the page cache
# is per connection (64 MB for each of many threads was measured at 1 GB of memory), so it stays small.
CONNECTION_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA cache_size=-16000",
    "PRAGMA mmap_size=134217728",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=67108864",
)


class UnsafeSqlite(Exception):
    """The SQLite at hand is not safe for a write-ahead log; the message says so in one sentence."""


def use_bundled_sqlite() -> None:
    """Let `import sqlite3` mean the bundled build; without the wheel the standard module stays and is checked later."""
    if getattr(sys.modules.get("sqlite3"), "is_bundled_by_rapport", False):
        return
    try:
        import pysqlite3
        from pysqlite3 import dbapi2
    except ImportError:
        return
    # A marker of our own: pysqlite3 names its modules after itself, but another tool may have swapped them in part.
    setattr(pysqlite3, "is_bundled_by_rapport", True)  # noqa: B010
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = dbapi2


def refuse_unsafe_sqlite(module: ModuleType | None = None) -> None:
    """Raise UnsafeSqlite when this SQLite could lose commits."""
    if module is None:
        import sqlite3

        module = sqlite3
    version = tuple(module.sqlite_version_info)
    if version < LEAST_VERSION or version in WITHDRAWN_VERSIONS:
        least = ".".join(map(str, LEAST_VERSION))
        raise UnsafeSqlite(
            f"Rapport needs SQLite {least} or newer, found {module.sqlite_version}, which can lose saved work: "
            "install the pinned packages again, use a Python built with a newer SQLite, or set DATABASE_URL to use "
            "PostgreSQL."
        )
