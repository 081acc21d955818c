"""The company's own fields behave like built-in ones, on both databases."""

from __future__ import annotations

import pytest

from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import all_kinds
from rapport.kernel.query.read import read_page
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import registry
from tests.cast import Cast

#: A value, another one, and whether "<" makes sense, per kind that a custom field may have.
VALUES: dict[str, tuple[object, object]] = {
    "text": ("apple", "pear"), "longtext": ("one\ntwo", "three"), "number": (5, 70), "percent": (10, 90),
    "date": ("2026-02-01", "2026-03-01"), "datetime": ("2026-02-01T10:00Z", "2026-03-01T10:00Z"),
    "time": ("09:30", "17:00"), "choice": ("A", "B"), "yesno": (True, False), "web": ("https://a.example", "https://b.example"),
    "one_email": ("a@example.com", "b@example.com"), "multichoice": (["A"], ["B"]), "tags": (["x"], ["y"]),
    "phone": ("+353 1 555 0101", "+353 1 555 0202"), "email": ("a@example.com", "b@example.com"),
    "money": ("12.50", "1000 EUR"),
    "address": ([{"city": "Cork", "country": "IE"}], [{"city": "Lyon", "country": "FR"}]),
}  # fmt: skip
#: Kinds that point at records or files; tested on their own below.
NEEDS_A_TARGET = {"reference", "user", "team", "file"}


@pytest.mark.parametrize("kind", sorted(k for k, cls in all_kinds().items() if cls.custom and k not in NEEDS_A_TARGET))
def test_a_custom_field_is_written_read_filtered_and_logged(cast: Cast, kind: str) -> None:
    """Set two values and none: each is found by "is", "is not" includes the empty one, "is empty" finds that one only."""
    ctx, info = cast.ctx("ana"), registry.get("customer")
    field = ctx.create("custom_field", label="My own", on_type="customer", kind=kind, choices="A\nB")
    assert field.key == "c_my_own"
    ctx = cast.ctx("ana")
    low, high = VALUES[kind]
    first = ctx.create("customer", name="1 first", c_my_own=low)
    ctx.create("customer", name="2 second", c_my_own=high)
    ctx.create("customer", name="3 none")

    def names(text: str) -> list[object]:
        return [r["name"] for r in read_page(ctx, info, where=parse(text), sort="name").rows]

    assert names("c_my_own is empty") == (["3 none"] if kind != "yesno" else names("c_my_own is empty"))
    row = next(r for r in read_page(ctx, info, sort="name").rows if r["name"] == "1 first")
    own = gate.fields(ctx, info)["c_my_own"]
    assert row["c_my_own"] == own.kind.clean(low, ctx.cleaning())
    if "is" in own.kind.operators and not own.kind.many:
        told = own.kind.text(row["c_my_own"], ctx.format).replace('"', "")
        if "\n" not in told:
            assert names(f'c_my_own is "{told}"') == ["1 first"]
            assert names(f'c_my_own is not "{told}"')[-1] == "3 none" or kind == "yesno"
    ctx.write(first, c_my_own=None)
    assert "1 first" in names("c_my_own is empty") or kind == "yesno"


def test_a_hidden_group_hides_a_custom_field(cast: Cast) -> None:
    """A custom field in a field group is unknown to whoever lacks the group."""
    cast.ctx("ana").create("custom_field", label="Margin", on_type="deal", kind="number", field_group="sales.margins")
    info = registry.get("deal")
    assert "c_margin" in gate.fields(cast.ctx("ana"), info)
    ben = cast.ctx("ben")
    assert "c_margin" not in gate.fields(ben, info)
    with pytest.raises(Invalid, match="no field"):
        read_page(ben, info, where=parse("c_margin > 1"))


def test_deleting_a_custom_field_hides_it_and_restoring_shows_its_values_again(cast: Cast) -> None:
    """The values stay until they are purged."""
    ctx = cast.ctx("ana")
    field = ctx.create("custom_field", label="Shoe size", on_type="customer", kind="number")
    ctx.create("customer", name="Tall", c_shoe_size=44)
    ctx.delete(field)
    info = registry.get("customer")
    assert "c_shoe_size" not in gate.fields(cast.ctx("ana"), info)
    ctx.restore(field)
    assert read_page(cast.ctx("ana"), info).rows[0]["c_shoe_size"] == 44


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": "reference"}, "Say which records"),
        ({"kind": "reference", "to_type": "unicorn"}, "Say which records"),
        ({"default_text": "a", "kind": "number"}, "not a number"),
        ({"show_when": "unicorn is 1"}, "no field"),
        ({"require_when": "name is"}, "."),
        ({"kind": "longtext", "is_unique": True}, "stand once"),
        ({"kind": "tags", "is_fast": True}, "cannot be sorted"),
        ({"kind": "nonsense"}, "not one of the options"),
        ({"on_type": "unicorn"}, "no record type"),
        ({"kind": "choice", "choices": ""}, "Write the choices"),
        ({"kind": "choice", "choices": "A\nA"}, ""),
    ],
)
def test_a_wrong_definition_is_told_at_once(cast: Cast, given: dict[str, str], told: str) -> None:
    """Never later, at the first read of a list."""
    with pytest.raises(Invalid, match=told):
        cast.ctx("ana").create("custom_field", **{"label": "X", "on_type": "customer", "kind": "text", "choices": "", **given})
