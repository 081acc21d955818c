"""Formulas and roll-ups: right after every write, whoever writes, and never shown to those who may not know the inputs."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import connections
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.engines.words.formulas import read_formula, value_of
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.errors import Invalid
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.money import Money
from rapport.kernel.query.read import read_ids, read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group

SORTS = {"a": "number", "b": "number", "m": "money", "d": "date", "e": "date", "t": "text", "y": "yesno"}
NUMBERS = st.decimals(min_value=-(10**6), max_value=10**6, places=2)


def field(cast: Cast, label: str, on_type: str = "customer", kind: str = "number", **more: object) -> object:
    return cast.ctx("ana").create("custom_field", label=label, on_type=on_type, kind=kind, **more)


def values(cast: Cast, record: object, who: str = "ana") -> dict[str, object]:
    info = registry.get(registry.of(record).key)
    return read_ids(cast.ctx(who), info, [record.pk])[record.pk].values


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a * b / 100", Decimal("5")), ("a + b * 2 - 1", Decimal("109")), ("m * 2", Decimal("25.00")), ("m / m", Decimal(1)),
        ("d - e", Decimal(31)), ("e + 31", dt.date(2026, 2, 1)), ("t + \" Ltd\"", "Fern Ltd"), ("upper(t)", "FERN"),
        ("when(a > b, 1, 2)", Decimal(2)), ("1 if y and not a > b else 0", Decimal(1)), ("a / (b - 50)", None),
        ("first(none, a)", Decimal(10)), ("none + 1", None), ("none > 1", False), ("round(a / 3, 2)", Decimal("3.33")),
        ("max(a, b, 70)", Decimal(70)), ("year(d) - year(e)", Decimal(0)), ("length(trim(t))", Decimal(4)), ("-a", Decimal(-10)),
        ("1 < a < b", True),
    ],
)  # fmt: skip
def test_a_formula_means_what_it_says(text: str, wanted: object) -> None:
    """Each operator and function, with empty values and a division by zero."""
    given_ = {"a": Decimal(10), "b": Decimal(50), "m": Decimal("12.50"), "d": dt.date(2026, 2, 1), "e": dt.date(2026, 1, 1),
              "t": "Fern", "y": True, "none": None}  # fmt: skip
    assert value_of(read_formula(text, {**SORTS, "none": "number"}), given_) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "", "a +", "__import__('os').system('id')", "a.b", "a[0]", "lambda: 1", "[a for a in b]", "a ** 999999", "'x' * 99", "open(t)",
        "a if b else 1", "a + t", "m * m", "d * 2", "f'{a}'", "x := 1", "nothing + 1", "min(a)", "round(a, b)", "a; b",
        "a + " * 200 + "1", "(" * 300 + "a" + ")" * 300, "1e999 + a", "a @ b", "not a", "yield a", "*a", "a(b)", "when(a, 1, 2)",
    ],
)  # fmt: skip
def test_what_is_no_formula_is_told_and_never_run(text: str) -> None:
    """One sentence, whatever somebody writes."""
    with pytest.raises(Invalid):
        read_formula(text, SORTS)


@settings(max_examples=120, deadline=None)
@given(a=NUMBERS, b=NUMBERS)
def test_figures_are_exact(a: Decimal, b: Decimal) -> None:
    """As whole cents would be: no float comes in between."""
    given_ = {"a": a, "b": b}
    assert value_of(read_formula("(a + b) * 3 - a", SORTS), given_) == (int(a * 100) * 2 + int(b * 100) * 3) / Decimal(100)
    assert value_of(read_formula("a > b", SORTS), given_) is (a > b)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abmdty+-*/()<>=., 0123456789'\"when", max_size=60))
def test_any_text_is_a_formula_or_a_sentence(text: str) -> None:
    """And a formula gives a value, whatever is empty."""
    try:
        formula = read_formula(text, SORTS)
    except Invalid:
        return
    value_of(formula, {})
    value_of(formula, {"a": Decimal(0), "b": Decimal(10) ** 14, "m": Decimal(1), "d": dt.date(9999, 12, 31), "t": "", "y": False})


def test_a_formula_follows_its_fields_on_every_write(cast: Cast) -> None:
    """One, many, in bulk; one formula reads another; lists are filtered and sorted by it."""
    field(cast, "Beds")
    field(cast, "Price", kind="money")
    field(cast, "Worth", kind="money", formula="c_price * c_beds")
    field(cast, "Large", kind="yesno", formula="c_worth > c_price * 10")
    run_due()
    ana, info = cast.ctx("ana"), registry.get("customer")
    inn = ana.create("customer", name="Inn", c_beds=4, c_price="12.50")
    assert values(cast, inn)["c_worth"] == Money(5000, "EUR") and values(cast, inn)["c_large"] is False
    ana.write(inn, c_beds=20)
    assert values(cast, inn)["c_worth"] == Money(25000, "EUR") and values(cast, inn)["c_large"] is True
    many = ana.create_many(
        "customer", [{"name": "A", "c_beds": 1, "c_price": "1"}, {"name": "B", "c_beds": 2, "c_price": "9"}, {"name": "C"}]
    )
    ana.write_many("customer", [(many.ids[0], {"c_beds": 100})])
    ana = cast.ctx("ana")
    assert [r["name"] for r in read_page(ana, info, sort="-c_worth").rows] == ["Inn", "A", "B", "C"]
    assert [r["name"] for r in read_page(ana, info, where=parse("c_worth >= 100"), sort="c_worth").rows] == ["A", "Inn"]
    assert [r["name"] for r in read_page(ana, info, where=parse("c_worth is empty")).rows] == ["C"]
    with pytest.raises(Invalid):
        ana.write(inn, c_worth=1)
    told = cast.api("ana").get(f"/api/v1/customer/{inn.pk}").json()["c_worth"]
    assert told == {"amount": "250.00", "currency": "EUR"}
    assert "€250" in cast.client("ana").get(f"/customer/{inn.pk}").content.decode()


def test_roll_ups_follow_their_children(cast: Cast) -> None:
    """Made, changed, moved to another parent, deleted, restored; and a formula over a roll-up follows too."""
    deals = {"of_type": "deal", "of_field": "customer"}
    field(cast, "Deals", roll_up="count", **deals)
    field(cast, "Worth", kind="money", roll_up="sum", take="amount", matching="stage.outcome is open", **deals)
    field(cast, "Largest", kind="money", roll_up="max", take="amount", **deals)
    field(cast, "Newest", kind="text", roll_up="last", take="name", **deals)
    field(cast, "Mean", kind="money", formula="c_worth / c_deals")
    run_due()
    ana = cast.ctx("ana")
    one, two = ana.create("customer", name="One"), ana.create("customer", name="Two")
    stage = first_stage_id()
    small = ana.create("deal", name="Small", customer=one.pk, stage=stage, amount="10")
    big = ana.create("deal", name="Big", customer=one.pk, stage=stage, amount="30")
    got = values(cast, one)
    assert (got["c_deals"], got["c_worth"], got["c_largest"], got["c_newest"], got["c_mean"]) == (
        2, Money(4000, "EUR"), Money(3000, "EUR"), "Big", Money(2000, "EUR"),
    )  # fmt: skip
    ana.write(big, customer=two.pk)
    assert values(cast, one)["c_worth"] == Money(1000, "EUR") and values(cast, two)["c_deals"] == 1
    ana.write(small, amount="15")
    ana.delete(big)
    assert values(cast, one)["c_mean"] == Money(1500, "EUR") and values(cast, two)["c_deals"] == 0
    ana.restore(big)
    assert values(cast, two)["c_worth"] == Money(3000, "EUR")
    lost = registry.get("stage").model.objects.get(pk=stage)
    cast.ctx("ana").write(lost, outcome="lost")
    run_due()
    assert values(cast, two)["c_worth"] == Money(0, "EUR")
    assert len(read_page(ana, registry.get("customer"), where=parse("c_deals is 1")).rows) == 2


def test_a_roll_up_over_an_own_type(cast: Cast) -> None:
    """Own references and own numbers are added up as columns are."""
    ana = cast.ctx("ana")
    ana.create("custom_type", name="Project", plural="Projects")
    field(cast, "Customer", "x_project", "reference", to_type="customer")
    field(cast, "Budget", "x_project")
    field(cast, "Budgets", roll_up="sum", of_type="x_project", of_field="c_customer", take="c_budget", matching="c_budget > 5")
    ana = cast.ctx("ana")
    fern = ana.create("customer", name="Fern")
    many = ana.create_many("x_project", [{"name": str(n), "c_customer": fern.pk, "c_budget": n} for n in (3, 7, 10)])
    assert values(cast, fern)["c_budgets"] == 17
    ana.write_many("x_project", [(pk, {"c_budget": 6}) for pk in many.ids.values()])
    assert values(cast, fern)["c_budgets"] == 18


def test_a_roll_up_is_not_there_for_those_who_may_not_see_all_of_it(cast: Cast) -> None:
    """Ben sees his team's deals only: he would learn of the others. "For everybody" is the definer's word for it."""
    deals = {"roll_up": "count", "of_type": "deal", "of_field": "customer"}
    field(cast, "Deals", **deals)
    field(cast, "Twice", formula="c_deals * 2")
    field(cast, "Open deals", for_everybody=True, **deals)
    info = registry.get("customer")
    ben = set(gate.fields(cast.ctx("ben"), info))
    assert "c_open_deals" in ben and not {"c_deals", "c_twice"} & ben
    assert {"c_deals", "c_twice", "c_open_deals"} <= set(gate.fields(cast.ctx("ana"), info))
    with pytest.raises(Invalid, match="no field"):
        read_page(cast.ctx("ben"), info, where=parse("c_twice > 1"))


def test_a_roll_up_takes_the_field_group_of_what_it_reads(cast: Cast) -> None:
    """Whoever may not see amounts does not see their sum, nor a formula over it."""
    field(cast, "Worth", kind="money", roll_up="sum", of_type="deal", of_field="customer", take="amount", for_everybody=True)
    field(cast, "Half", kind="money", formula="c_worth / 2")
    assert "c_half" in gate.fields(cast.ctx("ben"), registry.get("customer"))
    hide_group(cast, "sales", "sales.amounts")
    cast.home.refresh_from_db()
    cast.home.access_version += 1
    cast.home.save()
    assert not {"c_worth", "c_half"} & set(gate.fields(cast.ctx("ben"), registry.get("customer")))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"formula": "c_a +"}, "no formula"), ({"formula": "nothing * 2"}, "no field"), ({"formula": "name"}, "choose a kind"),
        ({"roll_up": "sum", "of_type": "unicorn"}, "no record type"),
        ({"roll_up": "sum", "of_type": "deal", "of_field": "name", "take": "amount"}, "that points here"),
        ({"roll_up": "sum", "of_type": "deal", "of_field": "customer", "take": "name"}, "can be made of"),
        ({"roll_up": "count", "of_type": "deal", "of_field": "customer", "matching": "owner is me"}, "old tomorrow"),
        ({"roll_up": "count", "of_type": "deal", "of_field": "customer", "matching": "close_on < today"}, "old tomorrow"),
        ({"formula": "1", "is_required": True}, "never typed"), ({"formula": "1", "kind": "tags"}, "A calculated field can be"),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_told_when_it_is_saved(cast: Cast, more: dict[str, object], told: str) -> None:
    """With the remedy."""
    with pytest.raises(Invalid, match=told):
        field(cast, "Wrong", **more)


def test_a_ring_is_refused(cast: Cast) -> None:
    """Also one through another field."""
    field(cast, "A", formula="1 + 1")
    field(cast, "B", formula="c_a + 1")
    first = registry.get("custom_field").model.objects.get(key="c_a")
    with pytest.raises(Invalid, match="ring"):
        cast.ctx("ana").write(first, formula="c_b + 1")


def test_what_was_there_before_is_calculated_by_a_job_and_again_when_the_formula_changes(cast: Cast) -> None:
    """Lists are sorted by it once all of it stands."""
    field(cast, "Beds")
    ana = cast.ctx("ana")
    ana.create_many("customer", [{"name": str(n), "c_beds": n} for n in range(5)])
    made = field(cast, "Twice", formula="c_beds * 2")
    with pytest.raises(Invalid, match="cannot be sorted"):
        read_page(cast.ctx("ana"), registry.get("customer"), sort="c_twice")
    run_due()

    def told() -> list[object]:
        return [r["c_twice"] for r in read_page(cast.ctx("ana"), registry.get("customer"), sort="c_twice").rows]

    assert told() == [0, 2, 4, 6, 8]
    made.refresh_from_db()
    cast.ctx("ana").write(made, formula="c_beds * 3")
    run_due()
    assert told() == [0, 3, 6, 9, 12]


def test_twenty_writers_at_once_leave_an_exact_sum(committed_cast: Cast) -> None:
    """Each adds a deal to the same customer; the sum and the number are those of all of them."""
    cast = committed_cast
    deals = {"of_type": "deal", "of_field": "customer"}
    field(cast, "Worth", kind="money", roll_up="sum", take="amount", **deals)
    field(cast, "Deals", roll_up="count", **deals)
    run_due()
    one = cast.ctx("ana").create("customer", name="One")
    stage = first_stage_id()
    wrong: list[BaseException] = []

    def write(at: int) -> None:
        try:
            with use_workspace(cast.home):
                ctx = cast.ctx("ana")
                deal = ctx.create("deal", name=f"d{at}", customer=one.pk, stage=stage, amount=at)
                ctx.write(deal, amount=at + 1)
        except BaseException as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    got = values(cast, one)
    assert (got["c_deals"], got["c_worth"]) == (20, Money(sum(range(1, 21)) * 100, "EUR"))
