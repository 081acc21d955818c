"""The change feed: every write once and in order, and of what one may not see nothing but a gap."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rapport.kernel.changes.models import Change
from tests.cast import Cast, first_stage_id, hide_group
from tests.factory import make


def read(client: Client, after: int = 0, **more: object) -> list[dict[str, object]]:
    """Everything after a number, page by page."""
    found: list[dict[str, object]] = []
    while True:
        page = client.get("/api/v1/changes", {"after": after, **more})
        assert page.status_code == 200, page.content
        body = page.json()
        assert body["next"] >= after and len(body["items"]) <= int(str(more.get("limit", 100)))
        found, after = found + body["items"], body["next"]
        if not body["more"]:
            return found


def start(client: Client) -> int:
    """The number from which a test reads."""
    return max((one["number"] for one in read(client)), default=0)


def test_every_write_is_told_once_and_in_order(cast: Cast) -> None:
    """Whatever the size of a page; a program that keeps `next` misses nothing and sees nothing twice."""
    ctx, api = cast.ctx("ana"), cast.api("ana")
    after = start(api)
    one = make(ctx, "customer", name="Fern")
    ctx.write(one, name="Moss")
    ctx.create_many("customer", [{"name": f"N{n}"} for n in range(25)])
    ctx.delete(one)
    ctx.restore(one)
    whole = read(api, after)
    assert [item["number"] for item in whole] == sorted({item["number"] for item in whole}) and len(whole) == 29
    assert [item["verb"] for item in whole if item["record"] == str(one.pk)] == ["create", "update", "delete", "restore"]
    assert whole[1]["changes"]["name"] == {"before": "Fern", "after": "Moss"} and whole[1]["actor"]["name"] == "Ana Silva"
    assert read(api, after, limit=4) == whole and read(api, whole[-1]["number"]) == []
    make(ctx, "task", subject="Call")
    assert [item["type"] for item in read(api, after, types="task", limit=1)] == ["task"]
    assert len(read(api, after, types="task,customer", limit=3)) == 30


def test_what_one_may_not_see_is_a_gap(cast: Cast) -> None:
    """Another team's record, a hidden field, and a type without any right."""
    ben, cem = cast.api("ben"), cast.api("cem")
    after = start(cast.api("ana"))
    theirs = make(cast.ctx("ben"), "customer", name="Ben's")
    deal = make(cast.ctx("ben"), "deal", name="Roof", stage=first_stage_id(), amount=10)
    cast.ctx("ben").write(deal, amount=20)
    assert any(item["record"] == str(theirs.pk) for item in read(ben, after))
    assert str(theirs.pk) not in str(read(cem, after))
    hide_group(cast, "sales", "sales.amounts")
    told = [item for item in read(ben, after) if item["record"] == str(deal.pk)]
    assert [item["verb"] for item in told] == ["create"] and "amount" not in told[0]["changes"]
    assert ben.get("/api/v1/changes", {"types": "custom_field"}).status_code == 403
    assert ben.get("/api/v1/changes", {"types": "nothing"}).status_code == 404
    for wrong in ("-1", "x", "1.5", "9" * 30):
        assert ben.get("/api/v1/changes", {"after": wrong}).status_code == 400


def test_a_record_that_is_given_away_is_gone_and_no_more(cast: Cast) -> None:
    """Whoever saw it hears that it is gone, without what or who; whoever never saw it hears nothing."""
    after = start(cast.api("ana"))
    record = make(cast.ctx("ben"), "customer", name="Fern")
    cast.ctx("ana").write(record, owner=cast.cem.pk, team=cast.cem.team_id)
    told = [item for item in read(cast.api("ben"), after) if item["record"] == str(record.pk)]
    assert [item["verb"] for item in told] == ["gone"] and set(told[0]) == {"number", "at", "type", "record", "verb"}
    assert "Fern" not in str(told)
    mine = [item["verb"] for item in read(cast.api("cem"), after) if item["record"] == str(record.pk)]
    assert "gone" not in mine and mine[-1] == "update"
    cast.ctx("ana").write(record, owner=cast.ana.pk, team=None)
    assert [i["verb"] for i in read(cast.api("ben"), after) if i["record"] == str(record.pk)] == ["gone"]


def test_a_long_history_costs_no_more_than_a_short_one(cast: Cast) -> None:
    """The statements of a page are fixed, and each walks an index from the number asked for."""
    ctx, api = cast.ctx("ben"), cast.api("ben")
    make(ctx, "customer")
    after = start(api)

    def cost(at: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert api.get("/api/v1/changes", {"after": at, "types": "customer", "limit": 10}).status_code == 200
        return len(seen)

    make(ctx, "customer")
    few = cost(after)
    ctx.create_many("customer", [{"name": f"N{n}"} for n in range(200)])
    assert cost(after) == few
    if connection.vendor == "sqlite":
        rows = Change.objects.filter(workspace_id=cast.home.pk, number__gt=5, type="customer").order_by("number")[:10]
        assert "change_type_ix" in rows.explain() and "TEMP B-TREE" not in rows.explain()
