"""Every field kind: it reads back what it writes, refuses what is hostile with a sentence, escapes what it shows."""

from __future__ import annotations

import datetime as dt
import json
import time
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.db import models
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rapport.kernel.kinds as kinds
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import all_kinds, kind_by_key, kind_of
from rapport.kernel.kinds.money import MoneyField
from rapport.kernel.kinds.phone import read_phone
from rapport.kernel.money import Money
from tests.kernel.kind_cases import ANA, BEN, CHOICES, FORMATS, HOSTILE, RAW, AField, cleaning, fmt, made


def test_every_kind_has_a_strategy() -> None:
    assert set(RAW) == set(all_kinds())


@pytest.mark.parametrize("key", sorted(RAW))
@pytest.mark.parametrize("viewer", FORMATS, ids=lambda v: f"{v.get('language', 'en')}-{v.get('country', 'IE')}")
def test_what_is_written_reads_back(key: str, viewer: dict[str, object]) -> None:
    kind, moment = made(key), cleaning(**viewer)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(RAW[key])
    def check(raw: object) -> None:
        try:
            value = kind.clean(raw, moment)
        except Invalid:
            return
        text, shape = kind.text(value, moment.format), kind.to_json(value)
        assert kind.parse(text, moment) == value, text
        assert kind.clean(json.loads(json.dumps(shape)), moment) == value, shape
        assert kind.clean(value, moment) == value
        assert kind.load(kind.from_json(json.loads(json.dumps(shape)))) == value
        assert isinstance(kind.cell(value, moment.format), str)
        assert all(0 < len(k) <= 200 for k in kind.index_keys(value))
        assert isinstance(kind.search_text(value), str)
        if kind.many and value:
            assert kind.index_keys(value), "no key would read as empty"
        stored = kind.store(value, "name")
        assert kind.load(*(stored[column] for column in kind.columns("name"))) == value

    check()


def test_decimals_are_exact_both_ways() -> None:
    kind = kind_by_key("number")(decimals=3)

    @settings(max_examples=300, deadline=None)
    @given(st.decimals(-(10**11), 10**11, places=3), st.sampled_from(FORMATS))
    def check(raw: Decimal, viewer: dict[str, object]) -> None:
        moment = cleaning(**viewer)
        value = kind.clean(raw, moment)
        assert kind.parse(kind.text(value, moment.format), moment) == value == raw
        shape = json.loads(json.dumps(kind.to_json(value)))
        assert kind.clean(shape, moment) == kind.from_json(shape) == value

    check()


@pytest.mark.parametrize("key", sorted(RAW))
def test_hostile_input_is_refused_or_cleaned(key: str) -> None:
    kind, moment = made(key), cleaning()
    for given_value in HOSTILE:
        started = time.perf_counter()
        attempts = [lambda v=given_value: kind.clean(v, moment)]
        if isinstance(given_value, str):
            attempts += [
                lambda v=given_value: kind.parse(v, moment),
                lambda v=given_value: kind.parse_form([v, v], moment),
                lambda v=given_value: kind.from_post({"n": [v], "n__text": [v], "n__0__street": [v]}, "n", moment),
            ]
        for attempt in attempts:
            try:
                value = attempt()
            except Invalid as wrong:
                assert 5 < len(wrong.sentence) < 1000, given_value
                continue
            assert "\x00" not in json.dumps(kind.to_json(value)), given_value
            json.dumps(kind.to_json(value)).encode()
            kind.text(value, moment.format).encode()
            str(kind.cell(value, moment.format)).encode()
        assert time.perf_counter() - started < 1.5, str(given_value)[:40]


@pytest.mark.parametrize("key", sorted(RAW))
def test_hostile_filters_are_refused_or_compiled(key: str) -> None:
    kind, moment = made(key), cleaning()
    for op in kind.operators:
        for given_value in HOSTILE:
            for value in (given_value, (given_value, given_value)):
                try:
                    if kind.many and op not in ("empty", "is_not", "not_in", "not_empty", "not_contains"):
                        assert isinstance(kind.index_query(op, value, moment), Q)
                    elif op not in ("is_not", "not_in", "not_empty", "not_contains"):
                        assert isinstance(kind.compile("p", op, value, moment), Q)
                except Invalid as wrong:
                    assert wrong.sentence


