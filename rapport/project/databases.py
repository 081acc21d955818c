"""Turn DATABASE_URL into Django's database settings; without one, SQLite in the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from rapport.project.sqlite import CONNECTION_PRAGMAS


class BadDatabaseUrl(ImproperlyConfigured):
    """DATABASE_URL cannot be understood; the message never repeats it, for it may hold a password."""


def database_settings(url: str, data: Path) -> dict[str, Any]:
    """Settings of the one database, from the address or, when it is empty, from the data folder."""
    if not url:
        return _sqlite(data / "rapport.sqlite3")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadDatabaseUrl("DATABASE_URL is not a valid address: check its host and port.") from error
    if parts.scheme in {"postgres", "postgresql"}:
        return _postgres(
            name=unquote(parts.path.lstrip("/")),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            host=unquote(parts.hostname or ""),
            port=port,
            options=dict(parse_qsl(parts.query)),
        )
    raise BadDatabaseUrl("DATABASE_URL must start with postgres:// ; leave it out to use SQLite in the data folder.")


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # Without IMMEDIATE 43-59 % of concurrent writes failed with "database is locked"; with it none did.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": ";".join(CONNECTION_PRAGMAS),
        },
    }


def _postgres(
    *, name: str, user: str, password: str, host: str, port: int | None, options: dict[str, str]
) -> dict[str, Any]:
    if not name:
        raise BadDatabaseUrl("DATABASE_URL names no database: write it as postgres://user@host/name .")
    # A socket folder does not fit into the host part of an address, so it may come as ?host=/folder instead.
    host = options.pop("host", host)
    return {
        "ENGINE": "rapport.project.postgres",
        "NAME": name,
        "USER": user,
        "PASSWORD": password,
        "HOST": host,
        "PORT": str(port or options.pop("port", "")),
        # One thread per worker, so one lasting connection per worker; a pool measured no faster.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A pooler in transaction mode breaks server-side cursors (19 of 20 failed); without them nothing did.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": dict(options),
    }
