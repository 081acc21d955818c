"""Required, unique, default, conditions and the index of own fields hold on every way in, on both databases."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import connections

from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.read import read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from tests.cast import Cast


def own(cast: Cast, label: str, kind: str = "text", **more: object) -> None:
    cast.ctx("ana").create("custom_field", **{"label": label, "on_type": "customer", "kind": kind, **more})


def names(cast: Cast, text: str = "", sort: str = "name", who: str = "ana") -> list[object]:
    ctx = cast.ctx(who)
    found, cursor = [], ""
    while True:
        where = parse(text) if text else None
        page = read_page(ctx, registry.get("customer"), where=where, sort=sort, limit=2, cursor=cursor)
        found += [row["name"] for row in page.rows]
        if page.next is None:
            return found
        cursor = page.next


@pytest.mark.parametrize(
    ("kind", "values", "more"),
    [
        ("number", [-5, 0, 12, 900], {}), ("number", [-1.5, 2.25, 10, 11.5], {"decimals": 2}),
        ("text", ["Ábel", "beta", "Gamma", "omega"], {}), ("date", ["1999-12-31", "2026-01-01", "2026-02-01", "2030-01-01"], {}),
        ("money", ["-3 EUR", "1.10 EUR", "9 EUR", "1000 EUR"], {}), ("datetime", [f"2026-02-0{n}T10:00Z" for n in range(1, 5)], {}),
        ("percent", [1, 5, 40, 100], {}), ("time", ["01:00", "09:30", "12:00", "23:59"], {}),
    ],
)  # fmt: skip
def test_a_list_is_sorted_by_an_own_field_page_by_page(cast: Cast, kind: str, values: list, more: dict) -> None:
    """Up and down, empty ones last, two rows a page; and a range finds what lies in it."""
    own(cast, "Measure", kind, is_fast=True, **more)
    ctx = cast.ctx("ana")
    for at, value in [(2, values[2]), (0, values[0]), (3, values[3]), (1, values[1])]:
        ctx.create("customer", name=f"n{at}", c_measure=value)
    ctx.create("customer", name="none")
    assert names(cast, sort="c_measure") == ["n0", "n1", "n2", "n3", "none"]
    assert names(cast, sort="-c_measure") == ["n3", "n2", "n1", "n0", "none"]
    if "<" in gate.fields(cast.ctx("ana"), registry.get("customer"))["c_measure"].kind.operators:
        assert names(cast, f'c_measure > "{values[1]}"') == ["n2", "n3"]
        assert names(cast, f'c_measure <= "{values[1]}"', sort="-c_measure") == ["n1", "n0"]
    row = read_page(ctx, registry.get("customer"), where=parse("name is n1")).rows[0]
    record = registry.get("customer").model.objects.get(pk=row.id)
    cast.ctx("ana").write(record, c_measure=None)
    assert names(cast, sort="c_measure")[-2:] == ["n1", "none"]


def test_a_field_marked_fast_later_is_read_by_a_job(committed_cast: Cast) -> None:
    """Until the job has read what is there, lists are not sorted by it: half an order would be a lie."""
    cast = committed_cast
    own(cast, "Size", "number")
    ctx = cast.ctx("ana")
    ctx.create("customer", name="b", c_size=2)
    ctx.create("customer", name="a", c_size=1)
    field = registry.get("custom_field").model.objects.get(key="c_size")
    cast.ctx("ana").write(field, is_fast=True)
    with pytest.raises(Invalid, match="cannot be sorted"):
        names(cast, sort="c_size")
    assert Job.objects.filter(workspace_id=cast.home.pk, task="custom.index_field").count() == 1
    run_due()
    assert names(cast, sort="-c_size") == ["b", "a"]
    assert IndexedValue.objects.filter(workspace_id=cast.home.pk, field="c_size~").count() == 2


def test_a_required_field_and_a_default_hold_for_the_api_and_for_many(cast: Cast) -> None:
    """A default is given where nothing else is; an emptied required field is refused by name."""
    own(cast, "Grade", "choice", choices="A\nB", is_required=True, default_text="B", help_text="How good they are.")
    api = cast.api("ana")
    made = api.post("/api/v1/customer", json.dumps({"name": "One"}), content_type="application/json")
    assert made.status_code == 201 and made.json()["c_grade"] == "B", made.content
    refused = api.patch(f"/api/v1/customer/{made.json()['id']}", json.dumps({"c_grade": None}), content_type="application/json")
    assert refused.status_code == 422 and "Grade is needed" in refused.content.decode()
    many = cast.ctx("ana").create_many("customer", [{"name": "Two"}, {"name": "Three", "c_grade": "C"}])
    assert set(many.ids) == {0} and "one of the options" in many.errors[1].sentence
    assert "How good they are." in cast.client("ana").get("/customer/new").content.decode()


def test_a_unique_value_stands_once_and_names_the_holder_to_those_who_see_it(cast: Cast) -> None:
    """Whatever the case; Ben may not see Ana's customer, so he is not told its name."""
    own(cast, "VAT number", is_unique=True)
    ana, ben = cast.ctx("ana"), cast.ctx("ben")
    held = ana.create("customer", name="Holder Ltd", c_vat_number="IE 123")
    with pytest.raises(Invalid, match="“Holder Ltd” has this VAT number already"):
        ana.create("customer", name="Other", c_vat_number="ie 123")
    with pytest.raises(Invalid) as told:
        ben.create("customer", name="Other", c_vat_number="ie 123")
    assert "Holder" not in told.value.sentence and "c_vat_number" in told.value.errors
    other = ana.create("customer", name="Other", c_vat_number="IE 9")
    with pytest.raises(Invalid, match="Holder"):
        ana.write(other, c_vat_number="IE 123")
    many = ana.create_many("customer", [{"name": x, "c_vat_number": v} for x, v in [("a", "X1"), ("b", "x1"), ("c", "IE 123")]])
    assert set(many.ids) == {0} and set(many.errors) == {1, 2}
    bulk = ana.write_many("customer", [(held.pk, {"c_vat_number": "N"}), (other.pk, {"c_vat_number": "N"})])
    assert set(bulk.ids) == {0} and "taken" in bulk.errors[1].sentence
    ana.delete(held)
    ana.write(other, c_vat_number="N")
    with pytest.raises(Invalid, match="Other"):
        ana.restore(held)