@pytest.mark.parametrize("key", sorted(RAW))
def test_cells_and_widgets_escape(key: str) -> None:
    kind, viewer = made(key), fmt()
    nasty = '"><script>alert(1)</script>'
    for required in (False, True):
        html = kind.widget(AField(required), nasty, viewer, name="n", error="Wrong", autofocus=True)
        assert "<script" not in html
        assert 'aria-describedby="e-n"' in html
        assert 'id="f-n"' in html
        kind.widget(AField(required), None, viewer, name="n")
    moment = cleaning()
    for raw in (
        nasty,
        [nasty],
        [{"value": nasty}],
        [{"street": nasty, "city": nasty}],
        {"key": "a" * 20, "name": nasty, "size": 5},
    ):
        try:
            value = kind.clean(raw, moment)
        except Invalid:
            continue
        assert "<script" not in kind.cell(value, viewer)
        assert "<script" not in kind.widget(AField(), value, viewer, name="n")
    if key in ("reference", "user", "team"):
        assert "<b>" not in kind.cell(BEN, viewer)
        assert "Not visible" in kind.cell(UUID(int=9), viewer)


def test_storage_fields_carry_their_companions() -> None:
    meta = type("Meta", (), {"app_label": "kernel", "abstract": True})
    base = type(
        "Priced",
        (models.Model,),
        {"__module__": __name__, "Meta": meta, "amount": MoneyField(null=True), "about": kinds.AnyRefField()},
    )
    names = [f.attname for f in base._meta.local_fields]
    assert names == ["amount", "about_id", "amount_currency", "amount_base", "amount_rate_on", "about_type"]
    by_name = {f.name: f for f in base._meta.local_fields}
    assert kind_of(by_name["amount_currency"]) is None
    assert by_name["amount"].companions() == ("amount_currency", "amount_base", "amount_rate_on")


@pytest.mark.parametrize(
    "field",
    [
        kinds.MoneyField(null=True),
        kinds.PhoneField(),
        kinds.EmailsField(),
        kinds.WebField(),
        kinds.AddressField(),
        kinds.TagsField(),
        kinds.MultiChoiceField(choices=CHOICES),
        kinds.FileField(),
        kinds.PercentField(maximum=200),
        kinds.ScaledField(decimals=4),
        kinds.AnyRefField(),
    ],
    ids=lambda f: type(f).__name__,
)
def test_storage_fields_deconstruct(field: models.Field) -> None:
    _name, path, args, kwargs = field.deconstruct()
    assert path.startswith("rapport.kernel.kinds.")
    again = type(field)(*args, **kwargs)
    assert again.deconstruct()[1:] == (path, args, kwargs)
    assert kind_of(field) is not None


@pytest.mark.parametrize(
    ("field", "key"),
    [
        (models.CharField(max_length=9), "text"),
        (models.CharField(max_length=9, choices=CHOICES), "choice"),
        (models.TextField(), "longtext"),
        (models.PositiveSmallIntegerField(), "number"),
        (models.DateField(), "date"),
        (models.DateTimeField(), "datetime"),
        (models.TimeField(), "time"),
        (models.BooleanField(), "yesno"),
        (models.EmailField(), "one_email"),
        (models.URLField(), "web"),
        (models.ForeignKey("kernel.User", models.PROTECT), "user"),
        (models.ForeignKey("kernel.Team", models.PROTECT), "team"),
        (models.ForeignKey("x.Customer", models.PROTECT), "reference"),
        (models.BinaryField(), None),
    ],
)
def test_stock_fields_have_kinds(field: models.Field, key: str | None) -> None:
    kind = kind_of(field)
    assert (kind.key if kind else None) == key


