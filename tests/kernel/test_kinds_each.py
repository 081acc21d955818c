"""What each field kind understands and shows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q

from rapport.kernel import format as shown_as
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import kind_by_key
from rapport.kernel.kinds.datetime import in_zone
from rapport.kernel.money import Money
from tests.kernel.kind_cases import ANA, BEN, CHOICES, NOW, AField, cleaning, fmt, made


def refusal(key: str, text: str, **viewer: object) -> str:
    with pytest.raises(Invalid) as caught:
        made(key).parse(text, cleaning(**viewer))
    return caught.value.sentence


def test_text_is_never_cut() -> None:
    with pytest.raises(Invalid) as caught:
        kind_by_key("text")(max_length=5).clean("abcdef", cleaning())
    assert "6" in caught.value.sentence and "5" in caught.value.sentence
    assert made("text").clean("e\u0301", cleaning()) == "é"
    assert made("text").store(None, "n") == {"n": ""}


@pytest.mark.parametrize(
    ("text", "viewer", "day"),
    [
        ("2026-11-22", {}, (2026, 11, 22)),
        ("22.11.2026", {}, (2026, 11, 22)),
        ("3/4/2026", {}, (2026, 4, 3)),
        ("3/4/2026", {"country": "US"}, (2026, 3, 4)),
        ("22 Nov 2026", {}, (2026, 11, 22)),
        ("Nov 22nd, 2026", {"country": "US"}, (2026, 11, 22)),
        ("22. März 2026", {"language": "de"}, (2026, 3, 22)),
        ("today", {}, (2026, 11, 22)),
        ("Morgen", {"language": "de"}, (2026, 11, 23)),
        ("yesterday", {}, (2026, 11, 21)),
        ("next mon", {}, (2026, 11, 23)),
        ("sunday", {}, (2026, 11, 29)),
        ("last fri", {}, (2026, 11, 20)),
        ("last sunday", {}, (2026, 11, 15)),
        ("in 2 weeks", {}, (2026, 12, 6)),
        ("in 3 days", {}, (2026, 11, 25)),
        ("3 days ago", {}, (2026, 11, 19)),
        ("in a month", {}, (2026, 12, 22)),
        ("next week", {}, (2026, 11, 29)),
        ("in 2 Wochen", {"language": "de"}, (2026, 12, 6)),
        ("nächsten Montag", {"language": "de"}, (2026, 11, 23)),
        ("vor 3 Tagen", {"language": "de"}, (2026, 11, 19)),
        ("lundi prochain", {"language": "fr"}, (2026, 11, 23)),
        ("dans 3 jours", {"language": "fr"}, (2026, 11, 25)),
    ],
)
def test_dates_are_read(text: str, viewer: dict[str, object], day: tuple[int, int, int]) -> None:
    assert made("date").parse(text, cleaning(**viewer)) == dt.date(*day)


def test_dates_that_do_not_exist_are_refused() -> None:
    assert refusal("date", "31 February 2026") == "31 February does not exist; February 2026 has 28 days."
    assert refusal("date", "2026-02-31") == "31 February does not exist; February 2026 has 28 days."
    assert "four digits" in refusal("date", "22.11.26")
    assert "four digits" in refusal("date", "22 Nov 26")


@pytest.mark.parametrize(
    ("text", "viewer", "minor", "currency"),
    [
        ("1.234,50 €", {}, 123450, "EUR"),
        ("$1,234.5", {}, 123450, "USD"),
        ("1234 EUR", {}, 123400, "EUR"),
        ("EUR 12", {}, 1200, "EUR"),
        ("−12", {}, -1200, "EUR"),
        ("(12.50)", {}, -1250, "EUR"),
        ("1,234", {}, 123400, "EUR"),
        ("1.234", {"language": "de", "country": "DE"}, 123400, "EUR"),
        ("1 234,5", {"language": "fr", "country": "FR"}, 123450, "EUR"),
        ("¥500", {}, 500, "JPY"),
        ("1.234 KWD", {}, 1234, "KWD"),
        ("$5", {"currency": "AUD", "country": "AU"}, 500, "AUD"),
        ("12'345.60 CHF", {}, 1234560, "CHF"),
    ],
)
def test_money_is_read(text: str, viewer: dict[str, object], minor: int, currency: str) -> None:
    assert made("money").parse(text, cleaning(**viewer)) == Money(minor, currency)


def test_money_is_shown() -> None:
    kind = made("money")
    assert kind.cell(Money(124000, "EUR"), fmt()) == "€1,240"
    assert kind.cell(Money(41250, "EUR"), fmt()) == "€412.50"
    assert kind.cell(Money(-124000, "EUR"), fmt()) == "−€1,240"
    assert kind.cell(Money(124000, "EUR"), fmt(language="de", country="DE")) == "1.240\u00a0€"
    assert kind.cell(Money(12345678900, "INR"), fmt(country="IN")) == "₹12,34,56,789"
    assert kind.cell(Money(1234, "JPY"), fmt(country="US")) == "¥1,234"
    assert kind.cell(Money(5, ""), fmt()) == "€0.05"
    assert Money.of("10.00", "USD").into("JPY", Decimal("151.555")) == Money(1516, "JPY")


def test_numbers_refuse_what_is_none() -> None:
    number, moment = made("number"), cleaning()
    for wrong in (True, "1e5", "12k", 1.5, "1.5", float("nan"), 10**15):
        with pytest.raises(Invalid):
            number.clean(wrong, moment)
    assert number.parse("1,234,567", moment) == 1234567
    assert number.parse("−5", moment) == -5
    assert number.cell(-1234567, moment.format) == "−1,234,567"
    assert made("percent").cell(-0, moment.format) == "0%"
    assert made("percent").cell(22, fmt(language="de", country="DE")) == "22\u00a0%"


def test_points_in_time_follow_the_zone() -> None:
    kind, moment = made("datetime"), cleaning()
    assert kind.parse("2026-07-01 14:05", moment) == dt.datetime(2026, 7, 1, 13, 5, tzinfo=dt.UTC)
    assert kind.parse("2026-07-01T14:05:00Z", moment) == dt.datetime(2026, 7, 1, 14, 5, tzinfo=dt.UTC)
    assert kind.parse("next mon 9", moment) == dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    assert kind.parse("tomorrow at 2:30 pm", moment) == dt.datetime(2026, 11, 23, 14, 30, tzinfo=dt.UTC)
    assert "does not exist" in refusal("datetime", "2026-03-29 01:30")
    twice = dt.datetime(2026, 10, 25, 1, 30)
    assert in_zone(twice, ZoneInfo("Europe/Dublin")) == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    second = dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)
    assert kind.text(second, moment.format) == "2026-10-25 01:30+00:00"
    assert kind.to_json(second) == "2026-10-25T01:30:00Z"


def test_a_day_means_all_its_moments() -> None:
    kind, moment = made("datetime"), cleaning()
    start, end = dt.datetime(2026, 6, 30, 23, tzinfo=dt.UTC), dt.datetime(2026, 7, 1, 23, tzinfo=dt.UTC)
    assert kind.compile("p", "is", dt.date(2026, 7, 1), moment) == Q(p__gte=start, p__lt=end)
    assert kind.compile("p", "<=", "2026-07-01", moment) == Q(p__lt=end)
    assert kind.compile("p", ">", dt.date(2026, 7, 1), moment) == Q(p__gte=end)


def test_times_of_day() -> None:
    kind, moment = made("time"), cleaning()
    assert kind.parse("2 pm", moment) == dt.time(14)
    assert kind.parse("14.05", moment) == dt.time(14, 5)
    assert kind.parse("9", moment) == dt.time(9)
    assert "2:05" in kind.cell(dt.time(14, 5), fmt(country="US"))


def test_choices_understand_labels() -> None:
    kind, moment = made("choice"), cleaning()
    assert kind.parse("NEW", moment) == "new"
    assert kind.parse("verloren", moment) == "lost"
    assert kind.clean("lost", moment) == "lost"
    assert kind.parse("lost", moment) == "x"
    sentence = refusal("choice", "maybe")
    assert "maybe" in sentence and "Gewonnen, ja" in sentence
    assert made("multichoice").parse("new, verloren", moment) == ["new", "lost"]
    assert "badge ok" in kind.cell("new", moment.format)
    few = kind_by_key("choice")(choices=CHOICES[:2])
    assert 'type="radio"' in few.widget(AField(required=True), "new", moment.format, name="n")
    assert "<select" in kind.widget(AField(), "new", moment.format, name="n")


def test_yes_in_many_languages() -> None:
    kind, moment = made("yesno"), cleaning()
    for word in ("yes", "Ja", "oui", "sí", "x", "1", "TRUE"):
        assert kind.parse(word, moment) is True
    for word in ("no", "Nein", "non", "0", "false"):
        assert kind.parse(word, moment) is False
    assert kind.parse_form(["no", "yes"], moment) is True
    assert kind.parse_form(["no"], moment) is False


def test_phones_are_found_however_typed() -> None:
    kind, moment = made("phone"), cleaning()
    value = kind.parse("work: 01 555 0142; +49 30 901820\n12345", moment)
    assert value == [
        {"value": "+35315550142", "label": "work"},
        {"value": "+4930901820", "label": ""},
        {"value": "12345", "raw": "12345", "label": ""},
    ]
    keys = kind.index_keys(value)
    assert {"35315550142", "015550142", "r24105551353"} <= set(keys)
    assert "01 555 0142" in kind.cell(value, moment.format) and "+2" in kind.cell(value, moment.format)
    assert 'href="tel:+35315550142"' in kind.cell(value, moment.format)
    assert "+353 1 555 0142" in kind.cell(value, fmt(country="DE"))
    for typed in ("01 5550142", "+353 1 555 0142", "00353-1-5550142", "(01) 555 0142"):
        assert kind.index_query("is", typed, moment) == Q() | Q(key="35315550142")
    assert found(kind.index_query("is", "5550142", moment), keys)
    assert found(kind.index_query("ends", "550142", moment), keys)
    assert not found(kind.index_query("ends", "550143", moment), keys)
    assert found(kind.index_query("contains", "5550", moment), keys)


def found(wanted: Q, keys: list[str]) -> bool:
    """Whether a condition on `key` finds one of the keys."""

    def holds(node: object, key: str) -> bool:
        if isinstance(node, Q):
            parts = [holds(child, key) for child in node.children]
            return all(parts) if node.connector == "AND" else any(parts)
        lookup, value = node  # type: ignore[misc]
        tests = {
            "key": key == value,
            "key__contains": value in key,
            "key__startswith": key.startswith(value),
            "key__endswith": key.endswith(value),
            "key__exact": key == value,
            "key__gte": key >= value,
            "key__lt": key < value,
        }
        return tests[lookup]

    return any(holds(wanted, key) for key in keys)


def test_addresses_of_e_mail() -> None:
    kind, moment = made("email"), cleaning()
    value = kind.parse("Maya <Maya@Lantern.IE>, home: maya@gmail.com; maya@lantern.ie", moment)
    assert value == [{"value": "Maya@lantern.ie", "label": ""}, {"value": "maya@gmail.com", "label": "home"}]
    keys = kind.index_keys(value)
    assert keys == ["maya@lantern.ie", "@lantern.ie", "maya@gmail.com"]
    assert found(kind.index_query("is", "MAYA@lantern.ie", moment), keys)
    assert found(kind.index_query("ends", "lantern.ie", moment), keys)
    assert found(kind.index_query("ends", "gmail.com", moment), keys)
    assert found(kind.index_query("starts", "may", moment), keys)
    assert refusal("email", "dara@whelan") == "Add the part after the dot, such as .ie"
    assert "@ is missing" in refusal("email", "dara.whelan.ie")


def test_web_addresses() -> None:
    kind, moment = made("web"), cleaning()
    assert kind.parse("Lantern.ie/Menu", moment) == "https://lantern.ie/Menu"
    assert kind.index_keys("https://www.shop.acme.co.uk/x") == ["domain:acme.co.uk"]
    for wrong in (
        "javascript:alert(1)",
        "ftp://x.ie",
        "data:text/html,x",
        "localhost",
        "https://a b.ie",
        "x.ie/<script>",
    ):
        refusal("web", wrong)


def test_postal_addresses() -> None:
    kind, moment = made("address"), cleaning()
    (home,) = kind.parse("12 High Street\nDublin D02 AF30\nIreland", moment)
    assert home == {
        "street": "12 High Street",
        "postcode": "D02 AF30",
        "city": "Dublin",
        "region": "",
        "country": "IE",
        "label": "",
    }
    (berlin,) = kind.parse("Hauptstr. 5, 10115 Berlin, Germany", moment)
    assert (berlin["postcode"], berlin["city"], berlin["country"]) == ("10115", "Berlin", "DE")
    assert kind.index_keys([home, berlin]) == ["dublin", "ie", "berlin", "de"]
    assert "Dublin, Ireland" in kind.cell([home], moment.format)
    post = {"a__0__street": ["Quay 1"], "a__0__city": ["Cork"], "a__0__country": ["Irland"], "a__1__street": [""]}
    assert kind.from_post(post, "a", cleaning(language="de"))[0]["country"] == "IE"


def test_references_tell_nothing_of_what_is_hidden() -> None:
    unknown, stranger = refusal("reference", "Zoe"), refusal("reference", str(UUID(int=99)))
    assert unknown == "There is no customer called “Zoe” that you can see."
    assert stranger == f"There is no customer called “{UUID(int=99)}” that you can see."
    kind, moment = made("reference"), cleaning()
    assert kind.from_post({"c": [str(ANA)], "c__text": ["Ana Ahern"], "c__was": ["Ana Ahern"]}, "c", moment) == ANA
    assert kind.from_post({"c": [str(BEN)], "c__text": ["Ana Ahern"], "c__was": ["Ben"]}, "c", moment) == ANA
    assert kind.from_post({"c": [str(BEN)], "c__text": [""], "c__was": ["Ben"]}, "c", moment) is None
    assert kind.from_post({"c": [str(BEN)]}, "c", moment) == BEN


def test_tags() -> None:
    kind, moment = made("tags"), cleaning()
    assert kind.parse("Hotel, hotel ,  Café; VIP", moment) == ["Hotel", "Café", "VIP"]
    assert kind.index_keys(["Hotel", "Café"]) == ["hotel", "café"]
    with pytest.raises(Invalid):
        kind.clean([str(i) for i in range(51)], moment)
    assert kind.index_query("has_any", ("Hotel", "VIP"), moment) == Q(key__exact="hotel") | Q(key__exact="vip")


def test_dates_are_shown() -> None:
    shown = {
        dt.date(2026, 11, 22): "Today",
        dt.date(2026, 11, 21): "Yesterday",
        dt.date(2026, 11, 23): "Tomorrow",
        dt.date(2026, 11, 26): "Thursday",
        dt.date(2026, 10, 19): "19 Oct",
        dt.date(2027, 3, 14): "14 Mar 2027",
    }
    for day, text in shown.items():
        assert shown_as.date(day, fmt()) == text
        assert f'<time datetime="{day.isoformat()}"' in made("date").cell(day, fmt())
    assert shown_as.duration(70) == "1 h 10"
    assert shown_as.file_size(6_200_000, fmt()) == "6.2\u00a0MB"
    assert shown_as.relative(NOW - dt.timedelta(days=2), fmt()) == "2 days ago"