def test_two_at_the_same_moment_cannot_both_take_a_unique_value(committed_cast: Cast) -> None:
    """Eight writers, one value: one record, seven sentences."""
    cast = committed_cast
    own(cast, "Badge", is_unique=True)
    told: list[str] = []
    gate_ = threading.Barrier(8)

    def write(at: int) -> None:
        try:
            with use_workspace(cast.home):
                ctx = cast.ctx("ana")
                gate_.wait()
                ctx.create("customer", name=f"n{at}", c_badge="gold")
                told.append("made")
        except Invalid as wrong:
            told.append(wrong.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == ["made", *["taken"] * 7]
    assert registry.get("customer").model.objects.filter(custom__c_badge="gold").count() == 1


def test_a_field_made_unique_later_is_refused_while_two_share_a_value(cast: Cast) -> None:
    """And taken when they do not."""
    own(cast, "Code")
    ctx = cast.ctx("ana")
    _first, second = (ctx.create("customer", name=x, c_code="7") for x in "ab")
    field = registry.get("custom_field").model.objects.get(key="c_code")
    with pytest.raises(Invalid, match="share a value"):
        cast.ctx("ana").write(field, is_unique=True)
    cast.ctx("ana").write(second, c_code="8")
    field.refresh_from_db()
    cast.ctx("ana").write(field, is_unique=True)
    with pytest.raises(Invalid, match="already"):
        cast.ctx("ana").write(second, c_code="7")


def test_a_field_is_needed_and_kept_only_while_its_condition_holds(cast: Cast) -> None:
    """On one write, on many, and on many at once where the others go through."""
    own(cast, "Ward", show_when="stage is customer", is_required=True)
    own(cast, "Reason", require_when="stage is lost")
    ctx = cast.ctx("ana")
    plain = ctx.create("customer", name="Plain", stage="lead")
    with pytest.raises(Invalid, match="Ward is needed"):
        ctx.create("customer", name="Ill", stage="customer")
    with pytest.raises(Invalid, match="only kept while this holds"):
        ctx.write(plain, c_ward="North")
    with pytest.raises(Invalid, match="Reason is needed"):
        ctx.write(plain, stage="lost")
    assert ctx.write(plain, stage="lost", c_reason="price").custom["c_reason"] == "price"
    rows = [{"name": "ok", "stage": "customer", "c_ward": "N"}, {"name": "no", "stage": "customer"}]
    many = ctx.create_many("customer", rows)
    assert set(many.ids) == {0} and many.errors[1].errors.keys() == {"c_ward"}
    assert "no" not in names(cast) and "ok" in names(cast)
    ok = many.ids[0]
    bulk = ctx.write_many("customer", [(ok, {"c_ward": None}), (plain.pk, {"c_reason": "time"})])
    assert set(bulk.ids) == {1} and "Ward is needed" in bulk.errors[0].sentence
    said = cast.api("ana").post(
        "/api/v1/customer", json.dumps({"name": "By API", "stage": "lost"}), content_type="application/json"
    )
    assert said.status_code == 422 and "c_reason" in said.content.decode()


def test_a_condition_may_not_tell_of_a_hidden_field(cast: Cast) -> None:
    """The sentence “is needed” would say what stands in a field that the reader may not see."""
    own(cast, "Margin", "number", field_group="sales.margins")
    with pytest.raises(Invalid, match="same group"):
        own(cast, "Why", require_when="c_margin < 5")
    own(cast, "Why", require_when="c_margin < 5", field_group="sales.margins")


def test_own_references_lead_to_records(cast: Cast) -> None:
    """Typed by title, followed in filters, and a stranger's record cannot be pointed at."""
    own(cast, "Agent", "reference", to_type="customer")
    own(cast, "Caretaker", "user", default_text="me")
    ana = cast.ctx("ana")
    agent = ana.create("customer", name="Agent Smith")
    ana.create("customer", name="Served", c_agent=agent.pk)
    assert names(cast, f"c_agent is {agent.pk}") == ["Served"]
    assert names(cast, 'c_agent.name is "Agent Smith"') == ["Served"]
    assert names(cast, "c_caretaker is me") == ["Agent Smith", "Served"]
    with pytest.raises(Invalid, match="that you can see"):
        cast.ctx("ben").create("customer", name="Mine", c_agent=agent.pk)


def test_a_key_is_never_given_twice_while_old_values_stand(cast: Cast) -> None:
    """A new field must not wake up with the values of a deleted one."""
    own(cast, "Colour")
    ctx = cast.ctx("ana")
    ctx.delete(registry.get("custom_field").model.objects.get(key="c_colour"))
    own(cast, "Colour", "number")
    assert set(custom_fields(cast.ctx("ana").workspace, "customer")) == {"c_colour_2"}
