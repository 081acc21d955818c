"""A database that is held or full is a clear sentence, not a broken page, and nothing is half written."""

from __future__ import annotations

import pytest
from django.db import connection

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account
from rapport.kernel.changes.models import Change
from rapport.kernel.records.registry import registry
from tests.cast import PASSWORD, Cast


@pytest.mark.sqlite_only  # PostgreSQL has row locks and a disk of its own; its errors take the same way
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_told_and_nothing_is_half_written(committed_cast: Cast) -> None:
    """SQLite may not grow: the form and the API say so, no record and no change row stays."""
    cast = committed_cast
    web, api = cast.client("ana"), cast.api("ana")
    web.get("/customer/")
    before = Change.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # pages that earlier tests left free would still take the record
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    try:
        long = "x" * 90_000
        answer = web.post("/customer/new", {"name": "Big", "note": long, "kind": "company", "stage": "prospect"})
        assert answer.status_code == 503 and "full" in answer.content.decode()
        answer = api.post("/api/v1/customer", {"name": "Big", "note": long}, content_type="application/json")
        assert answer.status_code == 503 and answer.json()["status"] == 503
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    with use_workspace(cast.home):
        assert not registry.get("customer").model.objects.filter(name="Big").exists()
    assert Change.objects.count() == before
    assert Account.objects.get(pk=cast.ana.account_id).check_password(PASSWORD)
