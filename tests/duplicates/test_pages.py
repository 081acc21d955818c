"""Working through doubles on the pages: the list, side by side, merge, next pair, kept apart, and everything taken back."""

from __future__ import annotations

import datetime as dt
import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.duplicates import tasks
from rapport.engines.duplicates.models import DuplicatePair, Merge
from rapport.engines.duplicates.scanning import scan_type
from rapport.kernel.jobs.models import Job
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.duplicates.test_scanning import fill
from tests.factory import make

pytestmark = pytest.mark.django_db
CUSTOMER = registry.get("customer")


@pytest.fixture
def ids(cast: Cast) -> dict[str, object]:
    """Two pairs of Ben's, found."""
    made = fill(cast)
    scan_type(cast.home, "customer")
    return made


def text_of(cast: Cast, who: str, url: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", cast.client(who).get(url).content.decode()).split())


def test_from_the_list_through_all_pairs(cast: Cast, ids: dict[str, object]) -> None:
    """Likeliest first, side by side, merged, and on to the next; the last leads back to the list."""
    client = cast.client("ben")
    assert "Find duplicates" in text_of(cast, "ben", "/customer/") and "Duplicates" in text_of(cast, "ben", "/settings/")
    page = client.get("/duplicates/customer/review").content.decode()
    urls = [url.replace("&amp;", "&") for url in re.findall(r'href="(/customer/[^"]+/merge/[^"]+)"', page)][::2]
    assert len(urls) == 2 and "2 pairs" in page and "same e-mail" in page
    make(cast.system, "task", customer=ids["Jensen, Maja"], owner=cast.ben.pk)
    side = text_of(cast, "ben", urls[0])
    assert "Maya Jensen" in side and "Jensen, Maja" in side and "1 task" in side and "Keep both" not in side
    answer = client.post(urls[0], {"next": "1", "pick-name": "other"})
    assert answer.status_code == 302 and answer.headers["Location"] == urls[1]
    assert CUSTOMER.model.objects.get(pk=ids["Maya Jensen"]).name == "Jensen, Maja"
    answer = client.post(urls[1], {"next": "1"})
    assert answer.headers["Location"] == "/duplicates/customer/review"
    assert "No duplicates" in text_of(cast, "ben", "/duplicates/customer/review")


def test_kept_apart_and_asked_again(cast: Cast, ids: dict[str, object]) -> None:
    """The decision is on its own list, where it can be taken back."""
    client = cast.client("ben")
    pair = DuplicatePair.objects.filter(workspace=cast.home).order_by("-score")[0]
    answer = client.post(f"/duplicates/pair/{pair.pk}/apart", {"next": "1"})
    assert "/merge/" in answer.headers["Location"]
    assert "Maya Jensen" in text_of(cast, "ben", "/duplicates/customer/review?state=apart")
    assert "1 pair" in text_of(cast, "ben", "/duplicates/customer/review")
    client.post(f"/duplicates/pair/{pair.pk}/apart", {"again": "1"})
    assert "2 pairs" in text_of(cast, "ben", "/duplicates/customer/review")


def test_taken_back_from_the_record_the_list_and_the_toast(cast: Cast, ids: dict[str, object]) -> None:
    """Three ways to the same."""
    client = cast.client("ben")
    one, other = ids["Maya Jensen"], ids["Jensen, Maja"]
    assert "same e-mail" in text_of(cast, "ben", f"/customer/{one}")
    for way in ("record", "list", "toast"):
        answer = client.post(f"/customer/{one}/merge/{other}", follow=True)
        merge = Merge.objects.get(workspace=cast.home, state="done")
        page = answer.content.decode()
        assert "Take back" in page and f"merge:{merge.pk}" in page and "merged another record into this one" in page
        if way == "toast":
            client.post("/undo", {"what": f"merge:{merge.pk}"})
        else:
            assert way == "record" or "Take back" in text_of(cast, "ben", "/duplicates/customer/merges")
            client.post(f"/duplicates/merge/{merge.pk}/undo")
        merge.refresh_from_db()
        assert merge.state == "undone" and CUSTOMER.model.objects.get(pk=other).deleted_at is None
    assert text_of(cast, "ben", "/duplicates/customer/merges").count("Taken back") == 3


def test_strangers_find_nothing(cast: Cast, ids: dict[str, object]) -> None:
    """No pair, no merge, no page of two; alike for what is not there."""
    pair = DuplicatePair.objects.filter(workspace=cast.home)[0]
    merged = cast.client("ben").post(f"/customer/{ids['Maya Jensen']}/merge/{ids['Jensen, Maja']}")
    assert merged.status_code == 302
    merge = Merge.objects.get(workspace=cast.home)
    for who in ("cem", "dea"):
        client = cast.client(who)
        assert client.get(f"/customer/{pair.one_id}/merge/{pair.other_id}").status_code == 404
        assert client.post(f"/customer/{pair.one_id}/merge/{pair.other_id}").status_code == 404
        assert client.post(f"/duplicates/pair/{pair.pk}/apart").status_code == 404
        assert client.post(f"/duplicates/merge/{merge.pk}/undo").status_code == 404
        for url in ("/duplicates/customer/review", "/duplicates/customer/merges"):
            page = client.get(url).content.decode()
            assert "Maya" not in page and "Siobh" not in page and str(merge.pk) not in page
    assert cast.client("ben").get("/duplicates/deal/review").status_code == 404


def test_the_scan_is_asked_for_and_told_of(cast: Cast) -> None:
    """Once, however often somebody asks; and stopped."""
    client = cast.client("ben")
    assert "Not searched yet" in text_of(cast, "ben", "/duplicates/customer/review")
    for _time in range(2):
        client.post("/duplicates/customer/scan")
    assert Job.objects.filter(workspace_id=cast.home.pk, task="duplicates.scan").count() == 1
    assert "begins in a moment" in text_of(cast, "ben", "/duplicates/customer/scan-state")
    client.post("/duplicates/customer/scan", {"stop": "1"})
    assert Job.objects.get(workspace_id=cast.home.pk, task="duplicates.scan").stop_requested


def test_ten_thousand_pairs_cost_what_ten_do(cast: Cast, ids: dict[str, object]) -> None:
    """A page of them, by the index, with the same few queries."""
    client = cast.client("ben")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/duplicates/customer/review").status_code == 200
        return len(queries)

    cost()
    few = cost()
    rows = [
        DuplicatePair(workspace=cast.home, type="customer", one_id=uuid4(), other_id=uuid4(), score=75, evidence=[])
        for _n in range(2_000)
    ]
    rows += [
        DuplicatePair(workspace=cast.home, type="customer", one_id=one, other_id=other, score=72, evidence=[["birth", ["birthday"], 72]])
        for one, other in zip(list(ids.values())[:10], list(ids.values())[10:20], strict=True)
    ]  # fmt: skip
    DuplicatePair.objects.bulk_create(rows)
    assert cost() <= few


def test_much_is_merged_in_the_background(cast: Cast, ids: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the rights of whoever asked, and back again in the same way."""
    from rapport.engines.duplicates import merging
    from rapport.kernel.jobs.runner import run_due

    for module in (merging, tasks):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    one, other = ids["Maya Jensen"], ids["Jensen, Maja"]
    for _n in range(4):
        make(cast.system, "task", customer=other, owner=cast.ben.pk)
    client = cast.client("ben")
    client.post(f"/customer/{one}/merge/{other}")
    assert Merge.objects.get(workspace=cast.home).state == "waiting"
    run_due()
    merge = Merge.objects.get(workspace=cast.home)
    assert merge.state == "done" and merge.counts["task"] == 4
    client.post(f"/duplicates/merge/{merge.pk}/undo")
    run_due()
    merge.refresh_from_db()
    assert merge.state == "undone"
    assert registry.get("task").model.objects.filter(customer_id=other).count() == 4


def test_after_ninety_days_a_merge_stays(cast: Cast, ids: dict[str, object]) -> None:
    """The snapshot goes, the pointer remains."""
    one, other = ids["Maya Jensen"], ids["Jensen, Maja"]
    client = cast.client("ben")
    make(cast.system, "task", customer=other, owner=cast.ben.pk)
    client.post(f"/customer/{one}/merge/{other}")
    merge = Merge.objects.get(workspace=cast.home)
    tasks.settle_old_merges(None)  # type: ignore[arg-type]
    merge.refresh_from_db()
    assert merge.settled_at is None and merge.moves.exists()
    Merge.objects.filter(pk=merge.pk).update(at=merge.at - dt.timedelta(days=91))
    tasks.settle_old_merges(None)  # type: ignore[arg-type]
    merge.refresh_from_db()
    assert merge.settled_at and not merge.values and not merge.moves.exists()
    assert client.post(f"/duplicates/merge/{merge.pk}/undo").status_code == 403
    assert client.get(f"/customer/{other}").headers["Location"] == f"/customer/{one}"
