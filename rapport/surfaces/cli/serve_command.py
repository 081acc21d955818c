"""Run Rapport until Ctrl-C: prepares the database, then keeps the web server and the job runner running."""

from __future__ import annotations

import argparse

from rapport.project.launcher import serve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Address, data folder, sample."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for the whole network")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on (default 8000)")
    parser.add_argument("--data", metavar="FOLDER", default=None, help="data folder (default: RAPPORT_DATA or ./data)")
    parser.add_argument("--sample", action="store_true", help="fill an empty Rapport with a sample company")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")


def run(options: argparse.Namespace) -> int:
    """Hand over to the launcher."""
    return serve(options.host, options.port, options.data, sample=options.sample, browser=not options.no_browser)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)
