"""`rapport serve`: the whole program, until Ctrl-C."""

from __future__ import annotations

import argparse

from rapport.project.launcher import serve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen and where the data is."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on (default %(default)s)")
    parser.add_argument("--data", metavar="DIR", help="data folder (default ./data)")
    parser.add_argument("--sample", action="store_true", help="start with an invented company if there is no data yet")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"“{text}” is no port; use a number from 1 to 65535")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Serve."""
    return serve(args.host, args.port, args.data, args.sample, not args.no_browser)
