"""The scratch file of a scan: traits and keys of every record, sorted on the disk, so that a million need no memory.

An SQLite file of its own in the data folder, whichever database Rapport runs on. Every portion is one transaction of it,
so that a scan that was killed goes on where it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import orjson

from rapport.engines.duplicates.evidence import Traits

#: Pages of the file kept in memory (KiB, negative as SQLite has it).
_CACHE = -200_000
#: Members of blocks that are read from the file in one go; below what SQLite takes as bound values.
_AT_ONCE = 4_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS traits (n INTEGER PRIMARY KEY, id BLOB NOT NULL, told BLOB NOT NULL, keys BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS keys (key INTEGER NOT NULL, n INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

Row = tuple[UUID, Traits, Sequence[int]]
#: A record as it is compared: with the keys it shares with anybody.
Member = tuple[UUID, Traits, frozenset[int]]
#: (key, numbers of those who share it): at least two, or none where they are too many.
Block = tuple[int, list[int]]


class Scratch:
    """Traits by number, and which numbers share a key."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute(f"PRAGMA cache_size = {_CACHE}")
        self.db.execute("PRAGMA temp_store = FILE")
        self.db.executescript(_SCHEMA)
        self.count = self.db.execute("SELECT coalesce(max(n), 0) FROM traits").fetchone()[0]

    def get(self, name: str) -> str:
        """A place that was kept; "" before."""
        found = self.db.execute("SELECT value FROM place WHERE name = ?", [name]).fetchone()
        return found[0] if found else ""

    def put(self, name: str, value: object) -> None:
        """Keep a place."""
        self.db.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", [name, str(value)])

    def add(self, rows: Sequence[Row], read_to: UUID) -> None:
        """A portion of records, with how far the reading is, in one transaction."""
        self.db.execute("BEGIN")
        first = self.count + 1
        self.db.executemany(
            "INSERT INTO traits VALUES (?, ?, ?, ?)",
            [(n, pk.bytes, _told(traits), orjson.dumps(keys)) for n, (pk, traits, keys) in enumerate(rows, start=first)],
        )
        self.db.executemany(
            "INSERT INTO keys VALUES (?, ?)",
            [(key, n) for n, (_pk, _traits, keys) in enumerate(rows, start=first) for key in keys],
        )
        self.put("read_to", read_to)
        self.db.execute("COMMIT")
        self.count += len(rows)

    def sort(self) -> None:
        """Order the keys, once."""
        self.db.execute("CREATE INDEX IF NOT EXISTS keys_ix ON keys (key, n)")

    def large(self, most: int) -> frozenset[int]:
        """The keys that more than `most` records share: few of them, for each takes that many records."""
        rows = self.db.execute("SELECT key FROM keys GROUP BY key HAVING count(*) > ?", [most])
        return frozenset(key for (key,) in rows)

    def blocks(self, after: int, most: int) -> Iterator[tuple[list[Block], dict[int, Member]]]:
        """The blocks of every key from there on that at least two share, some at a time with their members read in one go."""
        rows = self.db.execute(
            "SELECT key, count(*), group_concat(n) FROM keys WHERE key > ? GROUP BY key HAVING count(*) > 1 ORDER BY key", [after]
        )
        blocks: list[Block] = []
        wanted: set[int] = set()
        for key, count, told in rows:
            numbers = [] if count > most else [int(n) for n in told.split(",")]
            blocks.append((key, numbers))
            wanted.update(numbers)
            if len(wanted) >= _AT_ONCE:
                yield blocks, self._read(wanted)
                blocks, wanted = [], set()
        if blocks:
            yield blocks, self._read(wanted)

    def _read(self, numbers: set[int]) -> dict[int, Member]:
        marks = ",".join("?" * len(numbers))
        rows = self.db.execute(f"SELECT n, id, told, keys FROM traits WHERE n IN ({marks})", sorted(numbers))
        return {n: (UUID(bytes=pk), _heard(told), frozenset(orjson.loads(keys))) for n, pk, told, keys in rows}

    def close(self, *, remove: bool) -> None:
        """Leave the file for the next attempt, or take it away."""
        self.db.close()
        if remove:
            for path in (self.path, *(self.path.with_name(self.path.name + end) for end in ("-wal", "-shm"))):
                path.unlink(missing_ok=True)


def _told(traits: Traits) -> bytes:
    return orjson.dumps(
        [traits.name, sorted(traits.emails), sorted(traits.phones), sorted(traits.domains), traits.places, traits.birth,
         traits.apart],
    )  # fmt: skip


def _heard(told: bytes) -> Traits:
    name, emails, phones, domains, places, birth, apart = orjson.loads(told)
    return Traits(
        tuple(name), frozenset(emails), frozenset(phones), frozenset(domains), tuple(map(tuple, places)), birth, tuple(apart)
    )  # type: ignore[arg-type]
