"""Where the programs lie that tests need and that come from the system: Chromium, PostgreSQL and Dovecot."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ON_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


def find_chromium() -> str | None:
    """The browser's path. Playwright's own `channel` looks for a download and fails, so tests name the path."""
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return found
    return CHROMIUM_ON_MAC if Path(CHROMIUM_ON_MAC).exists() else None


def find_dovecot() -> str | None:
    """The mail server's path; where it lies is in root's PATH alone."""
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


def find_postgres() -> Path | None:
    """The folder with `initdb` and `postgres`, the newest version first."""
    folders = [folder for pattern in POSTGRES_FOLDERS for folder in Path("/").glob(pattern.lstrip("/"))]
    folders.sort(key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.parent.name)], reverse=True)
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(answer.stdout.strip()))
    if initdb := shutil.which("initdb"):
        folders.append(Path(initdb).parent)
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    return None
