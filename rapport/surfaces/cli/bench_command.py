"""`rapport bench`: measure pages, API and imports on throw-away installations, from a source tree."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec

from rapport.kernel.errors import Refused
from rapport.project.data_folder import PROJECT_ROOT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks`, when it is there."""
    if _is_there():
        import_module("benchmarks.__main__").arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure; the figures go to standard output as Markdown."""
    if not _is_there():
        raise Refused("Benchmarks come with the source tree; start this command from there.")
    words = [f"--sizes={args.sizes}", f"--databases={args.databases}", f"--rounds={args.rounds}", f"--json={args.json}"]
    return int(import_module("benchmarks.__main__").main(words))


def _is_there() -> bool:
    if (PROJECT_ROOT / "benchmarks" / "__main__.py").is_file() and str(PROJECT_ROOT) not in sys.path:
        sys.path.append(str(PROJECT_ROOT))
    return find_spec("benchmarks") is not None
