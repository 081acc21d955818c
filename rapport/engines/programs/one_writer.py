"""One writer at a time for a key that no constraint of the database guards (the external id of a record, an address)."""

from __future__ import annotations

import hashlib

from django.db import connection


def alone_with(*parts: object) -> None:
    """Wait until no other transaction works on the same key; holds until the transaction in force ends."""
    if connection.vendor != "postgresql":
        return  # SQLite has one writer at a time anyway: the transaction is IMMEDIATE
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    with connection.cursor() as cursor:
        # Raw SQL: the ORM knows no advisory locks, and there is no row to lock before the record exists.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)])
