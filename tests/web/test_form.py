"""Creating and editing in forms: what is typed stays, what is refused says why, what others changed is asked about."""

from __future__ import annotations

import json
import re

from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id

HX = {"HX-Request": "true"}


def _customer(cast: Cast, **values: object) -> object:
    return cast.ctx("ana").create("customer", **{"name": "Hotel Aldersley", "kind": "company", **values})


def test_form_shows_sections_and_marks_what_is_optional(cast: Cast) -> None:
    page = cast.client("ana").get("/customer/new").content.decode()
    assert "About" in page and "Contact" in page
    assert re.search(r'for="f-name">Name</label>', page)
    assert re.search(r'for="f-industry">Industry <span class="opt">optional', page)


def test_create_leads_to_the_record(cast: Cast) -> None:
    answer = cast.client("ana").post("/customer/new", {"name": "Fennel & Fig", "kind": "company", "stage": "prospect"})
    made = registry.get("customer").model.objects.get(name="Fennel & Fig")
    assert answer.status_code == 302 and answer["Location"] == f"/customer/{made.pk}"
    assert made.owner_id == cast.ana.pk


def test_refused_form_keeps_every_word(cast: Cast) -> None:
    answer = cast.client("ana").post(
        "/customer/new", {"name": "", "industry": "Retail", "emails": "nonsense", "phones": "01 555"}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="e-name"' in page and 'id="e-emails"' in page
    assert 'value="Retail"' in page and 'value="nonsense"' in page
    assert not registry.get("customer").model.objects.exists()


def test_unknown_reference_keeps_the_text(cast: Cast) -> None:
    answer = cast.client("ana").post(
        "/deal/new", {"name": "X", "customer": "", "customer__text": "Nobody Inc", "stage": first_stage_id()}
    )
    assert answer.status_code == 422 and "Nobody Inc" in answer.content.decode()


def test_reference_is_found_by_its_text_without_script(cast: Cast) -> None:
    customer = _customer(cast)
    cast.client("ana").post(
        "/deal/new", {"name": "Bar", "customer": "", "customer__text": "hotel aldersley", "stage": first_stage_id()}
    )
    assert registry.get("deal").model.objects.get().customer_id == customer.pk


def test_address_brings_values(cast: Cast) -> None:
    customer = _customer(cast)
    page = cast.client("ana").get(f"/deal/new?customer={customer.pk}&stage={first_stage_id()}").content.decode()
    assert f'value="{customer.pk}"' in page
    assert re.search(rf'value="{first_stage_id()}" selected', page)


def test_add_and_start_another(cast: Cast) -> None:
    answer = cast.client("ana").post("/customer/new", {"name": "One", "kind": "company", "stage": "lead", "again": "1"})
    assert answer["Location"] == "/customer/new"


def test_related_record_starts_with_its_reference_and_stays(cast: Cast) -> None:
    customer, client = _customer(cast), cast.client("ana")
    address = f"/customer/{customer.pk}/add/deal?by=customer"
    assert f'value="{customer.pk}"' in client.get(address, headers=HX).content.decode()
    answer = client.post(address, {"name": "Lobby bar", "customer": customer.pk, "stage": first_stage_id()}, headers=HX)
    assert answer.status_code == 204
    events = json.loads(answer["HX-Trigger"])
    assert events["closeDialog"] and events["recordChanged"] and "Lobby bar" in events["toast"]["text"]
    assert registry.get("deal").model.objects.get().customer_id == customer.pk


def test_edit_saves_and_offers_undo(cast: Cast) -> None:
    customer, client = _customer(cast), cast.client("ana")
    page = client.get(f"/customer/{customer.pk}/edit").content.decode()
    assert "Hotel Aldersley" in page
    answer = client.post(f"/customer/{customer.pk}/edit", {"version": 1, "name": "Aldersley", "stay": 1}, headers=HX)
    assert (
        answer.status_code == 204 and json.loads(answer["HX-Trigger"])["toast"]["undo"] == f"customer:{customer.pk}:2"
    )
    customer.refresh_from_db()
    assert customer.name == "Aldersley" and customer.kind == "company"


def test_emptied_field_is_emptied(cast: Cast) -> None:
    customer = _customer(cast, industry="Retail")
    cast.client("ana").post(f"/customer/{customer.pk}/edit", {"version": 1, "name": "X", "industry": ""})
    customer.refresh_from_db()
    assert customer.industry == ""


def test_untouched_field_of_somebody_else_is_no_conflict(cast: Cast) -> None:
    customer = _customer(cast, industry="Retail")
    cast.ctx("ana").write(customer, industry="Catering")
    answer = cast.client("ana").post(
        f"/customer/{customer.pk}/edit", {"version": 1, "name": "Mine", "industry": "Retail"}
    )
    customer.refresh_from_db()
    assert answer.status_code == 302 and customer.name == "Mine" and customer.industry == "Catering"


def test_conflict_shows_three_values_and_takes_the_choice(cast: Cast) -> None:
    customer, client = _customer(cast, industry="Retail"), cast.client("ana")
    cast.ctx("ana").write(customer, industry="Catering")
    typed = {"version": 1, "name": "Mine", "industry": "Offices"}
    answer = client.post(f"/customer/{customer.pk}/edit", typed)
    page = answer.content.decode()
    assert answer.status_code == 409
    for shown in ("Retail", "Catering", "Offices", 'name="choose__industry"', 'name="name" value="Mine"'):
        assert shown in page
    client.post(f"/customer/{customer.pk}/edit", {**typed, "version": 2, "choose__industry": "theirs"})
    customer.refresh_from_db()
    assert (customer.name, customer.industry) == ("Mine", "Catering")


def test_conflict_may_keep_mine(cast: Cast) -> None:
    customer, client = _customer(cast, industry="Retail"), cast.client("ana")
    cast.ctx("ana").write(customer, industry="Catering")
    client.post(f"/customer/{customer.pk}/edit", {"version": 2, "industry": "Offices", "choose__industry": "yours"})
    customer.refresh_from_db()
    assert customer.industry == "Offices"


def test_stranger_gets_404_and_reader_403(cast: Cast) -> None:
    customer = _customer(cast, owner=cast.ana.pk)
    assert cast.client("dea").get(f"/customer/{customer.pk}/edit").status_code == 404
    assert cast.client("ben").get(f"/customer/{customer.pk}/edit").status_code == 404
    mine = cast.ctx("ben").create("customer", name="Ben's", kind="company")
    assert cast.client("ben").get(f"/customer/{mine.pk}/edit").status_code == 200
    assert cast.client("ben").get("/stage/new").status_code == 403


def test_fields_of_actions_are_left_out_of_the_edit_form(cast: Cast) -> None:
    deal = cast.ctx("ana").create("deal", name="Bar", stage=first_stage_id())
    client = cast.client("ana")
    assert 'name="stage"' not in client.get(f"/deal/{deal.pk}/edit").content.decode()
    assert 'name="stage"' in client.get("/deal/new").content.decode()


def test_no_inline_style_or_script(cast: Cast) -> None:
    customer = _customer(cast, addresses=[{"street": "1 Quay", "city": "Dublin", "country": "IE"}])
    for address in ("/customer/new", f"/customer/{customer.pk}/edit", f"/customer/{customer.pk}", "/deal/board"):
        page = cast.client("ana").get(address).content.decode()
        assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]*src=)", page), address
