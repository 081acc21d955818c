"""What ./test runs: the suite on SQLite with the browser tests, then on a throw-away PostgreSQL, then the counts.

Missing programs are named with the command that installs them and their tests count as skipped; with CI=true
anything missing is a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

from tests.platform.programs import find_chromium, find_dovecot, find_postgres
from tests.platform.throwaway_postgres import PostgresDidNotStart, ThrowawayPostgres

ROOT = Path(__file__).resolve().parent.parent.parent
IS_CI = os.environ.get("CI") == "true"
NO_TESTS = 5  # pytest's exit code
#: So many failed tests at most are taken for a stumble.
MOST_STUMBLING = 4
POSTGRES_MISSING = "PostgreSQL is missing: sudo apt install postgresql (macOS: brew install postgresql@17)"
DOVECOT_MISSING = "Dovecot is missing: sudo apt install dovecot-imapd (macOS: brew install dovecot)"
CHROMIUM_MISSING = "Chromium is missing: sudo apt install chromium (macOS: brew install --cask chromium)"


class Counts(dict[str, int]):
    """Passed, failed and skipped, added up over the passes."""

    def add(self, path: Path) -> None:
        """Add what a pass wrote down; a pass that wrote nothing has crashed, which is a failure."""
        try:
            found: dict[str, int] = json.loads(path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            found = {"failed": 1}
        for name, number in found.items():
            self[name] = self.get(name, 0) + number

    def __str__(self) -> str:
        return ", ".join(f"{self.get(name, 0)} {name}" for name in ("passed", "failed", "skipped"))


def main(arguments: list[str]) -> int:
    """Run the passes; exit code 0 only when nothing failed and nothing is missing that may not be."""
    is_fast = "--fast" in arguments
    arguments = [argument for argument in arguments if argument != "--fast"]
    # Turned into an exception, so that the throw-away server and folders go away on every way out.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    counts, problems = Counts(), []
    folder = Path(tempfile.mkdtemp(prefix="rapport-passes-"))
    try:
        if not _build_front_end(is_fast=is_fast):
            problems.append("The front end could not be built.")
        if not is_fast and not find_chromium():
            problems.append(CHROMIUM_MISSING)
        if not is_fast and not find_dovecot():
            problems.append(DOVECOT_MISSING)
        codes = [_run_pass("SQLite", arguments, folder, counts, is_fast=is_fast)]
        if not is_fast:
            codes.append(_run_on_postgres(arguments, folder, counts, problems))
    except KeyboardInterrupt:
        print("Interrupted.", flush=True)
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for problem in problems:
        print(problem)
    print(counts, flush=True)
    if all(code == NO_TESTS for code in codes):
        return NO_TESTS
    failed = any(code not in (0, NO_TESTS) for code in codes) or bool(counts.get("failed"))
    return 1 if failed or (problems and IS_CI) else 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _build_front_end(*, is_fast: bool) -> bool:
    """Pages need the built files. The fast run takes any build that is there."""
    if is_fast and (ROOT / "rapport/surfaces/web/static/build/manifest.json").is_file():
        return True
    command = [sys.executable, "frontend/build.py", *([] if is_fast else ["--dev"]), *(["--strict"] if IS_CI else [])]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _run_on_postgres(arguments: list[str], folder: Path, counts: Counts, problems: list[str]) -> int:
    programs = find_postgres()
    if programs is None:
        problems.append(POSTGRES_MISSING)
        stand_in = {"RAPPORT_TEST_SKIP_ALL": POSTGRES_MISSING, "RAPPORT_TEST_STAND_IN": "postgresql"}
        return _run_pass("PostgreSQL", arguments, folder, counts, is_fast=False, extra=stand_in)
    try:
        with ThrowawayPostgres(programs) as server:
            return _run_pass("PostgreSQL", arguments, folder, counts, is_fast=False, extra={"DATABASE_URL": server.url})
    except PostgresDidNotStart as problem:
        print(f"The throw-away PostgreSQL did not start: {problem}")
        counts["failed"] = counts.get("failed", 0) + 1
        return 1


def _run_pass(
    name: str,
    arguments: list[str],
    folder: Path,
    counts: Counts,
    *,
    is_fast: bool,
    extra: dict[str, str] | None = None,
) -> int:
    print(f"---- {name} ----", flush=True)
    result, data = folder / f"{name}.json", folder / f"{name}-data"
    data.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RAPPORT_", "DATABASE_URL"))}
    environment |= {"RAPPORT_TEST_COUNTS": str(result), "RAPPORT_TEST_DATA": str(data), **(extra or {})}
    if is_fast:
        environment["RAPPORT_TEST_FAST"] = "1"
    environment |= _compiled_once(environment)
    # A given -n or -p (a debugger, no xdist) wins over our own.
    parallel = [] if any(word.startswith(("-n", "-p", "--pdb")) for word in arguments) else ["-n", "auto"]
    process = subprocess.Popen([sys.executable, "-m", "pytest", *parallel, *arguments], cwd=ROOT, env=environment)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)  # pytest prints what it has and tears down its servers
        try:
            process.wait(20)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
        raise
    if code == 1 and not is_fast and _stumbled(result, environment):
        code = 0
    if code != NO_TESTS:
        counts.add(result)
    return code


def _compiled_once(environment: dict[str, str]) -> dict[str, str]:
    """Let Python keep what it compiled, beside the source tree where it is told to leave that alone.

    Some machines of CI set PYTHONDONTWRITEBYTECODE, and then each process that a test starts compiles all of Rapport again:
    0.4 of its 1.2 seconds.
    """
    if not environment.get("PYTHONDONTWRITEBYTECODE"):
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(ROOT / ".build" / "pycache")}


def _stumbled(result: Path, environment: dict[str, str]) -> bool:
    """Run the few failed tests of browsers and processes once more, alone: on a busy machine they wait in vain now and then.

    True, and said so, when all that failed were such tests and each passes by itself; any other failure stands.
    """
    try:
        first = json.loads(result.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    if not 1 <= first.get("failed", 0) <= MOST_STUMBLING:
        return False
    print(f"---- {first['failed']} failed: those of browsers and processes are run once more, alone ----", flush=True)
    again = result.with_suffix(".again.json")
    words = ["-p", "no:xdist", "--lf", "-m", "browser or process"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=ROOT, env=environment | {"RAPPORT_TEST_COUNTS": str(again)}, check=False
    )
    if done.returncode != 0:
        return False
    second = json.loads(again.read_text(encoding="ascii"))
    if second.get("passed", 0) != first["failed"] or second.get("failed"):
        return False
    first.update(passed=first.get("passed", 0) + second["passed"], failed=0)
    result.write_text(json.dumps(first), encoding="ascii")
    print(f"{second['passed']} passed on the second try; their names stand above.", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
