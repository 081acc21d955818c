"""From an exception to one sentence for the person at the terminal."""

from __future__ import annotations

import os
import re
import sqlite3

from rapport.kernel.errors import RapportError


class CommandFailed(Exception):
    """A command cannot do its work; the message is the sentence."""


def sentence_of(problem: BaseException) -> str:
    """What is wrong and how to mend it, without a traceback and without secrets."""
    if isinstance(problem, RapportError):
        return _with_fields(problem)
    if isinstance(problem, CommandFailed) or type(problem).__name__ in (
        "UnsafeSqlite", "UnfitRole", "UnusableDataFolder", "BadDatabaseUrl", "AlreadyRunning", "CannotStart", "BackupProblem",
        "UpgradeStopped",
    ):  # fmt: skip
        return str(problem)
    name = type(problem).__name__
    if name in ("OperationalError", "ProgrammingError", "DatabaseError", "InterfaceError") or isinstance(problem, sqlite3.Error):
        return _database(problem)
    if isinstance(problem, OSError):
        return f"{problem.filename or 'A file'} cannot be used: {problem.strerror or problem}."
    return f"Something unexpected went wrong ({name}: {str(problem)[:200]}). RAPPORT_DEBUG=1 shows where."


def _with_fields(problem: RapportError) -> str:
    """The sentence, and one line for each further field that has one."""
    more = [f"  {key}: {sentence}" for key, sentence in problem.errors.items() if str(sentence) != problem.sentence]
    return "\n".join([problem.sentence, *more])


def _database(problem: BaseException) -> str:
    text = str(problem).strip()
    low = text.lower()
    if "locked" in low or "busy" in low:
        return "Another program is writing to the database and did not let go in time; nothing was half written. Try again."
    if "disk is full" in low or "no space" in low or "disk full" in low:
        return "The disk is full; the last step was undone. Make room and run the command again, it goes on where it was."
    if re.search(r"no such (table|column)|(relation|column|table) .* does not exist", low):
        return "The database is not ready for this version of Rapport. Run: rapport migrate"
    if "malformed" in low or "not a database" in low:
        return "The database file is damaged. Put it back from a backup."
    if "readonly" in low or "read-only" in low or "unable to open" in low:
        return "The database file cannot be written by this user; check who owns the data folder."
    if os.environ.get("DATABASE_URL"):
        # The driver's first line names host, port and reason; never the password.
        reason = text.splitlines()[0].rstrip(".") if text else "no reason given"
        return f"The PostgreSQL server named in DATABASE_URL cannot be used: {reason}."
    return f"The database cannot be used: {text.splitlines()[0] if text else type(problem).__name__}."
