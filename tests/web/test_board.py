"""The board: heads count everything, cards come fifty at a time, moves obey the action, strangers' are not there."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group

HX = {"HX-Request": "true"}
#: Queries of a board of four open stages and two ended ones.
BOARD_QUERIES = 34


def _stages(cast: Cast) -> list[object]:
    return list(registry.get("stage").model.objects.order_by("position"))


def _deal(cast: Cast, **values: object) -> object:
    return cast.ctx("ana").create(
        "deal", **{"name": "Lobby bar", "stage": first_stage_id(), "amount": "8900", **values}
    )


def _board(cast: Cast, who: str = "ana", query: str = "") -> str:
    return cast.client(who).get(f"/deal/board{query}").content.decode()


def test_columns_with_counts_sums_and_probability(cast: Cast) -> None:
    for _n in range(3):
        _deal(cast)
    page = _board(cast)
    assert "€26,700" in page and "data-count>3<" in page and "<progress" in page
    for stage in _stages(cast):
        assert f'data-column="{stage.pk}"' in page


def test_cards_say_what_is_next(cast: Cast) -> None:
    today = cast.ctx("ana").format.today
    late, none = _deal(cast, name="Late one"), _deal(cast, name="None one")
    cast.ctx("ana").create("task", subject="Call", about=("deal", late.pk), due_on=today - dt.timedelta(days=3))
    page = _board(cast)
    assert "Call, overdue" in page and "No next step" in page and none.name in page


def test_quiet_deals_turn_amber_then_red(cast: Cast) -> None:
    deal = _deal(cast)
    now = cast.ctx("ana").format.now
    quiet = deal.stage.quiet_days
    type(deal).objects.filter(pk=deal.pk).update(moved_at=now - dt.timedelta(days=quiet + 1))
    assert 'class="dc warn"' in _board(cast)
    type(deal).objects.filter(pk=deal.pk).update(moved_at=now - dt.timedelta(days=quiet * 2 + 1))
    assert 'class="dc bad"' in _board(cast)
    cast.ctx("ana").create("activity", kind="call", subject="Called", about=("deal", deal.pk), happened_at=now)
    assert 'class="dc "' in _board(cast)


def test_ended_columns_are_folded(cast: Cast) -> None:
    won = next(s for s in _stages(cast) if s.outcome == "won")
    for n in range(10):
        _deal(cast, name=f"Won {n}", stage=won.pk)
    page = _board(cast)
    assert page.count('class="mini"') == 8 and "2 more" in page and "data-card=" not in page


def test_cards_come_page_by_page(cast: Cast) -> None:
    cast.ctx("ana").create_many(
        "deal", [{"name": f"Deal {n:03}", "stage": first_stage_id(), "amount": "1"} for n in range(120)]
    )
    page = _board(cast)
    assert page.count("data-card=") == 12 and "data-count>120<" in page
    cursor = page.split("cursor=")[1].split('"')[0]
    more = cast.client("ana").get(f"/deal/board/column/{first_stage_id()}?cursor={cursor}", headers=HX).content.decode()
    assert more.count("data-card=") == 50


def test_move_and_undo(cast: Cast) -> None:
    deal, stage = _deal(cast), _stages(cast)[1]
    answer = cast.client("ana").post(
        "/deal/board/move", {"record": deal.pk, "column": stage.pk, "version": deal.version}, headers=HX
    )
    told = answer.json()
    deal.refresh_from_db()
    assert deal.stage_id == stage.pk and told["undo"] == f"deal:{deal.pk}:{deal.version}" and stage.name in told["text"]


def test_lost_names_the_missing_reason(cast: Cast) -> None:
    deal, lost = _deal(cast), next(s for s in _stages(cast) if s.outcome == "lost")
    answer = cast.client("ana").post("/deal/board/move", {"record": deal.pk, "column": lost.pk}, headers=HX)
    told = answer.json()
    assert answer.status_code == 422 and told["field"] == "reason" and told["is_input"] and str(lost.pk) in told["ask"]
    deal.refresh_from_db()
    assert deal.stage.outcome == "open"


def test_stage_gate_leads_to_the_field(cast: Cast) -> None:
    deal, stage = _deal(cast, amount=None), _stages(cast)[1]
    cast.ctx("ana").write(stage, needed="amount")
    answer = cast.client("ana").post("/deal/board/move", {"record": deal.pk, "column": stage.pk}, headers=HX)
    told = answer.json()
    assert answer.status_code == 422 and told["is_input"] and told["ask"].startswith("/deal/board/ask?")
    form = cast.client("ana").get(told["ask"], headers=HX).content.decode()
    assert "set_amount" in form and "Save and move" in form


def test_what_a_stage_needs_is_given_on_the_way(cast: Cast) -> None:
    """One step asks for another field after the first; nothing is kept until the card has moved; Undo takes the move back."""
    deal, stage = _deal(cast, amount=None), _stages(cast)[1]
    cast.ctx("ana").write(stage, needed="amount, close_on")
    client, given = cast.client("ana"), {"record": deal.pk, "column": stage.pk, "dialog": "1"}
    more = client.post("/deal/board/move", {**given, "fields_shown": "amount", "set_amount": "500"}, headers=HX)
    assert more.status_code == 422 and "set_close_on" in more.content.decode() and "set_amount" in more.content.decode()
    deal.refresh_from_db()
    assert deal.amount is None and deal.stage_id == first_stage_id()
    both = {**given, "fields_shown": "amount,close_on", "set_amount": "500", "set_close_on": "2027-03-01"}
    moved = client.post("/deal/board/move", both, headers=HX)
    deal.refresh_from_db()
    assert moved.status_code == 204 and deal.stage_id == stage.pk and deal.close_on == dt.date(2027, 3, 1)
    assert f"deal:{deal.pk}:{deal.version}" in moved.headers["HX-Trigger"]
    client.post("/undo", {"what": f"deal:{deal.pk}:{deal.version}"})
    deal.refresh_from_db()
    assert deal.stage_id == first_stage_id() and deal.close_on == dt.date(2027, 3, 1)
    # The fields of an action and hidden ones cannot be slipped in.
    client.post("/deal/board/move", {**given, "fields_shown": "reason", "set_reason": "x"}, headers=HX)
    deal.refresh_from_db()
    assert not deal.reason


def test_lanes_show_each_owner_with_totals_and_their_own_cards(cast: Cast) -> None:
    """A lane for each person with open deals, counted and summed; what is hidden stays hidden."""
    _deal(cast, name="Ben's", owner=cast.ben.pk)
    _deal(cast, name="Cem's", owner=cast.cem.pk, amount="100")
    won = next(s for s in _stages(cast) if s.outcome == "won")
    _deal(cast, name="Over", owner=cast.ana.pk, stage=won.pk)
    page = _board(cast, query="?lanes=owner")
    assert page.count("data-lane=") == 2 and "Ben Moore" in page and "€8,900" in page and "data-card=" not in page
    lane = cast.client("ana").get(f"/deal/board/lane?lanes=owner&in={cast.ben.pk}", headers=HX).content.decode()
    assert "Ben&#39;s" in lane and "Cem" not in lane and "€8,900" in lane and lane.count("data-column=") == 4
    assert "Cem Aydin" not in _board(cast, "ben", "?lanes=owner")
    theirs = cast.client("ben").get(f"/deal/board/lane?in={cast.cem.pk}", headers=HX)
    assert "Cem&#39;s" not in theirs.content.decode() and "€100" not in theirs.content.decode()
    hide_group(cast, "sales", "sales.amounts")
    assert "€" not in _board(cast, "ben", "?lanes=owner")
    assert cast.client("ben").get("/deal/board/lane?in=nonsense", headers=HX).status_code == 422


def test_a_board_shares_views_and_filters_with_the_list(cast: Cast) -> None:
    """A view saved from the board opens as one; the list has it too, and a filter goes along when the layout changes."""
    _deal(cast, name="Big", owner=cast.ben.pk)
    client = cast.client("ana")
    client.post("/deal/views/new?layout=board&filter=amount+%3E+5", {"name": "Worth it", "audience": "everyone"})
    view = registry.get("view").model.objects.get(name="Worth it")
    assert view.layout == "board" and view.matching == "amount > 5"
    page = cast.client("ben").get(f"/deal/board?view={view.pk}").content.decode()
    assert "Big" in page and "Remove filter Amount" in page and f'href="/deal/?view={view.pk}' in page
    assert f"/deal/board?view={view.pk}" in cast.client("ben").get("/deal/").content.decode()
    narrowed = client.get("/deal/board?filter=owner+is+me").content.decode()
    assert "Big" not in narrowed and "/deal/?filter=owner+is+me" in narrowed


def test_strangers_cards_are_not_there(cast: Cast) -> None:
    deal = _deal(cast, owner=cast.cem.pk)
    page = _board(cast, "ben")
    assert str(deal.pk) not in page and "data-count>0<" in page and "8,900" not in page
    assert (
        cast.client("ben")
        .post("/deal/board/move", {"record": deal.pk, "column": _stages(cast)[1].pk}, headers=HX)
        .status_code
        == 404
    )
    assert cast.client("dea").get(f"/deal/board/column/{first_stage_id()}").status_code == 404


def test_hidden_amounts_are_nowhere(cast: Cast) -> None:
    _deal(cast, owner=cast.ben.pk)
    hide_group(cast, "sales", "sales.amounts")
    page = _board(cast, "ben")
    assert "Lobby bar" in page and "8,900" not in page


def test_filter_narrows_and_says_what_is_wrong(cast: Cast) -> None:
    _deal(cast, name="Mine"), _deal(cast, name="Ben's own", owner=cast.ben.pk)
    page = _board(cast, query="?filter=owner+is+me")
    assert "Mine" in page and "Ben&#39;s own" not in page
    assert 'role="alert"' in _board(cast, query="?filter=owner+is+is")


def test_types_without_a_board_have_none(cast: Cast) -> None:
    assert cast.client("ana").get("/customer/board").status_code == 404


def test_without_script_a_move_redirects(cast: Cast) -> None:
    deal = _deal(cast)
    answer = cast.client("ana").post("/deal/board/move", {"record": deal.pk, "column": _stages(cast)[1].pk})
    assert answer.status_code == 302 and answer["Location"] == "/deal/board"


@pytest.mark.parametrize("count", [3, 90])
def test_query_count_is_fixed(cast: Cast, count: int) -> None:
    cast.ctx("ana").create_many(
        "deal",
        [{"name": f"D{n}", "stage": s.pk, "amount": "1", "reason": "x"} for s in _stages(cast) for n in range(count)],
    )
    client = cast.client("ana")
    client.get("/deal/board")
    with CaptureQueriesContext(connection) as seen:
        client.get("/deal/board")
    assert len(seen) <= BOARD_QUERIES
