"""`rapport COMMAND …`: finds the command, sets Django up where it is needed, turns every failure into one sentence."""

from __future__ import annotations

import argparse
import importlib
import os
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

from rapport import __version__
from rapport.project.sqlite import use_bundled_sqlite
from rapport.surfaces.cli.failures import CommandFailed, sentence_of


@dataclass(frozen=True)
class Command:
    """One command: the module with its `add_arguments` and `run`, and what it needs before it is loaded."""

    module: str
    help: str
    needs_django: bool = True


COMMANDS = {
    "serve": Command("serve_command", "run Rapport: database, web server, job runner", needs_django=False),
    "setup": Command("setup_command", "make a workspace with its owner"),
    "migrate": Command("migrate_command", "bring the database up to this version"),
    "token": Command("token_command", "make, list and revoke API tokens"),
    "owner-link": Command("owner_link_command", "print a one-time sign-in link for an owner who is locked out"),
    "import": Command("import_command", "bring records in from a CSV file"),
    "export": Command("export_command", "write records to CSV, Excel, JSON lines or vCards"),
    "duplicates": Command("duplicates_command", "find records that are there twice, and list them"),
    "sample": Command("sample_command", "fill a workspace with a believable sample"),
    "audit": Command("audit_command", "check that the audit log is whole"),
    "privacy": Command("privacy_command", "do erasures of personal data again after a restore"),
    "backup": Command("backup_command", "make a backup, or prove that one can be restored"),
    "restore": Command("restore_command", "put a backup back"),
    "workspace": Command("workspace_command", "write a whole workspace into one file of open formats, or bring one in"),
    "upgrade": Command("upgrade_command", "say what bringing this installation up to date would do, and do it"),
    "access": Command("access_command", "print the fingerprint of who may do what"),
    "doctor": Command("doctor_command", "check this installation and say how to mend it"),
    "bench": Command("bench_command", "measure this installation"),
    "work": Command("work_command", "run background jobs (serve does this by itself)"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 failed with a sentence, 2 wrong usage, 130 interrupted."""
    use_bundled_sqlite()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except SystemExit as end:  # argparse: 0 after --help, 2 after wrong usage
        return end.code if isinstance(end.code, int) else 2
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever reads our output has gone (`rapport export … | head`): no reason to complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as problem:
        if os.environ.get("RAPPORT_DEBUG") == "1":
            traceback.print_exc()
        print(sentence_of(problem), file=sys.stderr)
        return 1


def _run(words: list[str]) -> int:
    chooser = _chooser()
    if not words:
        chooser.print_help(sys.stderr)
        return 2
    name = words[0]
    command = COMMANDS.get(name)
    if command is None:
        chooser.parse_args(words)  # --help, --version, or the usage error of an unknown command
        return 2
    if command.needs_django and {"-h", "--help"} & set(words[1:]):
        # Whoever only reads about a command shall not find a data folder where they stood.
        with tempfile.TemporaryDirectory(prefix="rapport-help-") as folder:
            os.environ["RAPPORT_DATA"] = folder
            return _run_command(name, command, words[1:])
    return _run_command(name, command, words[1:])


def _run_command(name: str, command: Command, words: list[str]) -> int:
    if command.needs_django:
        _set_up_django()
    module = _loaded(command)
    parser = argparse.ArgumentParser(prog=f"rapport {name}", description=(module.__doc__ or "").split("\n")[0])
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(words)) or 0)


def _chooser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:<{width}}  {one.help}" for name, one in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="rapport", usage="rapport COMMAND [options]", epilog=f"commands:\n{listing}\n\nrapport COMMAND --help tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter, description="Rapport, an open-source CRM.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"rapport {__version__} (SQLite {sqlite3.sqlite_version})")
    parser.add_argument("command", metavar="COMMAND", choices=sorted(COMMANDS), help=argparse.SUPPRESS)
    return parser


def _loaded(command: Command) -> object:
    name = f"rapport.surfaces.cli.{command.module}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        raise CommandFailed("This command is not part of this version of Rapport.") from None


def _set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rapport.project.settings")
    import django

    django.setup()
