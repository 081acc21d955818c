"""Actions from pages: asked for what they need, run with the viewer's right, told with Undo, converting a lead."""

from __future__ import annotations

import json

from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id

HX = {"HX-Request": "true"}


def _stage(outcome: str) -> object:
    return registry.get("stage").model.objects.filter(outcome=outcome).order_by("position").first()


def _deal(cast: Cast, **values: object) -> object:
    return cast.ctx("ana").create("deal", **{"name": "Bar", "stage": first_stage_id(), "amount": "100", **values})


def test_only_fitting_actions_are_offered(cast: Cast) -> None:
    deal, client = _deal(cast), cast.client("ana")
    page = client.get(f"/deal/{deal.pk}").content.decode()
    assert f"/deal/{deal.pk}/do/win" in page and f"/deal/{deal.pk}/do/reopen" not in page
    viewer = cast.ctx("ana").create("deal", name="Cem's", stage=first_stage_id(), owner=cast.cem.pk)
    assert cast.client("ben").get(f"/deal/{viewer.pk}").status_code == 404


def test_win_moves_to_won_and_can_be_undone(cast: Cast) -> None:
    deal, client = _deal(cast), cast.client("ana")
    answer = client.post(f"/deal/{deal.pk}/do/win", {}, headers=HX)
    assert answer.status_code == 204
    undo = json.loads(answer["HX-Trigger"])["toast"]["undo"]
    deal.refresh_from_db()
    assert deal.stage.outcome == "won"
    client.post("/undo", {"what": undo}, headers=HX)
    deal.refresh_from_db()
    assert deal.stage.outcome == "open"


def test_lost_asks_for_the_reason_beside_its_field(cast: Cast) -> None:
    deal, client = _deal(cast), cast.client("ana")
    answer = client.post(f"/deal/{deal.pk}/do/lose", {"reason": ""}, headers=HX)
    assert answer.status_code == 422 and 'id="e-reason"' in answer.content.decode()
    assert client.post(f"/deal/{deal.pk}/do/lose", {"reason": "Price"}, headers=HX).status_code == 204
    deal.refresh_from_db()
    assert deal.reason == "Price"


def test_move_to_lost_keeps_the_chosen_stage_in_the_questions(cast: Cast) -> None:
    deal, lost = _deal(cast), _stage("lost")
    answer = cast.client("ana").post(f"/deal/{deal.pk}/do/move", {"stage": lost.pk}, headers=HX)
    page = answer.content.decode()
    assert answer.status_code == 422 and 'id="e-reason"' in page and f'value="{lost.pk}" selected' in page


def test_move_offers_the_stages_of_its_pipeline(cast: Cast) -> None:
    deal = _deal(cast)
    other = cast.ctx("ana").create("pipeline", name="Other")
    cast.ctx("ana").create("stage", name="Elsewhere", pipeline=other.pk)
    page = cast.client("ana").get(f"/deal/{deal.pk}/do/move").content.decode()
    assert _stage("won").name in page and "Elsewhere" not in page


def test_unknown_action_is_404_and_missing_right_403(cast: Cast) -> None:
    deal = _deal(cast, owner=cast.ben.pk)
    assert cast.client("ana").get(f"/deal/{deal.pk}/do/explode").status_code == 404
    assert cast.client("dea").post(f"/deal/{deal.pk}/do/win", {}).status_code == 404
    role = registry.get("role").model
    sales = role.objects.get(key="sales")
    role.objects.filter(pk=sales.pk).update(rights={**sales.rights, "deal": {"view": "team"}})
    assert cast.client("ben").post(f"/deal/{deal.pk}/do/win", {}).status_code == 403


def test_action_works_without_script(cast: Cast) -> None:
    deal = _deal(cast)
    answer = cast.client("ana").post(f"/deal/{deal.pk}/do/win", {})
    assert answer.status_code == 302 and answer["Location"] == f"/deal/{deal.pk}"


def _lead(cast: Cast, **values: object) -> object:
    given = {
        "name": "Grace Tierney",
        "company": "Hotel Aldersley",
        "interest": "Lobby bar",
        "emails": "grace@aldersley.example",
    }
    return cast.ctx("ana").create("lead", **{**given, **values})


def test_convert_creates_what_is_asked(cast: Cast) -> None:
    lead, client = _lead(cast), cast.client("ana")
    page = client.get(f"/lead/{lead.pk}/do/convert", headers=HX).content.decode()
    assert "Create “Grace Tierney” as a new person" in page and 'value="Lobby bar"' in page
    answer = client.post(
        f"/lead/{lead.pk}/do/convert",
        {"create_person": "yes", "create_company": "yes", "create_deal": "yes", "deal_name": "Lobby espresso bar"},
        headers=HX,
    )
    deal = registry.get("deal").model.objects.get()
    assert answer["HX-Redirect"] == f"/deal/{deal.pk}" and deal.name == "Lobby espresso bar"
    assert registry.get("customer").model.objects.count() == 2


def test_convert_suggests_and_links_what_exists(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    company = ctx.create("customer", kind="company", name="Hotel Aldersley")
    person = ctx.create("customer", kind="person", name="G. Tierney", emails="grace@aldersley.example")
    lead, client = _lead(cast), cast.client("ana")
    page = client.get(f"/lead/{lead.pk}/do/convert", headers=HX).content.decode()
    assert f'value="{company.pk}" checked' in page and f'value="{person.pk}" checked' in page and "same e-mail" in page
    client.post(
        f"/lead/{lead.pk}/do/convert",
        {
            "person": person.pk,
            "company": company.pk,
            "create_person": "yes",
            "create_company": "yes",
            "create_deal": "yes",
        },
    )
    assert registry.get("customer").model.objects.count() == 2
    assert registry.get("deal").model.objects.get().customer_id == company.pk


def test_convert_never_suggests_what_the_viewer_may_not_see(cast: Cast) -> None:
    cast.system.create("customer", kind="company", name="Hotel Aldersley", owner=cast.cem.pk)
    lead = _lead(cast, owner=cast.ben.pk)
    page = cast.client("ben").get(f"/lead/{lead.pk}/do/convert", headers=HX).content.decode()
    assert "same name" not in page
