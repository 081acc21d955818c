"""`python -m rapport` and the console script `rapport`: the one command of the product."""

from __future__ import annotations

import sys

from rapport.project.orphans import die_with_supervisor
from rapport.project.sqlite import use_bundled_sqlite


def main() -> None:
    """Put the bundled SQLite in place before anything loads Django, then hand over to the command line."""
    die_with_supervisor()
    use_bundled_sqlite()
    from rapport.surfaces.cli.main import main as command_line

    sys.exit(command_line())


if __name__ == "__main__":
    main()
