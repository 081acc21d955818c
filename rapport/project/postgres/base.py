"""The database backend of Rapport on PostgreSQL: Django's own, with the workspace in force told to the server.

Row-level security (kernel/access/walls.py) compares every row with the settings `rapport.workspace` and
`rapport.unscoped`. They are set in front of the statement they are for, in the same message to the server, and only
for its transaction (`set_config(..., true)`): PostgreSQL itself takes them back at the end of it. So

- it costs no further round trip,
- nothing stays behind on the connection, whatever error or rollback comes between, and
- a pooler that gives every transaction another server connection (transaction mode) cannot mix workspaces up.

Outside a transaction block each statement is a transaction of its own, so each gets the settings; inside a block they
are sent again only when they differ from what the block has been told. Outside any workspace nothing is sent and the
server shows nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from psycopg import sql
from psycopg.pq import TransactionStatus

from rapport.kernel.access.current import OUTSIDE, told_to_database, unscoped

#: Statements about the transaction itself; they touch no rows, and some must run where nothing else may.
_ABOUT_THE_TRANSACTION = ("SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "BEGIN", "SET TRANSACTION")
ALLOW_SUPERUSER = "RAPPORT_ALLOW_SUPERUSER"
_ROLE = "SELECT rolname, rolsuper, rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user"


class UnfitRole(OperationalError):
    """The role of DATABASE_URL steps over row-level security, so workspaces would be kept apart by the code alone."""

    def __init__(self, role: str, why: str) -> None:
        """One sentence, with the statement that mends it."""
        super().__init__(
            f"The PostgreSQL role “{role}” of DATABASE_URL {why}, so the database would not keep workspaces apart; make one "
            "that may not: CREATE ROLE rapport LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS; CREATE DATABASE rapport OWNER "
            f"rapport; (or, on a machine of your own, start with {ALLOW_SUPERUSER}=1)."
        )


def told(setting: tuple[str, str]) -> str:
    """The statement that tells the server workspace and bypass for the running transaction. Values are our own: a UUID
    or empty, and "yes" or empty."""
    return (
        f"SELECT pg_catalog.set_config('rapport.workspace', '{setting[0]}', true), "
        f"pg_catalog.set_config('rapport.unscoped', '{setting[1]}', true);"
    )


class WalledCursor(base.Cursor):
    """A cursor whose every statement carries the workspace in force."""

    wall: DatabaseWrapper | None = None

    def execute(self, query: object, params: object = None, **kwargs: object) -> WalledCursor:
        """Run one statement, with the settings in front where the server does not know them."""
        setting = self._to_tell(query)
        if setting is None:
            return super().execute(query, params, **kwargs)  # type: ignore[arg-type, return-value]
        super().execute(_in_front(told(setting), query), params, **kwargs)  # type: ignore[arg-type]
        self.nextset()  # past the answer of set_config, to that of the statement
        self._has_told(setting)
        return self

    def executemany(self, query: object, params_seq: Iterable[object], **kwargs: object) -> None:
        """Run one statement many times in one transaction, which is told once."""
        with self._told_apart(query):
            super().executemany(query, params_seq, **kwargs)  # type: ignore[arg-type]

    def copy(self, statement: object, params: Sequence[object] | Mapping[str, object] | None = None, **kwargs: object) -> object:
        """COPY inside a transaction block is told first; outside of one it sees nothing of any workspace."""
        setting = self._to_tell(statement)
        if setting is not None and not self.connection.autocommit:
            super().execute(told(setting))
            self._has_told(setting)
        return super().copy(statement, params, **kwargs)  # type: ignore[arg-type]

    def _to_tell(self, query: object) -> tuple[str, str] | None:
        """What has to be told before this statement; None when the server knows."""
        if self.wall is None or (isinstance(query, str) and query.startswith(_ABOUT_THE_TRANSACTION)):
            return None
        wanted = told_to_database()
        known = OUTSIDE if self._stands_alone() else self.wall.known
        return None if wanted == known else wanted

    def _has_told(self, setting: tuple[str, str]) -> None:
        if self.wall is not None and not self._stands_alone():
            self.wall.known = setting

    def _stands_alone(self) -> bool:
        """Whether the next statement is a transaction of its own."""
        return self.connection.autocommit and self.connection.info.transaction_status == TransactionStatus.IDLE

    def _told_apart(self, query: object) -> AbstractContextManager[object]:
        setting = self._to_tell(query)
        if setting is None:
            return nullcontext()
        if self._stands_alone():
            return _TransactionOf(self, setting)
        super().execute(told(setting))
        self._has_told(setting)
        return nullcontext()


class _TransactionOf(AbstractContextManager[None]):
    """A transaction around one executemany outside of any block."""

    def __init__(self, cursor: WalledCursor, setting: tuple[str, str]) -> None:
        self.cursor, self.setting = cursor, setting
        self.block = cursor.connection.transaction()

    def __enter__(self) -> None:
        self.block.__enter__()
        base.Cursor.execute(self.cursor, told(self.setting))

    def __exit__(self, *raised: object) -> bool | None:
        return self.block.__exit__(*raised)  # type: ignore[arg-type]


def _in_front(first: str, query: object) -> object:
    if isinstance(query, str):
        return first + query
    if isinstance(query, bytes):
        return first.encode() + query
    return sql.SQL(first) + query  # type: ignore[arg-type, operator]


class SchemaEditor(DatabaseSchemaEditor):
    """Migrations work on the installation as a whole: their data steps see every workspace."""

    def __enter__(self) -> SchemaEditor:
        self._opened = unscoped("migrations change the rows of every workspace")
        self._opened.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        try:
            super().__exit__(*raised)
        finally:
            self._opened.__exit__(None, None, None)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that knows what the open transaction has been told, and refuses a role that steps over the wall."""

    SchemaEditorClass = SchemaEditor

    def __init__(self, *args: object, **kwargs: object) -> None:
        """As Django makes connections."""
        super().__init__(*args, **kwargs)
        #: What the server was told inside the open transaction; None when a savepoint's rollback may have undone it.
        self.known: tuple[str, str] | None = OUTSIDE

    def get_connection_params(self) -> dict[str, object]:
        """Django's, with our cursor."""
        return {**super().get_connection_params(), "cursor_factory": WalledCursor}

    def get_new_connection(self, conn_params: dict[str, object]) -> object:
        """Connect, and part again at once from a server that would take us for a superuser."""
        made = super().get_new_connection(conn_params)
        self.known = OUTSIDE
        if os.environ.get(ALLOW_SUPERUSER) != "1":
            try:
                refuse_unfit_role(made)
            except UnfitRole:
                made.close()
                raise
        # Compiling a plan pays for reports over millions of rows; a page's filter spent 16 of 28 ms on it.
        made.execute("SET jit = off")
        if not made.autocommit:
            made.commit()
        return made

    def create_cursor(self, name: str | None = None) -> object:
        """A cursor that asks this connection what has been told."""
        made = super().create_cursor(name)
        if isinstance(made, WalledCursor):
            made.wall = self
        return made

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)
        self.known = OUTSIDE

    def _commit(self) -> None:
        super()._commit()
        self.known = OUTSIDE

    def _rollback(self) -> None:
        super()._rollback()
        self.known = OUTSIDE

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)
        self.known = None  # a setting told inside the savepoint is undone with it


def refuse_unfit_role(connection: object) -> None:
    """Raise UnfitRole when the connection's role is a superuser or has BYPASSRLS."""
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        role, is_superuser, steps_over = cursor.execute(_ROLE).fetchone()
    if not connection.autocommit:  # type: ignore[attr-defined]
        connection.rollback()  # type: ignore[attr-defined]
    if is_superuser:
        raise UnfitRole(role, "is a superuser")
    if steps_over:
        raise UnfitRole(role, "has BYPASSRLS")
