"""What browser tests of pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from rapport.kernel.access.models import Account
from tests.cast import Cast

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def visit(cast: Cast, live: Any, sign_in: Callable[..., None]) -> Callable[[Page, str], None]:
    """Open an address as Ana."""

    def go(page: Page, address: str) -> None:
        if not page.context.cookies():
            sign_in(page, live, Account.objects.get(pk=cast.ana.account_id))
        page.goto(live.url + address)

    return go
