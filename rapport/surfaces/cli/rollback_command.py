"""`rapport upgrade --rollback`: back to the snapshot that the last upgrade made, after saying what would be lost."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.conf import settings

from rapport.engines.backup.container import reading
from rapport.engines.backup.place import passphrase
from rapport.engines.backup.restore import restore
from rapport.engines.backup.verify import checked
from rapport.engines.upgrade.going import forget_upgrade
from rapport.engines.upgrade.rollback import Edits, refuse_other_code, write_edits
from rapport.engines.upgrade.snapshot import forget_snapshot, snapshot
from rapport.project.data_lock import hold_data_folder
from rapport.surfaces.cli.restore_command import HELD


def roll_back(*, yes: bool) -> int:
    """Look, write down what was done since, ask, go back. Every refusal comes before anything changes."""
    path, at = snapshot()
    with reading(path, passphrase()) as backup:
        checked(backup, path)
        manifest = backup.manifest
    refuse_other_code(manifest)
    lock = hold_data_folder(Path(settings.DATA), "a rollback is under way")
    try:
        out = Path(settings.DATA) / f"edits-since-upgrade-{dt.datetime.now().astimezone():%Y%m%d-%H%M%S}.jsonl"
        print(f"{path.name}: the state of {at:%Y-%m-%d %H:%M}, before the last upgrade")
        _say(write_edits(manifest, out), out)
        if not yes and not _confirmed():
            out.unlink(missing_ok=True)
            print("Nothing was changed.")
            return 1
        for step in restore(path, passphrase=passphrase()):
            print(f"ok   {step}")
        forget_snapshot()
        forget_upgrade()
        print(HELD)
        return 0
    finally:
        lock.close()


def _say(edits: Edits, out: Path) -> None:
    if not edits.count:
        out.unlink()
        print("  written since  nothing")
        return
    kinds = ", ".join(f"{count:,} of {key}" for key, count in edits.by_type.most_common()) or "none"
    print(f"  written since  {edits.by_type.total():,} edits ({kinds}) and {edits.events:,} other entries of the logs")
    print(f"  they are kept  {out}, one line of JSON each; they are not in Rapport afterwards")


def _confirmed() -> bool:
    try:
        return input("Go back and leave them out? Type yes: ").strip().casefold() == "yes"
    except EOFError:
        return False
