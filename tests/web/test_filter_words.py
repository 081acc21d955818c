"""Filters by choosing: relative dates, has and has no, all and any; chips in words; the place of a mistake."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import parse_qs, urlparse

import pytest

from rapport.kernel.query.compile import matches
from rapport.kernel.query.read import read_page
from rapport.kernel.query.text import parse, show
from rapport.kernel.query.tree import from_json, to_json
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group
from tests.factory import make
from tests.web.test_list import names

HTMX = {"HX-Request": "true"}


def _built(cast: Cast, path: str, **query: str) -> str:
    """The filter text that the builder makes."""
    response = cast.client("ana").get(path, {"add": "1", **query})
    assert response.status_code == 302, response.content.decode()[:3000]
    return parse_qs(urlparse(response.headers["Location"]).query)["filter"][0]


@pytest.mark.parametrize(
    ("when", "days", "text"),
    [
        ("today", "", "close_on is today"), ("last_month", "", "close_on is last_month"),
        ("next_days", "7", "close_on between today and today+7d"), ("days_ago", "30", "close_on < today-30d"),
    ],
)  # fmt: skip
def test_times_are_counted_from_today(cast: Cast, when: str, days: str, text: str) -> None:
    """Words instead of a calendar; editing shows the same words again."""
    assert _built(cast, "/deal/filter", filter="", field="close_on", when=when, days=days) == text
    html = cast.client("ana").get("/deal/filter", {"filter": text, "edit": "0"}, headers=HTMX).content.decode()
    assert re.search(rf'<option value="{when}"( data-days)? selected>', html)


def test_stretches_of_days_hold_their_first_and_last_day(cast: Cast) -> None:
    """This week, last month, next year: whole, and nothing beside; before and after them too."""
    ctx, info = cast.ctx("ana"), registry.get("deal")
    today = ctx.format.today
    first = today.replace(day=1)
    deal = make(ctx, "deal", name="D", stage=first_stage_id())
    monday = today - dt.timedelta(days=today.weekday())
    for day, texts in (
        (first, ["is this_month", "is not last_month", ">= this_month", "< next_month", "is this_year"]),
        (first - dt.timedelta(days=1), ["is last_month", "< this_month", "<= last_month", "is not this_month"]),
        (monday + dt.timedelta(days=6), ["is this_week"]), (monday + dt.timedelta(days=7), ["is next_week", "> this_week"]),
        (dt.date(today.year - 1, 12, 31), ["is last_year"]), (dt.date(today.year + 1, 1, 1), ["is next_year"]),
    ):  # fmt: skip
        ctx.write(deal, close_on=day)
        for text in texts:
            node = parse(f"close_on {text}")
            assert matches(ctx, info, deal.pk, node), (day, text)
            assert parse(show(node)) == node == from_json(to_json(node))
    assert matches(ctx, info, deal.pk, parse("created_at is this_week"))
    assert show(parse('name is "this_week"')) == 'name is "this_week"'
    for wrong in ("close_on between this_week and next_week", "name is this_week"):
        response = cast.client("ana").get("/deal/", {"filter": wrong})
        assert response.status_code == 422, wrong


def test_has_and_has_no_are_offered_for_what_points_here(cast: Cast) -> None:
    """With the views of the related type as the choice of which ones; a chip says it in words."""
    ctx = cast.ctx("ana")
    busy, idle = make(ctx, "customer", name="Busy"), make(ctx, "customer", name="Idle")
    make(ctx, "deal", name="D", customer=busy.pk, stage=first_stage_id())
    del idle
    text = _built(cast, "/customer/filter", filter="", field="has:deals", op="has_no", which="stage.outcome is open")
    assert text == "no deals (stage.outcome is open)"
    html = cast.client("ana").get("/customer/", {"filter": text}).content.decode()
    assert names(html) == ["Idle"] and "Has no" in html and "deals: Open deals" in html
    assert names(cast.client("ana").get("/customer/", {"filter": "has deals"}).content.decode()) == ["Busy"]
    builder = cast.client("ana").get("/customer/filter", {"filter": text, "edit": "0"}, headers=HTMX).content.decode()
    assert '<option value="has:deals" selected>' in builder and '<option value="has_no" selected>' in builder
    assert '<option value="stage.outcome is open" selected>Open deals' in builder


def test_a_relation_by_a_hidden_field_is_not_offered(cast: Cast) -> None:
    """What the viewer's role does not know cannot be asked for."""
    from rapport.kernel.access.models import Role

    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "deal": {}})
    html = cast.client("ben").get("/customer/filter", headers=HTMX).content.decode()
    assert "has:deals" not in html and "has:" in html
    hide_group(cast, "sales", "sales.amounts")


def test_a_condition_may_stand_beside_another_as_an_or(cast: Cast) -> None:
    """All must be true, or one instead of another."""
    ctx = cast.ctx("ana")
    for name, industry in (("A", "Hotel"), ("B", "Retail"), ("C", "Bank")):
        make(ctx, "customer", name=name, industry=industry)
    text = _built(cast, "/customer/filter", filter="industry is Hotel", field="industry", op="is", value="Retail", how="or:0")
    html = cast.client("ana").get("/customer/", {"filter": text}).content.decode()
    assert names(html) == ["A", "B"] and "Industry Hotel or Industry Retail" in html
    third = _built(cast, "/customer/filter", filter=text, field="industry", op="is", value="Bank", how="or:0")
    assert len(read_page(ctx, registry.get("customer"), where=parse(third)).rows) == 3
    both = _built(cast, "/customer/filter", filter=text, field="name", op="is", value="B", how="and")
    assert names(cast.client("ana").get("/customer/", {"filter": both}).content.decode()) == ["B"]


def test_each_part_of_a_chip_opens_the_builder_there(cast: Cast) -> None:
    """Field, operator and value, also through a reference."""
    make(cast.ctx("ana"), "deal", name="D", stage=first_stage_id())
    client = cast.client("ana")
    html = client.get("/deal/", {"filter": "stage.outcome is not won"}).content.decode()
    for part in ("field", "op", "value"):
        assert f"edit=0&amp;part={part}" in html
    builder = client.get("/deal/filter", {"filter": "stage.outcome is not won", "edit": "0", "part": "op"}, headers=HTMX)
    form = builder.content.decode()
    assert '<option value="stage.outcome" selected>' in form and '<option value="is_not" selected>' in form
    assert 'id="fb-op" autofocus' in form
    changed = _built(cast, "/deal/filter", filter="stage.outcome is not won", edit="0", field="stage.outcome", op="is", value="won")
    assert changed == "stage.outcome is won"


def test_the_place_of_a_mistake_is_marked(cast: Cast) -> None:
    """What was typed stays, with the word that does not fit underlined."""
    make(cast.ctx("ana"), "customer", name="A")
    client = cast.client("ana")
    html = client.get("/customer/", {"filter": "name is A andd stage is lead"}).content.decode()
    assert "name is A <mark>andd</mark> stage is lead" in html
    html = client.get("/customer/", {"filter": "name is A and colour is blue"}).content.decode()
    assert "name is A and <mark>colour</mark> is blue" in html
