"""`rapport`: finds the command, loads Django for it, and turns every failure into one sentence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from rapport import __version__
from rapport.kernel.errors import RapportError
from rapport.project.data_folder import UnusableDataFolder
from rapport.project.sqlite import UnsafeSqlite, use_bundled_sqlite

#: Command -> what it is for. Each lives in `<command>_command.py` with `add_arguments` and `run`.
COMMANDS = {
    "serve": "start the web server and the job runner",
    "setup": "make a workspace and its owner without a browser",
    "sample": "make an invented company to look around in",
    "import": "bring records in from a file",
    "export": "write records to a file",
    "token": "make, list and revoke API tokens",
    "doctor": "check this installation and say how to mend it",
    "bench": "measure how fast this installation is",
    "work": "run jobs (one runner starts with `serve`)",
    "migrate": "bring the database up to the program",
}
#: Commands that start processes of their own and so need no Django here.
WITHOUT_DJANGO = {"serve"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 refused or failed, 2 wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    use_bundled_sqlite()
    try:
        return _run(words)
    except (RapportError, UnsafeSqlite, UnusableDataFolder, ImproperlyConfigured, FileNotFoundError, PermissionError) as told:
        return _failed(_sentence(told))
    except DatabaseError as told:
        return _failed(_database_sentence(str(told)))
    except BrokenPipeError:
        # Whoever read our output has enough (rapport export … | head).
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return _failed("Stopped.")


def _run(words: list[str]) -> int:
    name = next((w for w in words if not w.startswith("-")), "")
    if name and name in COMMANDS and name not in WITHOUT_DJANGO:
        start_django()
    parser = _parser(name)
    args = parser.parse_args(words)
    if not getattr(args, "run", None):
        parser.print_help()
        return 2
    found = args.run(args)
    return int(found or 0)


def start_django() -> None:
    """Load settings and apps; what cannot start says why."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.project.settings")
    import django  # noqa: PLC0415 - only after the environment is set

    django.setup()


def _parser(chosen: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rapport", description="Rapport: a CRM for the whole life of a customer.")
    parser.add_argument("--version", action="version", version=f"rapport {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, about in COMMANDS.items():
        sub = commands.add_parser(name, help=about, description=about[:1].upper() + about[1:] + ".")
        # Only the chosen command is imported: each start pays for what it uses.
        module = f"rapport.surfaces.cli.{name}_command"
        if name == chosen and find_spec(module) is not None:
            command = import_module(module)
            command.add_arguments(sub)
            sub.set_defaults(run=command.run)
    return parser


def _failed(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    if os.environ.get("RAPPORT_DEBUG") == "1":
        raise  # noqa: PLE0704 - called from an except block; developers want the traceback
    return 1


def _sentence(told: Exception) -> str:
    if isinstance(told, RapportError):
        more = [f"  {key}: {sentence}" for key, sentence in told.errors.items() if str(sentence) != told.sentence]
        return "\n".join([told.sentence, *more])
    if isinstance(told, FileNotFoundError):
        return f"There is no file {told.filename}." if told.filename else str(told)
    if isinstance(told, PermissionError):
        return f"The file {told.filename} may not be used by this user." if told.filename else str(told)
    return str(told)


def _database_sentence(told: str) -> str:
    low = told.lower()
    if "locked" in low:
        return "The database is busy with another program's work; nothing was changed. Try again in a moment."
    if "full" in low or "no space" in low:
        return "The disk or the database is full; nothing was changed. Make room and try again."
    if "no such table" in low or "does not exist" in low:
        return "The database is not prepared yet; run: rapport migrate"
    if "connection" in low or "could not connect" in low:
        return f"The database cannot be reached; check DATABASE_URL. ({told.strip().splitlines()[0]})"
    return f"The database refused: {told.strip().splitlines()[0]}"
