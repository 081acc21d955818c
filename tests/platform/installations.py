"""An installation of its own for a test, driven by real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "correct horse battery staple"


class Installation:
    """A Rapport on SQLite in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("RAPPORT_", "DATABASE_URL", "DJANGO_"))}
        self.environment = {**keep, "RAPPORT_DATA": str(self.data), "PYTHONPATH": str(ROOT)}

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "rapport", *words], env={**self.environment, **environment}, cwd=self.folder, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *words: str, typed: str = "", code: int = 0, **environment: str) -> tuple[str, str]:
        """Run a command to its end; standard output and standard error. No failure shows a traceback."""
        process = self.start(*words, **environment)
        out, err = process.communicate(typed, timeout=120)
        assert "Traceback" not in err, err
        assert process.returncode == code, (process.returncode, out, err)
        return out, err

    def setup(self) -> None:
        """A workspace with Ann as its owner."""
        self.run(
            "setup", "--workspace", "Fernhill", "--name", "Ann Owner", "--email", "ann@example.com", "--password-stdin",
            typed=PASSWORD + "\n",
        )  # fmt: skip

    def count(self, type_key: str) -> int:
        """How many records of a type an export has."""
        return len(self.run("export", type_key, "--format", "jsonl", "--fields", "id")[0].splitlines())
