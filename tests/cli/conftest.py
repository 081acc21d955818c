"""An installation of its own for each test, driven by real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.platform.installations import PASSWORD, Installation
from tests.platform.ready_made import Ready

__all__ = ["PASSWORD", "Installation", "bare", "rapport"]


@pytest.fixture
def bare(tmp_path: Path) -> Installation:
    """Nothing set up yet."""
    return Installation(tmp_path)


@pytest.fixture
def rapport(bare: Installation, ready: Ready) -> Installation:
    """With a workspace."""
    ready.folder(bare.data)
    return bare
