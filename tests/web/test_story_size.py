"""A record with ten thousand entries: its page and its timeline cost what they cost with ten, by kind and by word too."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast

HX = {"HX-Request": "true"}
MANY = 10_000
#: Seconds one part of the timeline may take on a busy machine; it is far quicker on a quiet one.
MOST_SECONDS = 1.0


def fill(cast: Cast, customer: object, many: int) -> None:
    ctx = cast.system
    begin = ctx.format.now - dt.timedelta(days=1)
    rows = [
        {"kind": "visit" if n == 3 else "call", "subject": f"Call {n:05}", "body": "grinder" if n == 5 else "",
         "happened_at": begin - dt.timedelta(minutes=many - n), "customer": customer.pk, "owner": cast.ana.pk}
        for n in range(many)
    ]  # fmt: skip
    for at in range(0, many, 1000):
        assert not ctx.create_many("activity", rows[at : at + 1000]).errors


@pytest.mark.slow
def test_ten_thousand_entries_cost_no_more_queries_and_little_time(cast: Cast, record_property: Callable[[str, object], None]) -> None:
    ctx = cast.ctx("ana")
    small, large = (ctx.create("customer", name=name, kind="company") for name in ("Small", "Large"))
    fill(cast, small, 40)
    fill(cast, large, MANY)
    client = cast.client("ana")
    told = []
    for address in ("", "/timeline?only=", "/timeline?only=call", "/timeline?only=visit", "/timeline?q=grinder", "/timeline?only=call&q=nowhere"):
        headers = HX if address else {}
        counts = []
        for one in (small, large):
            client.get(f"/customer/{one.pk}{address}", headers=headers)
            begun = time.perf_counter()
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(f"/customer/{one.pk}{address}", headers=headers)
            took = time.perf_counter() - begun
            counts.append(len(queries))
            assert answer.status_code == 200
        assert counts[1] <= counts[0], (address, counts)
        assert took < MOST_SECONDS, f"{address}: {took:.2f} s"
        told.append(f"{address or 'page'} {took * 1000:.0f} ms")
    record_property("measured", f"a customer with {MANY:,} entries: " + ", ".join(told))
    found = client.get(f"/customer/{large.pk}/timeline?only=visit", headers=HX).content.decode()
    assert "Call 00003" in found and found.count('class="ev"') == 1
    found = client.get(f"/customer/{large.pk}/timeline?q=grinder", headers=HX).content.decode()
    assert "Call 00005" in found and found.count('class="ev"') == 1


def test_search_in_a_story_reads_titles_and_texts_and_goes_on_by_pages(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    hotel = ctx.create("customer", name="Hotel", kind="company")
    fill(cast, hotel, 45)
    ctx.create("task", subject="Order a grinder", customer=hotel.pk, note="soon")
    client = cast.client("ana")
    page = client.get(f"/customer/{hotel.pk}/timeline?q=GRINDER", headers=HX).content.decode()
    assert "Order a grinder" in page and "Call 00005" in page and "Call 00006" not in page
    page = client.get(f"/customer/{hotel.pk}/timeline?q=call", headers=HX).content.decode()
    assert "Call 00044" in page and "Call 00001" not in page
    more = re.search(r'hx-get="([^"]*cursor=[^"]*)"', page)[1].replace("&amp;", "&")
    assert "q=call" in more and "Call 00001" in client.get(more, headers=HX).content.decode()
    nothing = client.get(f"/customer/{hotel.pk}/timeline?q=<b>", headers=HX).content.decode()
    assert "Nothing here with" in nothing and "<b>" not in nothing.split("<h3>")[1].split("</h3>")[0]


def test_search_in_a_story_finds_only_what_one_may_see(cast: Cast) -> None:
    hotel = cast.ctx("ben").create("customer", name="Hotel", kind="company")
    cast.ctx("ana").create("activity", kind="call", subject="Secret grinder", customer=hotel.pk, owner=cast.ana.pk)
    page = cast.client("ben").get(f"/customer/{hotel.pk}/timeline?q=grinder", headers=HX).content.decode()
    assert "Secret" not in page and "Nothing here with" in page


def test_entries_of_one_moment_are_shown_each_once(cast: Cast) -> None:
    """An import brings many with the same time; none may fall between two pages."""
    ctx = cast.ctx("ana")
    hotel = ctx.create("customer", name="Hotel", kind="company")
    at = ctx.format.now - dt.timedelta(days=3)
    rows = [{"kind": "call", "subject": f"Call {n:03}", "happened_at": at, "customer": hotel.pk} for n in range(75)]
    assert not ctx.create_many("activity", rows).errors
    client, address, seen = cast.client("ana"), f"/customer/{hotel.pk}/timeline?only=call", []
    while address:
        page = client.get(address, headers=HX).content.decode()
        seen += re.findall(r"Call \d{3}", re.sub(r'aria-label="[^"]*"', "", page))
        found = re.search(r'hx-get="([^"]*cursor=[^"]*)"', page)
        address = found[1].replace("&amp;", "&") if found else ""
    assert sorted(seen) == [f"Call {n:03}" for n in range(75)]
