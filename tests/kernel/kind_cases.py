"""What the tests of kinds share: viewers, a resolver, kinds with options, and values good and hostile for each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from rapport.kernel.kinds.base import Cleaning, Format, Kind, Title, kind_by_key
from rapport.kernel.money import Money

NOW = dt.datetime(2026, 11, 22, 14, 30, tzinfo=dt.UTC)  # a Sunday
ANA, BEN = UUID(int=1), UUID(int=2)
TITLES = {
    (to, ident): Title(text, f"/{to}/{ident}", "person")
    for to in ("customer", "user", "team")
    for ident, text in ((ANA, "Ana Ahern"), (BEN, "Ben <b>Byrne</b>"))
}
CHOICES = [
    ("new", "New"),
    ("won", "Gewonnen, ja"),
    ("lost", "Verlören"),
    ("x", "lost"),
    ("r", "Renée <i>"),
    ("a; b, c", "a; b, c"),
]


class Known:
    """A resolver that knows Ana and Ben in every type."""

    def exists(self, type_key: str, ids: list[UUID]) -> set[UUID]:
        return {i for i in ids if i in (ANA, BEN)}

    def file(self, key: str) -> dict[str, object]:
        return {"key": key}

    def find(self, type_key: str, text: str) -> UUID | None:
        return {"Ana Ahern": ANA, "Ben <b>Byrne</b>": BEN}.get(text)


@dataclass
class AField:
    """The little of a Field that widgets read."""

    required: bool = False
    label: str = "Label"


def fmt(**given: object) -> Format:
    return Format(**{"zone": ZoneInfo("Europe/Dublin"), "now": NOW, "titles": dict(TITLES), **given})


def cleaning(**given: object) -> Cleaning:
    return Cleaning(fmt(**given), Known())


FORMATS = [
    {},
    {"language": "de", "country": "DE", "zone": ZoneInfo("Europe/Berlin")},
    {"language": "en", "country": "US", "currency": "USD", "zone": ZoneInfo("America/New_York")},
    {"language": "fr", "country": "FR", "zone": ZoneInfo("Europe/Paris")},
    {"language": "en", "country": "IN", "currency": "INR", "zone": ZoneInfo("Asia/Kolkata")},
    {"language": "ja", "country": "JP", "currency": "JPY", "zone": ZoneInfo("Asia/Tokyo")},
]


def made(key: str) -> Kind:
    """A kind with the options that it needs to mean anything."""
    options = {
        "choice": {"choices": CHOICES, "hues": {"new": "ok", "won": "teal"}},
        "multichoice": {"choices": CHOICES},
        "reference": {"to": "customer"},
    }
    return kind_by_key(key)(**options.get(key, {}))


WORDS = st.text(max_size=60)
LINES = st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("\n\r\t ,;:|")))
LABEL = st.sampled_from(["", "work", "Zuhause", "mobile phone"])
DIGITS = st.text(alphabet="0123456789 ()-/+", min_size=3, max_size=18)
_FROM, _TO = dt.datetime(1900, 1, 2), dt.datetime(2900, 1, 1)
WHEN = st.datetimes(_FROM, _TO, timezones=st.just(dt.UTC))
#: Raw input from which `clean` makes a value; what it refuses is skipped, a kind without an entry fails the battery.
RAW: dict[str, st.SearchStrategy[object]] = {
    "text": WORDS,
    "longtext": LINES,
    "markdown": LINES,
    "number": st.one_of(st.integers(), st.integers(-(10**15), 10**15)),
    "percent": st.integers(0, 100),
    "money": st.one_of(
        st.builds(
            Money, st.integers(-(10**15) + 1, 10**15 - 1), st.sampled_from(["EUR", "USD", "JPY", "KWD", "CHF", "CLF"])
        ),
        st.integers(-1000, 1000),
        st.fixed_dictionaries({"amount": st.decimals(-99999, 99999, places=2).map(str), "currency": st.just("SEK")}),
    ),
    "date": st.dates(dt.date(1000, 1, 1)),
    "datetime": st.one_of(WHEN, WHEN.map(lambda w: w.replace(second=0, microsecond=0))),
    "time": st.one_of(st.times(), st.times().map(lambda t: t.replace(second=0, microsecond=0))),
    "choice": st.sampled_from([value for value, _ in CHOICES]),
    "multichoice": st.lists(st.sampled_from([value for value, _ in CHOICES])),
    "yesno": st.booleans(),
    "reference": st.sampled_from([ANA, BEN, str(ANA), {"id": str(BEN)}]),
    "user": st.sampled_from([ANA, BEN]),
    "team": st.sampled_from([ANA, BEN]),
    "anyref": st.sampled_from([("customer", ANA), {"type": "user", "id": str(BEN)}]),
    "phone": st.lists(
        st.one_of(
            DIGITS,
            st.fixed_dictionaries({"value": DIGITS, "label": LABEL}),
            st.sampled_from(["01 555 0142", "+49 30 901820", "0044 20 7946 0958 x12", "work: (01) 555-0187", "12345"]),
        ),
        max_size=5,
    ),
    "email": st.lists(
        st.one_of(
            st.emails(),
            st.fixed_dictionaries({"value": st.emails(), "label": LABEL}),
            st.sampled_from(["maya@example.org", "Maya <MAYA@Example.ORG>", "jörg@müller.de", "work: x@y.ie"]),
        ),
        max_size=5,
    ),
    "one_email": st.emails(),
    "web": st.one_of(
        st.sampled_from(
            ["example.com", "HTTP://Example.COM/A?b=1#c", "https://www.müller.de/ä", "acme.co.uk:8080/x", "1.2.3.4"]
        ),
        st.text(alphabet="abc.:/?#-ä", max_size=20),
    ),
    "address": st.lists(
        st.one_of(
            st.fixed_dictionaries(
                {
                    "street": WORDS,
                    "postcode": st.text(max_size=10),
                    "city": WORDS,
                    "region": WORDS,
                    "country": st.sampled_from(["", "IE", "de", "Ireland", "JP"]),
                    "label": LABEL,
                }
            ),
            st.sampled_from(["12 High Street\nDublin D02 AF30\nIreland", "Hauptstr. 5, 10115 Berlin, Germany"]),
        ),
        max_size=3,
    ),
    "file": st.fixed_dictionaries(
        {
            "key": st.text(alphabet="abcXYZ019_-", min_size=16, max_size=64),
            "name": WORDS,
            "size": st.integers(0, 10**12),
            "type": st.sampled_from(["application/pdf", "image/png", "nonsense"]),
        }
    ),
    "tags": st.lists(st.text(max_size=45), max_size=10),
    "rights": st.dictionaries(
        st.sampled_from(["customer", "*", "sales.amounts"]) | st.text(max_size=10),
        st.sampled_from(["read", "", "a b"]) | st.dictionaries(st.sampled_from(["view", "*", "win"]), st.sampled_from(["all", "x y"])),
        max_size=4,
    ),
}

HOSTILE: list[object] = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\u202egnp.exe",
    "مرحبا",
    "\ud800",
    "x" * 1_000_000,
    "9" * 1_000_000,
    "1," * 500_000,
    ";" * 1_000_000,
    "@" * 100_000,
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "31 February 2026",
    "2026-02-31",
    "31.02.2026",
    "0000-00-00",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "١٢٣",
    "²",
    "½",
    "--5",
    "1.2.3,4",
    "€",
    "EUR",
    "12 XXQ",
    "(12",
    "in 99999999999 weeks",
    "in 99999 years",
    "99:99",
    "25:00",
    "2026-11-22T99:99:99",
    "9999-12-31 23:59",
    "0001-01-01 00:00+14:00",
    "\u2028",
    "a\u0301" * 50,
    "😀" * 50,
    "+" * 30,
    "0" * 5000,
    "http://[::1",
    "http://a:99999/",
    "https://user:pw@evil.example",
    "//x",
    "a@",
    "@b.c",
    "a@b@c.de",
    "|||||||||",
    "a: b: c: d",
    "%s %d {0}",
    True,
    False,
    0,
    -1,
    1,
    10**400,
    -(10**400),
    1.5,
    float("inf"),
    float("-inf"),
    float("nan"),
    1e308,
    Decimal("sNaN"),
    Decimal("Infinity"),
    Decimal("1e9999"),
    None,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"a": 1},
    {"value": None},
    [{"value": {"value": 1}}],
    [{"value": 5, "label": 7}],
    {"amount": "x"},
    {"amount": True, "currency": "EUR"},
    {"amount": "1", "currency": ["EUR"]},
    {"type": "deal", "id": "x"},
    {"id": 5},
    {"key": "../../etc/passwd", "name": "x", "size": 1},
    {"key": "a" * 20, "name": None, "size": -1},
    b"bytes",
    object(),
    (1, 2),
    {1, 2},
    ["x"] * 5000,
    [{"street": 5}],
    [{"street": "\x00"}],
    [{"country": "Atlantis"}],
    dt.date(1, 1, 1),
    dt.datetime.min,
    dt.datetime.max,
    dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=14))),
    dt.time(1, tzinfo=dt.UTC),
    ANA,
    UUID(int=99),
    ("deal", UUID(int=99)),
]
