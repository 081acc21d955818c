"""Who may import whom, and who may write: read from the code itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "rapport"
MODULES = ["customers", "activities", "sales", "mail", "orders", "fulfilment", "service", "knowledge", "satisfaction", "meetings", "marketing", "insight"]
#: The bookkeeping tables that other code may write itself; records never.
NOT_RECORDS = {
    "account", "apitoken", "setuplink", "job", "schedule", "readercursor", "workspace", "importrun", "session", "cursor",
}  # fmt: skip


def _files() -> list[Path]:
    return [p for p in sorted(ROOT.rglob("*.py")) if "migrations" not in p.parts]


def _imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in found if name.startswith("rapport.")]


def _allowed(layer: str, inner: str, name: str) -> bool:
    parts = name.split(".")
    target = parts[1] if len(parts) > 1 else ""
    if layer == "project" or target in ("__version__", "") or target == layer == "kernel":
        return True
    if layer == "kernel":
        return False
    if layer == "engines":
        return target in ("kernel", "engines")
    if layer == "surfaces":
        # The command line starts the server, so it may name the launcher of the project.
        return target in ("kernel", "engines", "surfaces") or (target == "project" and inner in ("cli", "web"))
    if layer == "modules":
        if target == "modules":
            return len(parts) < 3 or MODULES.index(parts[2]) <= MODULES.index(inner)
        return target in ("kernel", "engines")
    return True


@pytest.mark.parametrize("path", _files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_inward_only(path: Path) -> None:
    """kernel -> nobody; engines -> kernel; surfaces -> kernel, engines; modules -> those and earlier modules."""
    parts = path.relative_to(ROOT).parts
    layer, inner = parts[0], parts[1] if len(parts) > 2 else ""
    if "tests" in parts:
        return
    wrong = [name for name in _imports(path) if not _allowed(layer, inner, name)]
    assert not wrong, f"{path.relative_to(ROOT)} may not import {wrong}"


WRITES = {"save", "delete", "bulk_create", "bulk_update", "update_or_create", "get_or_create"}
#: Files that write records by design, each with its reason.
DOORS = {
    "kernel/changes/door.py": "the write door",
    "kernel/changes/many.py": "the write door, set-wise",
    "kernel/changes/many_new.py": "the write door, set-wise",
    "kernel/changes/indexers.py": "search entries and the value index",
    "kernel/changes/readers.py": "the cursors of change readers",
    "kernel/changes/unit.py": "the end of the chain of the change log",
    "engines/privacy": "an erasure must not leave the old values in the change log, as the door would",
    "kernel/query/search.py": "search entries",
    "kernel/files/": "receipts of uploads are no records",
    "kernel/access/tokens.py": "tokens and set-up links are no records",
    "kernel/access/chart.py": "the workspace's access version",
    "kernel/access/rules.py": "grants are no records; since when a rule is in force, which nobody types",
    "kernel/access/sharing.py": "grants are no records",
    "kernel/access/setup.py": "accounts; role and account of a user, which nobody types",
    "engines/words/preparing.py": "unique values and the mark that an index is complete",
    "engines/words/packs.py": "that a pack was applied is no record",
    "engines/words/purging.py": "values of fields that were deleted long ago, which nobody sees any more",
    "engines/words/kind_change": "how far a change of kind is, is no record; where a field's values stand, which nobody types",
    "engines/words/keeping.py": "calculated values are no records",
    "kernel/custom/unique.py": "unique values are no records",
    "kernel/records_own.py": "the workspace's schema version",
    "kernel/jobs": "jobs are no records",
    "engines/timeline/indexing.py": "timeline links",
    "engines/imports": "import runs are no records",
    "engines/views/audience.py": "grants are no records",
    "engines/views/offered.py": "what a person chose among views is no record",
    "engines/followups": "how far a rule has come and what it made are no records",
    "engines/notices": "notices are no records",
    "engines/calendar/devices.py": "the passwords of calendar programs are no records",
    "engines/calendar/entries.py": "the names that programs give to entries are no records",
    "engines/calendar/feeds.py": "the secret addresses of calendars are no records",
    "engines/backup/settling.py": "sessions are no records",
    "engines/moving": "a workspace comes as it left, with its log",
    "engines/duplicates": "pairs, scans and merges are no records; what a merge moves in tables that are none",
    "engines/livechat": "the copy for visitors and that a conversation goes on are no records; what is said is",
    "engines/webforms": "the copy for visitors and what they sent are no records",
    "engines/portal": "accounts of guests, their links and sessions are no records",
    "engines/publishing": "what readers are shown and what they say of it are no records",
    "engines/sample/articles.py": "whether a help centre is on is no record",
    "engines/batches": "what was done to many records, written down, is no record",
    "engines/telephony": "calls that are going on are no records; what stays of one goes through the door",
    "engines/webhooks": "how far an endpoint has come and what was sent to it are no records",
    "engines/programs": "answers kept for repeats are no records",
    "engines/numbers": "the last number given is no record",
    "modules/service/moments.py": "moments of the clocks of tickets are no records",
    "modules/service/alarms.py": "that somebody was told of a promise is no record",
    "modules/service/mail_queues.py": "which message belongs to which ticket is no record",
    "modules/service/looking.py": "who has a ticket open is no record",
    "modules/satisfaction/readers.py": "who read what lately is no record",
    "modules/satisfaction/asks.py": "that somebody is to be asked, and how often one may be, are no records",
    "project": "the sessions and start-up of the service",
    "surfaces/web/digest.py": "notices and what people want by mail are no records",
    "surfaces/web/sign_in_limit.py": "counts of failed sign-ins are no records",
    "surfaces/web/signing_in": "sessions, factors, invitations, links and accounts are no records",
    "kernel/access/joining.py": "role and account of a user, which nobody types",
    "modules/meetings/inviting.py": "what calendars know of a meeting is no record",
    "modules/meetings/calling_off.py": "what calendars know of a meeting is no record",
    "modules/meetings/invited.py": "what calendars know of a meeting is no record",
    "engines/booking": "the copy for visitors and what they booked are no records",
    "modules/customers/indexing.py": "the value index of birthdays",
    "engines/mail": "how far a mailbox has been read, its ledger and its secrets are no records",
    "modules/mail/audience.py": "grants are no records",
    "modules/mail/taking.py": "the HTML and the quotation of a message, which nobody types",
    "modules/mail/sharing.py": "what somebody shares of their mailbox is no record",
    "surfaces/cli": "accounts and tokens",
}


def test_only_the_write_door_writes_records() -> None:
    """Nobody else calls save, delete, update or bulk_create on a model's manager or instance."""
    found = []
    for path in _files():
        name = path.relative_to(ROOT).as_posix()
        if any(name.startswith(door) for door in DOORS) or "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            base = ast.unparse(node.func.value)
            manager = ".objects" in base or base.endswith("rows")
            if (node.func.attr in WRITES and manager) or (node.func.attr == "update" and manager):
                found.append(f"{name}:{node.lineno} {ast.unparse(node)[:80]}")
            if node.func.attr == "create" and base.endswith(".objects"):
                found.append(f"{name}:{node.lineno} {ast.unparse(node)[:80]}")
    assert not found, "These write around the door:\n" + "\n".join(found)


def test_doors_still_exist() -> None:
    """The list of doors names files that are there, so that it cannot outlive its reasons."""
    missing = [name for name in DOORS if not (ROOT / name).exists()]
    assert not missing


def test_kernel_stays_small() -> None:
    """The kernel keeps under 9,600 lines (8,500 before conditions, unique values and an index of own fields, search despite
    slips and held jobs; 8,000 before the audit chain, uploads and the way out; docs/decisions/0017-words.md); field kinds
    (one file each, under 400) and the wall (access) are counted apart."""
    files = [p for p in (ROOT / "kernel").rglob("*.py") if "migrations" not in p.parts]
    kinds = [p for p in files if "kinds" in p.parts]
    access = [p for p in files if "access" in p.parts]
    lines = {
        name: sum(len(p.read_text().splitlines()) for p in some)
        for name, some in (("rest", [p for p in files if p not in kinds and p not in access]), ("access", access))
    }
    print(f"kernel: {lines['rest']} lines, {lines['access']} of access, and {len(kinds)} files of kinds")
    assert lines["rest"] < 9600
    assert lines["access"] < 3000
    assert all(len(p.read_text().splitlines()) <= 400 for p in kinds)
