"""An own field becomes another kind: nothing that was typed is lost, nothing that names it breaks, and it can be taken back."""

from __future__ import annotations

import datetime as dt
from copy import copy
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.words.kind_change.asking import ask, can_be_taken_back, go_on, last_change, take_back
from rapport.engines.words.kind_change.changing import Changing, late_writes
from rapport.engines.words.kind_change.looking import examples
from rapport.engines.words.kind_change.standing import obstacles
from rapport.engines.words.kind_change.tasks import _context
from rapport.engines.words.models import KindChange
from rapport.kernel.access.current import forget_schema, no_workspace, note_schema
from rapport.kernel.changes.history import history
from rapport.kernel.custom import fields
from rapport.kernel.custom.fields import known
from rapport.kernel.custom.models import CustomField
from rapport.kernel.errors import Conflict, Gone, Invalid
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.jobs.tasks import enqueue
from rapport.kernel.query.models import IndexedValue
from rapport.kernel.query.read import read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from tests.cast import Cast


def add(cast: Cast, label: str = "Code", kind: str = "text", **more: object) -> CustomField:
    """An own field of customers."""
    return cast.ctx("ana").create("custom_field", label=label, kind=kind, on_type="customer", **more)  # type: ignore[return-value]


def fill(cast: Cast, *texts: object, key: str = "c_code", who: str = "ana") -> list[object]:
    """Customers with these values."""
    return [cast.ctx(who).create("customer", name=f"N{at}", kind="company", **{key: one}) for at, one in enumerate(texts)]


def turn(cast: Cast, row: CustomField, to: str, **more: object) -> KindChange:
    """Change the kind, whole."""
    change = ask(cast.ctx("ana"), row, to, goes_on=True, **more)  # type: ignore[arg-type]
    run_due()
    change.refresh_from_db()
    row.refresh_from_db()
    return change


def values(cast: Cast, key: str = "c_code", who: str = "ana", where: str = "name starts with N") -> list[object]:
    """What people see in the field, by the names of the customers."""
    info = registry.get("customer")
    page = read_page(cast.ctx(who), info, fields=["name", key], where=parse(where), sort="name")
    return [row.values[key] for row in page.rows]


