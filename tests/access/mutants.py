"""Every check of the wall, broken on purpose: `python -m tests.access.mutants` breaks one after the other in a copy of the
source and runs the tests that must notice. A mutant that survives is a check that nothing proves.

    python -m tests.access.mutants                 all of them (about half an hour on two cores)
    python -m tests.access.mutants --only reach    those whose file or name holds the word
    python -m tests.access.mutants --list
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EXPLAIN, SHARING, ROLES = "tests/access/test_explain.py", "tests/access/test_sharing.py", "tests/access/test_roles.py"
BATTERIES, WORLDS = "tests/test_batteries.py", "tests/test_two_worlds.py"


@dataclass(frozen=True)
class Mutant:
    """One change to one place, which occurs there exactly once, and the tests that must fail by it."""

    file: str
    name: str
    before: str
    after: str
    tests: str


A = "rapport/kernel/access/"
MUTANTS = [
    Mutant(A + "reach.py", "a scope of none reaches its own", 'if scope == "none" or viewer.user_id', "if viewer.user_id", EXPLAIN),
    Mutant(A + "reach.py", "every scope is all", 'if scope == "all":\n        return Reach(everything=True)\n    owners', 'if scope != "own":\n        return Reach(everything=True)\n    owners', EXPLAIN),
    Mutant(A + "reach.py", "the line holds for every verb", 'if verb == "view":\n        below', "if True:\n        below", EXPLAIN),
    Mutant(A + "reach.py", "no line", 'if verb == "view":\n        below', "if False:\n        below", EXPLAIN),
    Mutant(A + "reach.py", "own scope reaches the team", 'if scope in ("team", "below") and team_id', "if team_id", EXPLAIN),
    Mutant(A + "reach.py", "below forgets people", "owners += [seat.user_id for seat in chart.people_below(user_id)]", "pass", EXPLAIN),
    Mutant(A + "reach.py", "below forgets teams", "teams += chart.teams_below(team_id)\n    return", "pass\n    return", EXPLAIN),
    Mutant(A + "reach.py", "a share to read lets change", "READ if verb in READING else FULL if verb in FULL_VERBS else EDIT", "READ", EXPLAIN),
    Mutant(A + "reach.py", "a default opens verbs the role lacks", 'if scope in ("none", "all") or', 'if scope in ("all",) or', EXPLAIN),
    Mutant(A + "reach.py", "deactivated people below count fully", "if seat.role_id and seat.is_active else {}", "if seat.role_id else {}", EXPLAIN),
    Mutant(A + "gate.py", "no scope at all", "return unscoped_rows(ctx, info, in_bin=in_bin).filter(within_both(ctx, info, verb))", "return unscoped_rows(ctx, info, in_bin=in_bin)", BATTERIES),
    Mutant(A + "gate.py", "a verb without being seen", 'return found if verb in ("view", "create") else', "return found if True else", EXPLAIN),
    Mutant(A + "gate.py", "ended shares count", ".filter(Q(until__isnull=True) | Q(until__gt=ctx.format.now))", "", SHARING),
    Mutant(A + "gate.py", "silent rules count", "if silent else rows", "if False else rows", SHARING),
    Mutant(A + "gate.py", "any level will do", ", level__gte=found.level", "", SHARING),
    Mutant(A + "gate.py", "grants of anybody count", ", principal__in=found.principals", "", EXPLAIN),
    Mutant(A + "gate.py", "hidden fields are there", "if ctx.viewer.group(f.see) in wanted and", "if", BATTERIES),
    Mutant(A + "gate.py", "read-only groups may be set", 'wanted = ("edit",) if edit', 'wanted = ("edit", "read") if edit', ROLES),
    Mutant(A + "gate.py", "sensitive rows are there", "rows = rows.filter(**{info.declared.sensitive[0]: False})", "pass", WORLDS),
    Mutant(A + "gate.py", "titles of anything", "for pk, title, *kind in visible(ctx, info).filter(pk__in=ids)", "for pk, title, *kind in unscoped_rows(ctx, info).filter(pk__in=ids)", "tests/access/test_oracle_queries.py tests/access/test_two_worlds_http.py"),
    Mutant(A + "gate.py", "under its parent without asking it", "if sees_all(ctx, parent, needed) else", "if True else", BATTERIES),
    Mutant(A + "viewer.py", "a deactivated user keeps their role", "if not user.is_active or role", "if role", ROLES),
    Mutant(A + "viewer.py", "a group that is not named is open", 'self.field_groups.get("*", "hidden")', 'self.field_groups.get("*", "edit")', BATTERIES),
    Mutant(A + "chart.py", "a grant to a team holds for the teams above", "for team in self.teams_up(team_id)]", "for team in self.teams_below(team_id)]", EXPLAIN),
    Mutant(A + "chart.py", "charts are kept for ever", "if kept is None or kept[0] != workspace.access_version:", "if kept is None:", SHARING),
    Mutant(A + "sharing.py", "anybody may share", 'gate.get(ctx, info, record.pk, "share")', "gate.get(ctx, info, record.pk)", SHARING),
    Mutant(A + "sharing.py", "sharing more than one has", "if not gate.may(ctx, info, record, PROOF[Level(level)]):", "if False:", SHARING + " tests/access/test_sharing_pages.py"),
    Mutant(A + "sharing.py", "strangers are shared with", "or not _known(ctx, user_id):", "or False:", SHARING + " tests/access/test_sharing_pages.py"),
    Mutant(A + "sharing.py", "anybody takes a guest off", "if guest.user_id != ctx.viewer.user_id:", "if False:", SHARING + " tests/access/test_sharing_pages.py"),
    Mutant(A + "rules.py", "a rule holds before it is worked out", "SharingRule.objects.filter(pk=one.record.pk).update(settled_at=None)", "pass", SHARING),
    Mutant(A + "rules.py", "records that stop matching stay open", "mine.filter(record_id__in=there - hits).delete()", "pass", SHARING),
    Mutant(A + "rules.py", "rules by who may not share all", 'if not gate.sees_all(ctx, info, "share"):', "if False:", SHARING),
    Mutant(A + "rules.py", "rules may look elsewhere", "_demand_own(info, node)\n            compile", "compile", SHARING),
    Mutant(A + "granting.py", "wider roles may be given", "if SCOPES.index(granted_scope(rights, info.key, verb)) >", "if -1 >", ROLES),
    Mutant(A + "granting.py", "hidden fields may be given", "if GROUP_LEVELS.index(wanted) >", "if -1 >", ROLES),
    Mutant(A + "granting.py", "unknown verbs are stored", "if known is not None and verb not in known:", "if False:", ROLES),
    Mutant(A + "resolver.py", "pointing at what one does not see", "rows = gate.visible(self.ctx, registry.get(type_key)).filter(pk__in=unknown)", "rows = gate.unscoped_rows(self.ctx, registry.get(type_key)).filter(pk__in=unknown)", BATTERIES),
    Mutant("rapport/kernel/records_own.py", "the last owner may go", "if not living.filter(role__key", "if False and not living.filter(role__key", ROLES),
    Mutant("rapport/kernel/records_access.py", "roles in use may go", "if User.objects.filter(role_id=role.pk", "if False and User.objects.filter(role_id=role.pk", ROLES),
    Mutant("rapport/kernel/actions_own.py", "giving any role", "    demand_may_grant(ctx, new)\n", "", ROLES),
    Mutant("rapport/kernel/actions_own.py", "taking any role", "    if user.role_id is not None:\n        demand_may_grant(ctx, Role.objects.get(pk=user.role_id))\n    ctx.write(user, role=new.pk)", "    ctx.write(user, role=new.pk)", ROLES),
    Mutant("rapport/kernel/actions_own.py", "the owners' role may change", 'if role.key == "owner":', "if False:", ROLES),
    Mutant("rapport/kernel/changes/door.py", "no edit right needed", "if not gate.may(ctx, info, record, verb):\n        if not gate.may", "if False:\n        if not gate.may", "tests/access/test_matrix.py -k customer"),
    Mutant("rapport/kernel/changes/door.py", "giving away without the right", "        if not gate.may(ctx, info, record, verb):\n            raise not_allowed(info, verb)", "        pass", ROLES),
    Mutant("rapport/kernel/changes/door.py", "writing out of reach", 'if gate.visible(ctx, info, verb).filter(pk__in=ids).count() != len(ids):', "if False:", "tests/kernel tests/imports -k reach"),
    Mutant("rapport/kernel/changes/many.py", "set-wise without the edit right", "    if pk not in editable:", "    if False:", "tests/kernel/test_write_many.py"),
    Mutant("rapport/kernel/changes/many.py", "set-wise giving away", "if pk not in self.able[verb]:", "if False:", ROLES),
    Mutant("rapport/kernel/records/field.py", "rights by any write", "return not self.by_action or", "return True or", ROLES),
    Mutant("rapport/kernel/changes/unit.py", "a preview may write", "if ctx.viewer.preview_of and", "if False and", ROLES + " tests/access/test_sharing_pages.py"),
    Mutant("rapport/kernel/changes/history.py", "history tells hidden fields", "            if key in readable\n", "            if key in info.fields\n", "tests/access/test_hidden_fields.py"),
    Mutant("rapport/kernel/query/reaching.py", "collected lists forget the verb", 'return Q() if verb == "view" else', "return Q() if True else", EXPLAIN),
    Mutant("rapport/kernel/query/compile.py", "filtering through references", 'gate.visible(ctx, target).filter(inner).values("pk")', 'gate.unscoped_rows(ctx, target).filter(inner).values("pk")', "tests/access/test_oracle_queries.py"),
    Mutant("rapport/kernel/query/compile.py", "filtering by related records", "    rows = gate.visible(ctx, relation.type)\n", "    rows = gate.unscoped_rows(ctx, relation.type)\n", "tests/access/test_oracle_queries.py"),
    Mutant("rapport/kernel/query/search.py", "search finds hidden groups", 'if ctx.viewer.group(g) != "hidden"', "if True", "tests/kernel/test_search.py tests/access/test_hidden_fields.py"),
    Mutant("rapport/surfaces/web/middleware.py", "a preview may post", "if ctx.viewer.preview_of and request.method", "if False and request.method", ROLES),
    Mutant("rapport/surfaces/web/middleware.py", "a preview of any role", "        demand_may_grant(ctx, role)\n    except", "        pass\n    except", ROLES),
    Mutant("rapport/surfaces/web/bulk.py", "many at once without the right", 'gate.demand(ctx, info, "mass_edit")', "pass", ROLES),
]  # fmt: skip


def main() -> int:
    """Run the mutants; returns how many survived."""
    parser = argparse.ArgumentParser(prog="tests.access.mutants", description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    chosen = [one for one in MUTANTS if args.only in one.file or args.only in one.name]
    if args.list:
        print("\n".join(f"{one.file}: {one.name}" for one in chosen))
        return 0
    alive = []
    with tempfile.TemporaryDirectory(prefix="rapport-mutants-") as folder:
        copy = Path(folder) / "main"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "node_modules", ".venv", "data", "__pycache__"), symlinks=True)
        for one in chosen:
            start, caught = time.monotonic(), _is_caught(copy, one)
            print(f"{'caught  ' if caught else 'SURVIVED'} {time.monotonic() - start:5.0f} s  {one.file}: {one.name}", flush=True)
            alive += [] if caught else [one]
    print(f"{len(chosen)} mutants, {len(chosen) - len(alive)} caught, {len(alive)} survived")
    return len(alive)


def _is_caught(copy: Path, one: Mutant) -> bool:
    path = copy / one.file
    source = path.read_text(encoding="utf-8")
    if source.count(one.before) != 1:
        raise SystemExit(f"{one.file}: “{one.name}” occurs {source.count(one.before)} times; mend the list.")
    path.write_text(source.replace(one.before, one.after), encoding="utf-8")
    try:
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "2", *one.tests.split()]
        done = subprocess.run(words, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, check=False)
        # With -x over several workers a failure ends as "interrupted"; an error while collecting catches nothing.
        return done.returncode != 0 and b" failed" in done.stdout
    finally:
        path.write_text(source, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
