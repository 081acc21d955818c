"""Lists in groups: heads with count and sums, rows when a group unfolds, guarded and bounded."""

from __future__ import annotations

import datetime as dt
import html as text_of
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rapport.engines.views import grouping
from rapport.kernel.money import Money
from rapport.kernel.query import totals
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group
from tests.factory import make
from tests.web.test_list import names

HTMX = {"HX-Request": "true"}


def _deals(cast: Cast) -> None:
    ctx, stage = cast.ctx("ana"), first_stage_id()
    customer = make(cast.system, "customer", name="Secret Ltd", owner=cast.cem.pk)
    for name, amount, day, owner, about in (
        ("A", 100, dt.date(2027, 1, 5), cast.ben, None), ("B", 250, dt.date(2027, 1, 31), cast.ben, customer.pk),
        ("C", None, dt.date(2027, 2, 1), cast.cem, None), ("D", 900, None, cast.ben, customer.pk),
    ):  # fmt: skip
        money = Money(amount * 100, "EUR") if amount else None
        make(ctx, "deal", name=name, stage=stage, amount=money, close_on=day, owner=owner.pk, customer=about)


def _heads(client: Client, address: str) -> list[tuple[str, str]]:
    """Label and count of each head."""
    html = client.get(address).content.decode()
    return [
        (text_of.unescape(re.sub("<[^>]+>", "", one[1])), one[2])
        for one in re.finditer(r'<b class="trunc">(.*?)</b>(?:<span class="n num">([^<]*)</span>)?', html)
    ]


def _unfold(client: Client, address: str, label: str) -> str:
    html = client.get(address).content.decode()
    row = next(one for one in re.findall(r'<tr class="group-head".*?</tr>', html, re.DOTALL) if label in one)
    url = text_of.unescape(re.search(r'hx-get="([^"]+/rows[^"]*)"', row)[1])  # type: ignore[index]
    return client.get(url, headers=HTMX).content.decode()


@pytest.mark.parametrize("cap", [10_000, 1], ids=["few", "past the cap"])
def test_groups_by_owner_month_choice_and_yes_no(cast: Cast, monkeypatch: pytest.MonkeyPatch, cap: int) -> None:
    """The same groups in the same order whether all rows are grouped at once or the values are leapt to."""
    _deals(cast)
    client = cast.client("ana")
    monkeypatch.setattr(totals, "COUNT_CAP", cap)
    if cap == 1:
        monkeypatch.setattr(totals.count, "__kwdefaults__", {"cap": 1})
    labels = [label for label, _n in _heads(client, "/deal/?group=owner")]
    assert labels == ["Ben Moore", "Cem Aydin"]
    assert [label for label, _n in _heads(client, "/deal/?group=close_on")] == [
        "February 2027", "January 2027", "No expected close",
    ]  # fmt: skip
    assert names(_unfold(client, "/deal/?group=close_on&sort=name", "January 2027")) == ["A", "B"]
    assert names(_unfold(client, "/deal/?group=close_on", "No expected close")) == ["D"]
    assert "Secret Ltd" in [label for label, _n in _heads(client, "/deal/?group=customer")]
    kinds = [label for label, _n in _heads(client, "/customer/?group=kind")]
    assert "Company" in kinds or "Person" in kinds
    assert client.get("/user/?group=is_active").status_code == 200


def test_heads_count_and_sum_what_the_rows_hold(cast: Cast) -> None:
    """Every total field has its sum in each head; the foot stays."""
    _deals(cast)
    client = cast.client("ana")
    assert _heads(client, "/deal/?group=owner") == [("Ben Moore", "3"), ("Cem Aydin", "1")]
    html = client.get("/deal/?group=owner").content.decode()
    assert "€1,250" in html.split("group-head")[1] and "/deal/totals?group=owner" in html
    foot = client.get("/deal/totals?group=owner", headers=HTMX).content.decode()
    assert "<b>4</b> deals" in foot and "€1,250" in foot
    # A group counted later brings the same figures.
    key = re.search(r'data-group="([^"]+)"', html)[1]  # type: ignore[index]
    late = client.get(f"/deal/group?group=owner&in={key}", headers=HTMX).content.decode()
    assert "€1,250" in late and ">3<" in late


def test_grouping_and_summing_by_a_hidden_field_is_an_unknown_field(cast: Cast) -> None:
    """No head, no sum, no row, the same sentence as for a field that does not exist."""
    _deals(cast)
    client = cast.client("ben")
    hide_group(cast, "sales", "sales.amounts")
    html = client.get("/deal/?group=owner").content.decode()
    assert "€" not in html and "mount" not in html
    assert client.get("/deal/?group=amount").status_code == 422
    wrong = client.get("/deal/?group=nonsense")
    assert wrong.status_code == 422 and "has no field “nonsense”" in wrong.content.decode()
    assert client.get("/deal/?group=name").status_code == 422
    assert client.get("/deal/rows?group=owner&in=nonsense", headers=HTMX).status_code == 422


def test_records_one_may_not_see_make_no_group_of_their_own(cast: Cast) -> None:
    """Two customers of strangers are one group without a name; nothing tells them apart."""
    _deals(cast)
    other = make(cast.system, "customer", name="Hidden Inc", owner=cast.cem.pk)
    make(cast.ctx("ana"), "deal", name="E", stage=first_stage_id(), owner=cast.ben.pk, customer=other.pk)
    html = cast.client("ben").get("/deal/?group=customer").content.decode()
    assert "Secret" not in html and "Hidden" not in html and str(other.pk) not in html
    assert ("Not visible to you", "3") in _heads(cast.client("ben"), "/deal/?group=customer")


def test_the_cost_of_groups_does_not_grow_with_rows_or_groups(cast: Cast) -> None:
    """One query groups; it is the same number of queries for one group and for twelve."""
    ctx, stage, counts = cast.ctx("ana"), first_stage_id(), []
    client = cast.client("ana")
    for months in (1, 12):
        for n in range(months):
            make(ctx, "deal", name=f"D {n}", stage=stage, close_on=dt.date(2027, n + 1, 1))
        client.get("/deal/?group=close_on")
        with CaptureQueriesContext(connection) as queries:
            client.get("/deal/?group=close_on")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10, [q["sql"][:90] for q in queries]


def test_many_groups_are_cut_with_a_word(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads a thousand heads; the rest is named, not dropped in silence."""
    monkeypatch.setattr(grouping, "MOST", 2)
    _deals(cast)
    html = cast.client("ana").get("/deal/?group=close_on").content.decode()
    assert len(re.findall(r'class="group-head"', html)) == 2 and "1 more group; filter to see it." in html
    assert registry.get("deal")
