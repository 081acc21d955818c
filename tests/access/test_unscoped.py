"""Every place that may look across workspaces, with its reason: one more and this fails until somebody has reviewed it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rapport.kernel.access.current import is_unscoped, told_to_database, unscoped, use_workspace
from rapport.kernel.ids import new_id
from tests.access.statements import is_unfenced

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent.parent / "rapport"

#: File -> the reasons given there. Reviewed by hand; keep it short.
REVIEWED = {
    "engines/backup/databases.py": [
        "a backup holds the rows of every workspace", "a restored database is compared with what was backed up",
    ],
    "engines/backup/settling.py": ["a restore ends every session of the installation"],
    "engines/mail/forgetting.py": ["a restored copy must not send again what the original sent"],
    "engines/upgrade/plan.py": ["an upgrade counts the rows of tables it would rewrite"],
    "engines/calendar/devices.py": ["the workspace of a calendar program is known by its password only"],
    "engines/calendar/feeds.py": ["the workspace of a calendar address is known by its secret only"],
    "engines/sample/remove.py": ["whether an account is somebody in another workspace too"],
    "engines/publishing/sites.py": ["the workspace of a help centre is known by its address only"],
    "engines/portal/sites.py": ["the workspace of a portal is known by its address only"],
    "engines/booking/finding.py": ["the workspace of a booking page is known by its address only"],
    "engines/booking/records.py": ["whether the address of a booking page is free, whichever workspace has it"],
    "engines/livechat/talking.py": ["the workspace of a chat is known by its address only"],
    "engines/livechat/bell.py": ["one bell of the process rings for the conversations of every workspace"],
    "engines/webforms/receiving.py": ["the workspace of a web form is known by its address only"],
    "kernel/access/accounts.py": ["which workspaces an account belongs to"],
    "kernel/access/tokens.py": ["the workspace of a token is known by the token only"],
    "kernel/changes/readers.py": ["which readers of the change log are behind, in all workspaces at once"],
    "kernel/files/attaching.py": ["uploads that no record took are removed in every workspace"],
    "engines/imports/tasks.py": ["old files of imports are removed in every workspace"],
    "kernel/jobs/queue.py": [
        "the queue serves every workspace", "a worker takes the jobs of every workspace",
        "a dead worker's jobs may belong to any workspace", "old jobs of every workspace are dropped",
    ],
    "kernel/jobs/schedules.py": ["which schedules are due, in all workspaces at once"],
    "kernel/query/search.py": ["SQLite counts the rows of its word index over all workspaces"],
    "modules/satisfaction/asks.py": ["the workspace of a rating is known by its address only"],
    "project/postgres/base.py": ["migrations change the rows of every workspace"],
    "surfaces/web/signing_in/adapters.py": ["the workspace of a sign-in provider is known by its key only"],
    "surfaces/web/signing_in/invitations.py": [
        "the workspace of an invitation is known by its link only", "whether somebody invited an address, whichever workspace",
    ],
    "surfaces/web/signing_in/providers.py": ["an address is asked for before anybody is in a workspace"],
    "surfaces/cli/doctor_command.py": [
        "doctor looks at the whole installation: the time of the last change",
        "doctor looks at the whole installation: jobs that wait or failed",
    ],
}  # fmt: skip


def _uses() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "unscoped":
                why = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else "(no plain reason)"
                found.setdefault(str(path.relative_to(ROOT)), []).append(str(why))
    return {name: sorted(reasons) for name, reasons in found.items()}


def test_each_use_of_unscoped_is_reviewed() -> None:
    """A new one belongs on the list above, with the reason the code gives, or better: is not needed."""
    assert _uses() == {name: sorted(reasons) for name, reasons in REVIEWED.items()}


def test_nobody_sets_the_bypass_by_other_means() -> None:
    """The names of the settings and of the variable behind `unscoped` occur in the three files that own them only."""
    owners = {"kernel/access/current.py", "kernel/access/walls.py", "project/postgres/base.py"}
    for path in ROOT.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if any(word in text for word in ("rapport.unscoped", "rapport.workspace'", "rapport_unscoped", "rapport_workspace_id")):
            assert str(path.relative_to(ROOT)) in owners, path


def test_it_holds_for_its_block_only_and_entering_a_workspace_closes_it() -> None:
    """Also when the block ends by an error."""
    one, other = new_id(), new_id()
    with use_workspace(one):
        with pytest.raises(ZeroDivisionError), unscoped("test"):
            assert told_to_database() == (str(one), "yes")
            with use_workspace(other):
                assert told_to_database() == (str(other), "") and not is_unscoped()
            raise ZeroDivisionError
        assert told_to_database() == (str(one), "") and not is_unscoped()
    with pytest.raises(ValueError, match="Say why"), unscoped(""):
        pass


@pytest.mark.parametrize(
    ("statement", "inside", "unfenced"),
    [
        ('SELECT "workspace_id" FROM "kernel_change"', True, True),
        ('SELECT "id" FROM "kernel_change" WHERE "kernel_change"."workspace_id" = %s', False, False),
        ('SELECT "id" FROM "kernel_change" WHERE "kernel_change"."id" = %s', True, False),
        ('SELECT "id" FROM "kernel_change" WHERE "kernel_change"."id" = %s', False, True),
        ('DELETE FROM "kernel_indexedvalue" WHERE "record_id" IN (%s)', True, True),
        ('UPDATE "kernel_user" SET "workspace_id" = %s', True, True),
    ],
)
def test_the_watch_over_statements_knows_one_when_it_sees_one(statement: str, inside: bool, unfenced: bool) -> None:
    """The watch itself is watched."""
    assert is_unfenced(statement, inside=inside) is unfenced