def test_options_of_custom_fields_are_checked() -> None:
    for key, options in (
        ("text", {"max_length": "5"}),
        ("text", {"nonsense": 1}),
        ("number", {"decimals": 99}),
        ("choice", {"choices": "abc"}),
        ("choice", {"choices": [["a", "A"], ["a", "B"]]}),
        ("choice", {"choices": [["a", "A"]], "hues": {"a": "red;"}}),
    ):
        with pytest.raises(Invalid):
            kind_by_key(key).from_options(options)
    assert kind_by_key("date").from_options({}).in_json


def test_custom_dates_and_references_compare_as_json() -> None:
    moment = cleaning()
    assert kind_by_key("date").from_options({}).compile("custom__c", "<", "2026-11-22", moment) == Q(
        custom__c__lt="2026-11-22"
    )
    assert kind_by_key("reference").from_options({"to": "customer"}).compile("custom__c", "is", ANA, moment) == Q(
        custom__c__exact=str(ANA)
    )


SPEED = {
    "text": ("Lantern Street Bakery", 3.0),
    "choice": ("new", 3.0),
    "number": (12345, 3.0),
    "date": (dt.date(2026, 10, 19), 3.0),
    "money": (Money(124050, "EUR"), 5.0),
}


@pytest.mark.parametrize("key", sorted(SPEED))
def test_five_hundred_cells_are_fast(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    kind, viewer = made(key), fmt()
    value, limit = SPEED[key]
    values = [
        {
            "number": lambda i: value + i,
            "date": lambda i: value + dt.timedelta(days=i % 60),
            "money": lambda i: Money(value.minor + i, "EUR"),
            "text": lambda i: f"{value} {i}",
        }.get(key, lambda i: value)(i)
        for i in range(500)
    ]
    best = 1e9
    for _turn in range(7):
        started = time.perf_counter()
        for one in values:
            kind.cell(one, viewer)
        best = min(best, (time.perf_counter() - started) * 1000)
    with capsys.disabled():
        print(f"\n500 {key} cells: {best:.2f} ms")
    assert best < limit


def test_one_number_is_parsed_once() -> None:
    read_phone.cache_clear()
    for _turn in range(3):
        made("phone").parse("01 555 0142", cleaning())
    assert read_phone.cache_info().misses == 1


def test_money_follows_the_rate_of_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    import rapport.kernel.exchange as exchange

    rates = {dt.date(2026, 11, 1): Decimal("0.9"), dt.date(2026, 11, 20): Decimal("0.8")}

    def rate_for(currency: str, day: dt.date) -> tuple[Decimal, dt.date] | None:
        days = [d for d in rates if d <= day]
        return (rates[max(days)], max(days)) if currency == "USD" and days else None

    monkeypatch.setattr(exchange, "rate_for", rate_for)
    kind = made("money")
    ctx = SimpleNamespace(workspace=SimpleNamespace(currency="EUR"), format=fmt(), memory={})
    deal = SimpleNamespace(amount=10000, amount_currency="USD", amount_base=9000, amount_rate_on=dt.date(2026, 11, 1))
    kind.follow(deal, "amount", ctx)
    assert (deal.amount_base, deal.amount_rate_on) == (9000, dt.date(2026, 11, 1))
    deal.amount = 20000
    kind.follow(deal, "amount", ctx)
    assert (deal.amount_base, deal.amount_rate_on) == (16000, dt.date(2026, 11, 20))
    deal.amount_currency = "GBP"
    kind.follow(deal, "amount", ctx)
    assert (deal.amount_base, deal.amount_rate_on) == (None, None)
    deal.amount_currency = "EUR"
    kind.follow(deal, "amount", ctx)
    assert (deal.amount_base, deal.amount_rate_on) == (20000, None)
    deal.amount, deal.amount_currency = None, ""
    kind.follow(deal, "amount", ctx)
    assert deal.amount_base is None
