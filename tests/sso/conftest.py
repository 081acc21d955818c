"""A cast of its own for every test: the providers live as long as the module and remember whose addresses they know."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rapport.kernel.access.current import use_workspace
from tests.cast import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    """The cast under addresses that no provider has met."""
    made = make_cast()
    with use_workspace(made.home):
        yield made
