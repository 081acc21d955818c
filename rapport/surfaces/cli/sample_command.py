"""`rapport sample`: make an invented company to look around in, add customers to it, or remove it."""

from __future__ import annotations

import argparse
import datetime as dt
import sys

from rapport.engines.sample.fill import Progress
from rapport.engines.sample.remove import remove_sample_workspace
from rapport.engines.sample.workspace import fill_sample_workspace, make_sample_workspace, newest_sample_workspace
from rapport.kernel.errors import Invalid, Refused

MOST = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, which, where."""
    parser.add_argument("--customers", type=int, default=1_000, metavar="N", help="how many customers (default 1,000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same number makes the same data")
    parser.add_argument("--today", type=dt.date.fromisoformat, metavar="DATE", help="as of this day (default: today)")
    parser.add_argument("--new-workspace", action="store_true", help="make another sample workspace, whatever there is")
    parser.add_argument("--remove", action="store_true", help="remove the sample workspace that was made last")


def run(args: argparse.Namespace) -> int:
    """Make, fill or remove; who can sign in is printed once, on standard output."""
    if args.remove:
        return _remove()
    if not 1 <= args.customers <= MOST:
        raise Invalid(f"Choose between 1 and {MOST:,} customers.", field="customers")
    there = None if args.new_workspace else newest_sample_workspace()
    if there is None:
        workspace, people = make_sample_workspace(args.customers, args.seed, today=args.today, progress=_tell)
        print(f"\n“{workspace.name}” is ready with {args.customers:,} customers. Who can sign in:", file=sys.stderr)
        for name, email, password in people:
            print(f"{email}  {password}  ({name})")
        print("These passwords are shown this once.", file=sys.stderr)
        return 0
    fill_sample_workspace(there, args.customers, args.seed, today=args.today, progress=_tell)
    print(f"\n“{there.name}” has {args.customers:,} customers more; sign-ins stay as they are.", file=sys.stderr)
    return 0


def _remove() -> int:
    workspace = newest_sample_workspace()
    if workspace is None:
        raise Refused("There is no sample workspace here; workspaces with real data are never removed by this command.")
    gone = remove_sample_workspace(workspace)
    print(f"The sample “{workspace.name}” is gone, {gone:,} rows.", file=sys.stderr)
    return 0


def _tell(at: Progress) -> None:
    """One line that renews itself on a terminal, one line per step elsewhere."""
    pace = max(at.seconds, 0.001)
    line = (
        f"{at.customers:,} of {at.of:,} customers, {at.records:,} records; "
        f"{at.customers / pace:,.0f} customers/s, {at.records / pace:,.0f} records/s"
    )
    end = "\r" if sys.stderr.isatty() and at.customers < at.of else "\n"
    print(line.ljust(100) if end == "\r" else line, end=end, file=sys.stderr, flush=True)
