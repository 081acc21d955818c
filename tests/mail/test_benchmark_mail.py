"""The program that measures the first reading of a mailbox, small, so that it never rots; no timing is asserted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.platform.passes import DOVECOT_MISSING, ROOT
from tests.platform.programs import find_dovecot


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(find_dovecot() is None, reason=DOVECOT_MISSING)
def test_the_program_reads_a_mailbox_whole() -> None:
    """Three hundred messages: each stands in the ledger."""
    words = ["-m", "benchmarks.mail_sync", "--rows", "300", "--databases", "sqlite"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, check=False, text=True, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "first reading: " in done.stdout and "memory: " in done.stdout
