"""The day page: my work and nobody else's, no sums without the right, and a fixed price in queries."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.money import Money
from tests.cast import Cast, first_stage_id, hide_group
from tests.factory import make

#: Session, account, user, teams and every panel; the number of rows does not matter.
HOME_QUERIES = 21


def _work(cast: Cast, tag: str, count: int = 1) -> None:
    ctx = cast.ctx("ben")
    today = ctx.format.today
    for i in range(count):
        customer = make(
            ctx,
            "customer",
            name=f"Customer {tag}{i}",
            owner=cast.ben.pk,
            birthday=today.replace(year=1990) if today.day < 29 else None,
        )
        make(
            ctx,
            "task",
            subject=f"Call {tag}{i}",
            owner=cast.ben.pk,
            due_on=today - dt.timedelta(days=1),
            customer=customer.pk,
        )
        make(
            ctx,
            "task",
            subject=f"Soon {tag}{i}",
            owner=cast.ben.pk,
            due_on=today + dt.timedelta(days=2),
            customer=customer.pk,
        )
        make(
            ctx,
            "deal",
            name=f"Deal {tag}{i}",
            customer=customer.pk,
            stage=first_stage_id(),
            amount=Money(765400, "EUR"),
            owner=cast.ben.pk,
        )
        make(ctx, "lead", name=f"Lead {tag}{i}", owner=cast.ben.pk)
        make(
            ctx,
            "activity",
            kind="meeting",
            subject=f"Meeting {tag}{i}",
            happened_at=ctx.format.now,
            owner=cast.ben.pk,
            customer=customer.pk,
        )


def test_day_shows_my_work(cast: Cast) -> None:
    """Overdue tasks, what comes, today's meetings, waiting leads, the pipeline, birthdays."""
    _work(cast, "x")
    html = cast.client("ben").get("/").content.decode()
    for words in ("Call x0", "Soon x0", "Meeting x0", "Lead x0", "Pipeline pulse", "€7.7K", "Ben", "1 overdue"):
        assert words in html, words
    if cast.ctx("ben").format.today.day < 29:
        assert "Birthdays" in html


def test_day_shows_nobody_elses_work(cast: Cast) -> None:
    """The other team and the other workspace see none of it."""
    _work(cast, "x")
    for other in ("cem", "dea"):
        html = cast.client(other).get("/").content.decode()
        assert " x0" not in html and "7.7K" not in html


def test_no_amounts_no_sums(cast: Cast) -> None:
    """Without the field group the pulse counts deals and shows no money."""
    _work(cast, "x")
    hide_group(cast, "sales", "sales.amounts")
    html = cast.client("ben").get("/").content.decode()
    assert "Pipeline pulse" in html and "€" not in html


def test_query_count_of_the_day_is_fixed(cast: Cast) -> None:
    """Twenty tasks cost as many queries as one."""
    client = cast.client("ben")
    _work(cast, "x")
    client.get("/")
    counts = []
    for tag in ("y", "z"):
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        counts.append(len(queries))
        _work(cast, tag, 4)
    assert counts == [HOME_QUERIES, HOME_QUERIES], [q["sql"][:100] for q in queries]


def test_quiet_deals_name_their_days(cast: Cast) -> None:
    """A deal that nobody touched for longer than its stage allows shows up with its days."""
    ctx = cast.ctx("ben")
    deal = make(ctx, "deal", name="Sleeping", stage=first_stage_id(), owner=cast.ben.pk)
    long_ago = ctx.format.now - dt.timedelta(days=30)
    type(deal).objects.filter(pk=deal.pk).update(moved_at=long_ago, created_at=long_ago)
    html = cast.client("ben").get("/").content.decode()
    assert "Deals going quiet" in html and "Sleeping" in html and "30 days" in html
