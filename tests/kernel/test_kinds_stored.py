"""Kinds in real columns and in the custom JSON: the same values, filters and sums on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection, models
from django.db.models import Sum
from django.test.utils import isolate_apps

import rapport.kernel.kinds as kinds
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import Cleaning, Format, Kind, kind_by_key, kind_of
from rapport.kernel.money import Money

pytestmark = pytest.mark.django_db(transaction=True)
NOW = Cleaning(Format(now=dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)))
ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture
def thing() -> Iterator[type[models.Model]]:
    """A table with a column of every own storage field, apart from the real models."""
    with isolate_apps("django.contrib.contenttypes"):

        class Thing(models.Model):
            name = models.CharField(max_length=50, blank=True)
            amount = kinds.MoneyField(null=True)
            weight = kinds.ScaledField(decimals=3, null=True)
            share = kinds.PercentField(null=True)
            phones = kinds.PhoneField()
            emails = kinds.EmailsField()
            tags = kinds.TagsField()
            roles = kinds.MultiChoiceField(choices=[("a", "A"), ("b", "B")])
            addresses = kinds.AddressField()
            website = kinds.WebField()
            file = kinds.FileField()
            about = kinds.AnyRefField()
            met_at = models.DateTimeField(null=True)
            custom = models.JSONField(default=dict)

            class Meta:
                app_label = "contenttypes"

        class Entry(models.Model):
            key = models.CharField(max_length=200)

            class Meta:
                app_label = "contenttypes"

        Thing.entry = Entry
        with connection.schema_editor() as editor:
            editor.create_model(Thing)
            editor.create_model(Entry)
        yield Thing
        with connection.schema_editor() as editor:
            editor.delete_model(Thing)
            editor.delete_model(Entry)


def kind(thing: type[models.Model], name: str) -> tuple[Kind, str]:
    """The kind of a column and its attribute."""
    field = thing._meta.get_field(name)
    return kind_of(field), field.attname


RAW: dict[str, object] = {
    "name": "Ünal",
    "amount": "1234.50 EUR",
    "weight": "-1.005",
    "share": 45,
    "phones": "work: 01 555 0142; 12345",
    "emails": "maya@example.org",
    "tags": "Hotel, Café",
    "roles": ["b", "a"],
    "addresses": "Quay 1\nCork\nIreland",
    "website": "example.org",
    "file": {"key": "k" * 20, "name": "a.pdf", "size": 5, "type": "application/pdf"},
    "about": ("deal", ONE),
    "met_at": "2026-07-01 14:05",
}


def test_columns_give_back_what_they_took(thing: type[models.Model]) -> None:
    full, empty = thing(), thing()
    given: dict[str, object] = {}
    for name, raw in RAW.items():
        one, path = kind(thing, name)
        given[name] = one.clean(raw, NOW)
        for column, stored in one.store(given[name], path).items():
            setattr(full, column, stored)
        for column, stored in one.store(None, path).items():
            setattr(empty, column, stored)
    full.save()
    empty.save()
    full, empty = thing.objects.get(pk=full.pk), thing.objects.get(pk=empty.pk)
    for name in RAW:
        one, path = kind(thing, name)
        assert one.load(*(getattr(full, column) for column in one.columns(path))) == given[name], name
        assert one.load(*(getattr(empty, column) for column in one.columns(path))) is None, name
        assert list(thing.objects.filter(one.is_empty(path))) == [empty], name
        assert list(thing.objects.exclude(one.is_empty(path))) == [full], name
    full.refresh_from_db()
    assert full.about_type == "deal" and full.about_id == ONE


def test_exact_numbers_add_up_and_compare(thing: type[models.Model]) -> None:
    for weight in ("0.1", "0.2", "1.005"):
        thing.objects.create(
            weight=Decimal(weight), amount=int(Decimal(weight) * 1000), amount_base=int(Decimal(weight) * 1000)
        )
    weigh, _path = kind(thing, "weight")
    assert thing.objects.aggregate(sum=Sum("weight"))["sum"] == Decimal("1.305")
    assert thing.objects.filter(weigh.compile("weight", ">", "0.15", NOW)).count() == 2
    assert thing.objects.filter(weigh.compile("weight", "is", Decimal("1.005"), NOW)).count() == 1
    assert thing.objects.filter(weigh.compile("weight", "between", (0, "0.2"), NOW)).count() == 2
    money, path = kind(thing, "amount")
    assert thing.objects.filter(money.compile(path, "<=", "2", NOW)).count() == 2
    assert thing.objects.filter(money.compile(path, "is", Money(100, "EUR"), NOW)).count() == 1
    total = thing.objects.aggregate(sum=Sum(money.total_path(path)))["sum"]
    assert money.from_total(total, "EUR") == Money(1305, "EUR")
    with pytest.raises(ValueError, match="decimals"):
        thing.objects.create(weight=Decimal("0.0001"))


def test_pairs_and_words_are_found(thing: type[models.Model]) -> None:
    thing.objects.create(name="Hotel Aldersley", about_type="deal", about_id=ONE)
    thing.objects.create(name="100% Kaffee_", about_type="customer", about_id=ONE)
    about, path = kind(thing, "about")
    assert thing.objects.filter(about.compile(path, "is", ("deal", ONE), NOW)).count() == 1
    assert thing.objects.filter(about.compile(path, "in", (("deal", ONE), ("customer", ONE)), NOW)).count() == 2
    assert thing.objects.filter(about.compile(path, "is", ("deal", TWO), NOW)).count() == 0
    words, _path = kind(thing, "name")
    for op, text, count in (
        ("is", "hotel aldersley", 1),
        ("contains", "ALDER", 1),
        ("starts", "hotel", 1),
        ("ends", "EY", 1),
        ("contains", "%", 1),
        ("contains", "_", 1),
        ("in", ("Hotel Aldersley", "x"), 1),
        ("in", (), 0),
    ):
        assert thing.objects.filter(words.compile("name", op, text, NOW)).count() == count, (op, text)
    assert thing.objects.filter(words.compile("name", "contains", "x" * 1000, NOW)).count() == 0
    with pytest.raises(Invalid):
        words.compile("name", "contains", "x" * 1001, NOW)


#: kind key, options, values in rising order, a value that falls between the first two.
CUSTOM = [
    ("number", {}, [-5, 3, 20], 0),
    ("number", {"decimals": 2}, ["-5.25", "3", "20.5"], "0.5"),
    ("percent", {}, [1, 9, 80], 5),
    ("date", {}, ["2026-01-31", "2026-02-01", "2027-01-01"], "2026-01-31"),
    ("datetime", {}, ["2026-01-31 10:00", "2026-02-01 09:00:30", "2027-01-01 00:00"], "2026-01-31 23:00"),
    ("time", {}, ["08:00", "08:00:01", "22:30"], "08:00"),
]


@pytest.mark.parametrize(("key", "options", "raws", "between"), CUSTOM, ids=lambda v: str(v)[:12])
def test_custom_values_compare(
    thing: type[models.Model], key: str, options: dict[str, object], raws: list[object], between: object
) -> None:
    one = kind_by_key(key).from_options(options)
    for raw in raws:
        thing.objects.create(custom={"c_x": one.to_json(one.clean(raw, NOW))})
    thing.objects.create()

    def found(op: str, value: object) -> int:
        return thing.objects.filter(one.compile("custom__c_x", op, value, NOW)).count()

    assert found(">", between) == 2
    assert found("<=", between) == 1
    assert found("is", raws[2]) == 1
    assert found("between", (raws[1], raws[2])) == 2
    assert found("empty", None) == 1
    assert [one.load(one.from_json(row.custom["c_x"])) for row in thing.objects.exclude(custom={}).order_by("pk")] == [
        one.clean(raw, NOW) for raw in raws
    ]


def test_custom_words_choices_and_references_compare(thing: type[models.Model]) -> None:
    for key, options, value, asked in (
        ("text", {}, "Lantern", "lantern"),
        ("choice", {"choices": ["Red", "Blue"]}, "Red", "red"),
        ("yesno", {}, True, "yes"),
        ("reference", {"to": "customer"}, ONE, str(ONE)),
        ("web", {}, "example.org", "https://EXAMPLE.org"),
    ):
        one = kind_by_key(key).from_options(options)
        thing.objects.all().delete()
        thing.objects.create(custom={"c_x": one.to_json(one.clean(value, NOW))})
        thing.objects.create()
        assert thing.objects.filter(one.compile("custom__c_x", "is", asked, NOW)).count() == 1, key
        assert thing.objects.filter(one.is_empty("custom__c_x")).count() == 1, key
        if "in" in one.operators:
            assert thing.objects.filter(one.compile("custom__c_x", "in", (asked,), NOW)).count() == 1, key


def test_index_conditions_run(thing: type[models.Model]) -> None:
    phone = kind_by_key("phone")()
    thing.entry.objects.bulk_create(
        thing.entry(key=k) for k in phone.index_keys(phone.parse("01 555 0142; 12345678", NOW))
    )

    def found(op: str, value: object) -> bool:
        return thing.entry.objects.filter(phone.index_query(op, value, NOW)).exists()

    assert (
        found("is", "+353 1 555 0142")
        and found("ends", "550142")
        and found("is", "345678")
        and found("contains", "5550")
    )
    assert not found("ends", "550143") and not found("is", "444444")