CASES = [
    ("text", {}, "longtext", {}, ["Aran", None, "Bríd"], ["Aran", None, "Bríd"]),
    ("longtext", {}, "text", {}, ["Aran", "two\nlines"], ["Aran", None]),
    ("text", {}, "number", {}, ["12", "1,250", "a lot", None], [12, 1250, None, None]),
    ("text", {}, "date", {}, ["2026-11-22", "soon"], [dt.date(2026, 11, 22), None]),
    ("text", {}, "web", {}, ["https://example.com", "no address at all"], ["https://example.com", None]),
    ("text", {}, "yesno", {}, ["yes", "No", "perhaps"], [True, False, None]),
    ("text", {}, "one_email", {}, ["a@example.com", "nobody"], ["a@example.com", None]),
    ("number", {"decimals": 2}, "number", {"decimals": 0}, ["12", "12.5"], [12, None]),
    ("number", {}, "text", {}, [12, 1250], ["12", "1250"]),
    ("date", {}, "text", {}, ["2026-11-22"], ["2026-11-22"]),
    ("datetime", {}, "date", {}, ["2026-11-22 00:00", "2026-11-22 14:05"], [dt.date(2026, 11, 22), None]),
    ("choice", {"choices": "Won\nLost => Gone"}, "text", {}, ["Won", "Lost"], ["Won", "Gone"]),
    ("choice", {"choices": "Won\nLost"}, "multichoice", {}, ["Won", None], [["Won"], None]),
    ("multichoice", {"choices": "Tea\nCoffee"}, "choice", {}, [["Tea"], ["Tea", "Coffee"]], ["Tea", None]),
    ("text", {}, "choice", {}, ["north", "South", "North"], ["north", "South", "north"]),
    ("text", {}, "multichoice", {}, ["tea; coffee", "tea"], [["coffee", "tea"], ["tea"]]),
    ("yesno", {}, "choice", {}, [True, False], ["Yes", "No"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "to", "more", "given", "wanted"), CASES)
def test_nothing_that_was_typed_is_lost(
    cast: Cast, kind: str, options: dict, to: str, more: dict, given: list, wanted: list
) -> None:
    """What fits is a value of the new kind, found by filters; what does not fit stands beside it; back is as before."""
    row = add(cast, kind=kind, **options)
    fill(cast, *given)
    before = values(cast)
    change = turn(cast, row, to, keeps_rest=True, **more)
    assert (change.state, change.reason, row.kind) == ("done", "", to)
    assert values(cast) == wanted
    misfits = [one for one, new in zip(before, wanted, strict=True) if one is not None and new is None]
    rest = CustomField.objects.filter(label="Code (before)").first()
    assert (rest is not None) == bool(misfits) and change.unfitting == len(misfits)
    if rest is not None:
        assert len([one for one in values(cast, rest.key) if one]) == len(misfits)
    filled = sum(one is not None for one in wanted)
    assert len(values(cast, where="c_code is not empty")) == filled
    take_back(cast.ctx("ana"), row, change)
    run_due()
    row.refresh_from_db()
    assert (row.kind, row.choices, row.decimals) == (kind, options.get("choices", ""), options.get("decimals"))
    assert values(cast) == before
    assert not CustomField.objects.filter(label="Code (before)", deleted_at=None).exists()


def test_it_looks_first_and_tells_who_may_know(cast: Cast) -> None:
    """The look counts and shows values that do not fit, of records the viewer sees; nothing is changed by it."""
    row = add(cast)
    (mine,) = fill(cast, "no number")
    fill(cast, "12", "7")
    (theirs,) = fill(cast, "cem's secret", who="cem")
    ctx = cast.ctx("ana")
    change = ask(ctx, row, "number")
    assert (change.state, change.fitting, change.unfitting, change.seen) == ("looked", 2, 2, 4)
    shown = [one.text for one in examples(ctx, row, change)]
    assert "no number" in shown
    seen_by_ben = [one.text for one in examples(cast.ctx("ben"), row, change)]
    assert set(seen_by_ben) == {"no number", "cem's secret"} & set(values(cast, who="ben"))
    assert values(cast) == ["no number", "12", "7"] or len(values(cast)) >= 3
    with pytest.raises(Invalid, match="do not fit"):
        go_on(ctx, row, change, keeps_rest=False)
    ctx.write(mine, c_code="3")
    cast.ctx("cem").write(theirs, c_code="4")
    again = ask(cast.ctx("ana"), row, "number")
    go_on(cast.ctx("ana"), row, again, keeps_rest=False)
    with pytest.raises(Conflict):
        ask(cast.ctx("ana"), row, "date")
    run_due()
    row.refresh_from_db()
    assert row.kind == "number" and set(values(cast, where="c_code between 3 and 12")) == {3, 12, 7, 4}


def test_refused_it_leaves_everything_as_it_was(cast: Cast) -> None:
    """Without a field for the rest, one value that does not fit is enough; the definition and the records stay."""
    row = add(cast)
    made = fill(cast, "12", "none")
    change = turn(cast, row, "number")
    assert change.state == "refused" and change.reason == "1 value does not fit." and row.kind == "text"
    run_due()
    made[0].refresh_from_db()  # type: ignore[attr-defined]
    assert made[0].custom == {"c_code": "12"} and values(cast) == ["12", "none"]  # type: ignore[attr-defined]
    with pytest.raises(Invalid):
        ask(cast.ctx("ana"), row, "reference")
    with pytest.raises(Invalid, match="Change the kind"):
        cast.ctx("ana").write(row, kind="number")


def test_what_names_the_field_goes_on_working_or_stands_in_the_way(cast: Cast) -> None:
    """Filters that mean something to the new kind stay; a view, a formula and a condition that would not are named."""
    row = add(cast)
    fill(cast, "12")
    ctx = cast.ctx("ana")
    ctx.create("view", name="Twelve", on_type="customer", matching="c_code is 12")
    change = ask(ctx, row, "number")
    assert obstacles(ctx, row, change) == []
    ctx.create("view", name="In groups", on_type="customer", grouping="kind", sorting="name")
    ctx.create("view", name="Begins", on_type="customer", matching="c_code starts with 1")
    ctx.create("custom_field", label="Loud", on_type="customer", kind="text", formula="upper(c_code)")
    add(cast, "Odd", show_when="c_code contains 7")
    cast.ctx("ben").create("view", name="Ben's own", on_type="deal", matching="customer.c_code contains x")
    named = {one.title: one.sentence for one in obstacles(cast.ctx("ana"), row, change)}
    assert set(named) == {"Begins", "Loud", "Odd", "Ben's own"} and all(named.values())
    with pytest.raises(Invalid, match="would not work any more"):
        go_on(cast.ctx("ana"), row, change, keeps_rest=True)
    assert turn(cast, row, "number").state == "refused" and row.kind == "text"
    # As a long text all of it goes on working, but for the formula.
    assert [one.title for one in obstacles(cast.ctx("ana"), row, ask(cast.ctx("ana"), row, "longtext"))] == ["Loud"]


def test_what_is_made_of_the_values_follows(cast: Cast) -> None:
    """Sorting, search, formulas, the value index and a default are those of the new kind."""
    row = add(cast, is_fast=True, default_text="5", in_search=True)
    fill(cast, "Cork", "Bray", "Athy")
    cast.ctx("ana").create("custom_field", label="Twin", on_type="customer", kind="text", formula="c_code")
    assert turn(cast, row, "choice").state == "done"
    assert row.choices == "Athy\nBray\nCork" and row.is_fast and row.default_text == ""
    info = registry.get("customer")
    page = read_page(cast.ctx("ana"), info, fields=["c_code"], where=parse("name starts with N"), sort="c_code")
    assert [one.values["c_code"] for one in page.rows] == ["Athy", "Bray", "Cork"]
    assert values(cast, "c_twin") == ["Cork", "Bray", "Athy"]
    with pytest.raises(Invalid):
        cast.ctx("ana").create("customer", name="N9", kind="company", c_code="Tralee")
    assert values(cast, where="c_code is cork") == ["Cork"]


def test_the_history_keeps_what_was_typed(cast: Cast) -> None:
    """Values of before stand in the history as words; undoing an old change is read as if it were typed."""
    row = add(cast)
    (made,) = fill(cast, "no number")
    cast.ctx("ana").write(made, c_code="12")  # type: ignore[arg-type]
    assert turn(cast, row, "number", keeps_rest=True).state == "done"
    lines = history(cast.ctx("ana"), registry.get("customer"), made.pk)  # type: ignore[attr-defined]
    told = {(old, new) for line in lines for field, old, new in line.entries if field.key == "c_code"}
    assert ("no number", "12") in told
    page = cast.client("ana").get(f"/customer/{made.pk}/history")  # type: ignore[attr-defined]
    assert page.status_code == 200 and "no number" in page.content.decode()
    assert cast.client("ana").get(f"/customer/{made.pk}").status_code == 200  # type: ignore[attr-defined]


def test_what_is_written_meanwhile_is_not_lost(cast: Cast) -> None:
    """Writes between the portions, and those of somebody who still knows the old kind, come in; a stop changes nothing."""
    row = add(cast)
    made = fill(cast, "1", "2", "3")
    change = ask(cast.ctx("ana"), row, "number", goes_on=True)
    change.state = KindChange.CHANGING
    ctx = _context(cast.ctx("ana").workspace, None)
    work = Changing(ctx, row, change)
    assert not work.stage_all(lambda one: False)
    late = cast.ctx("ana")
    late.write(made[0], c_code="11")  # type: ignore[arg-type]
    fill(cast, "4")
    assert not work.settle()
    while work.catch_up():
        pass
    old = replace(cast.ctx("ana"), workspace=copy(cast.ctx("ana").workspace))
    note_schema(old.workspace)
    known(old.workspace.pk, old.workspace.schema_version)
    remembered = fields._cache[old.workspace.pk]
    assert work.settle()
    assert sorted(values(cast)) == [2, 3, 4, 11]
    # Ben's request began before: it writes the old place of the value.
    fields._cache[old.workspace.pk] = remembered
    forget_schema()
    note_schema(old.workspace)
    old.write(made[1], c_code="22")  # type: ignore[arg-type]
    now = cast.ctx("ana")
    note_schema(now.workspace)
    assert sorted(values(cast)) == [2, 3, 4, 11]
    now.write(made[2], c_code=33)  # type: ignore[arg-type]
    row.refresh_from_db()
    assert late_writes(_context(now.workspace, None), row, change) == 1
    assert sorted(values(cast)) == [4, 11, 22, 33]


def test_old_values_and_their_keys_go_after_a_month(cast: Cast) -> None:
    """The old keys find nobody after the change; the old values are removed when they can no longer be taken back."""
    row = add(cast, is_fast=True)
    (made,) = fill(cast, "12")
    change = turn(cast, row, "number")
    there = IndexedValue.objects.filter(workspace_id=cast.home.pk, record_id=made.pk)  # type: ignore[attr-defined]
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
    run_due(clock=lambda: soon)
    assert set(there.filter(field__contains="c_code").values_list("field", flat=True)) == {"k2_c_code~"}
    KindChange.objects.filter(pk=change.pk).update(finished_at=soon - dt.timedelta(days=31))
    assert not can_be_taken_back(row, KindChange.objects.get(pk=change.pk))
    with no_workspace():
        enqueue("words.purge_deleted")
    run_due()
    run_due()
    made.refresh_from_db()  # type: ignore[attr-defined]
    assert made.custom == {"k2_c_code": 12} and values(cast) == [12]  # type: ignore[attr-defined]


def test_a_stop_and_a_killed_job_leave_it_whole(cast: Cast) -> None:
    """A stopped change takes its traces away; one whose process died goes on where it was."""
    row = add(cast)
    made = fill(cast, "1", "2")
    change = ask(cast.ctx("ana"), row, "number", goes_on=True)
    ctx = _context(cast.ctx("ana").workspace, None)
    change.state = KindChange.CHANGING
    Changing(ctx, row, change).stage_all(lambda one: False)  # the process dies here
    made[0].refresh_from_db()  # type: ignore[attr-defined]
    assert made[0].custom == {"c_code": "1", "k2_c_code": 1} and values(cast) == ["1", "2"]  # type: ignore[attr-defined]
    run_due()
    row.refresh_from_db()
    assert row.kind == "number" and values(cast) == [1, 2]


def test_only_who_may_and_nobody_elses(cast: Cast) -> None:
    """Others may not; a field of a hidden group is not there; the API says how it went."""
    row = add(cast)
    fill(cast, "12")
    address = f"/api/v1/custom_field/{row.pk}/change_kind"
    assert cast.client("ben").post(f"/settings/fields/customer/{row.pk}/kind", {"to": "number"}).status_code == 403
    assert cast.client("dea").get(f"/settings/fields/customer/{row.pk}/kind").status_code == 404
    assert last_change(cast.ctx("ana"), row) is None
    answer = cast.api("ana").post(address, {"to": "number"}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    run_due()
    row.refresh_from_db()
    assert row.kind == "number"
    state = cast.api("ana").get(f"/api/v1/custom_field/{row.pk}/kind").json()
    assert (state["state"], state["fitting"], state["unfitting"], state["from"], state["to"]) == ("done", 1, 0, "text", "number")
    assert cast.api("ben").get(f"/api/v1/custom_field/{row.pk}/kind").status_code in (403, 404)


def test_a_million_costs_what_ten_thousand_cost(cast: Cast) -> None:
    """A portion asks for its records by their ids' order and reads no more than that."""
    row = add(cast)
    fill(cast, *[str(n) for n in range(5)])
    change = ask(cast.ctx("ana"), row, "number", goes_on=True)
    change.state = KindChange.CHANGING
    work = Changing(_context(cast.ctx("ana").workspace, None), row, change)
    with CaptureQueriesContext(connection) as few:
        work.stage_all(lambda one: True)
    reading = [one["sql"] for one in few if one["sql"].startswith("SELECT") and "customers_customer" in one["sql"]]
    assert reading and all("LIMIT" in one or " IN (" in one for one in reading) and len(few) < 30
    with pytest.raises(Gone):
        go_on(cast.ctx("ana"), row, change, keeps_rest=True)
