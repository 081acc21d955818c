"""The search box finds by any part people type, and only what the viewer may see."""

from __future__ import annotations

import pytest

from rapport.kernel.query import search as index
from rapport.kernel.query.search import search
from tests.cast import Cast


@pytest.mark.parametrize(
    "typed", ["hotel", "HÔTEL", "ald", "lantern street", "street lantern", "5550119", "01 555 0119", "+353 1 555 0119",
              "0119", "grace@", "aldersley.example", "EXT-7"],
)  # fmt: skip
def test_a_customer_is_found_by_what_people_type(cast: Cast, typed: str) -> None:
    """Name parts in any order, accents or not, phone in any format or its last digits, e-mail parts, external id."""
    ctx = cast.ctx("ana")
    made = ctx.create(
        "customer", name="Hôtel Aldersley, Lantern Street", emails="grace@aldersley.example", phones="01 555 0119",
        external_id="EXT-7",
    )  # fmt: skip
    assert made.pk in {hit.id for hit in search(ctx, typed)}


def test_titles_that_begin_with_the_text_come_first(cast: Cast) -> None:
    """Before those that merely contain it."""
    ctx = cast.ctx("ana")
    ctx.create("customer", name="The Skylark")
    ctx.create("customer", name="Skylark Aircraft")
    assert [hit.title for hit in search(ctx, "skylark")] == ["Skylark Aircraft", "The Skylark"]


def test_a_deleted_record_is_not_found_until_it_is_restored(cast: Cast) -> None:
    """Nor under its old name once it has a new one."""
    ctx = cast.ctx("ana")
    made = ctx.create("customer", name="Oldname")
    ctx.write(made, name="Newname")
    assert not search(ctx, "oldname") and search(ctx, "newname")
    ctx.delete(made)
    assert not search(ctx, "newname")
    ctx.restore(made)
    assert search(ctx, "newname")


def test_words_of_a_hidden_field_group_find_nothing(cast: Cast) -> None:
    """Words that stand in a group the role lacks are not searched for it."""
    made = cast.system.create("customer", name="Plain", owner=cast.ben.pk)
    index.remember([(cast.home.pk, "customer", made.pk, "customers.figures", "", "quintillion")])
    role = cast.ben.role
    assert search(cast.ctx("ben"), "quintillion")
    type(role).objects.filter(pk=role.pk).update(field_groups={})
    # The group is known by the fields that carry it, so it counts whether or not the type searches such a field today.
    assert not search(cast.ctx("ben"), "quintillion")
    assert search(cast.ctx("ana"), "quintillion")


@pytest.mark.parametrize(
    "typed", ["aldersly", "adlersley", "aldersleyy", "aldertley", "hotl aldersley", "alderslye hotel", "lanern street", "skylrak aircraf"],
)  # fmt: skip
def test_a_slip_of_the_finger_still_finds(cast: Cast, typed: str) -> None:
    """A letter too few, too many, wrong, or swapped; in one word of several, or in each."""
    ctx = cast.ctx("ana")
    wanted = {
        ctx.create("customer", name="Hôtel Aldersley, Lantern Street").pk, ctx.create("customer", name="Skylark Aircraft").pk,
    }  # fmt: skip
    ctx.create("customer", name="Quite Another")
    assert {hit.id for hit in search(ctx, typed)} <= wanted and len(search(ctx, typed)) == 1


@pytest.mark.parametrize("typed", ["bob", "alter ego", "zzzzzz", "555 0118", "hannah"])
def test_what_is_merely_similar_is_not_found(cast: Cast, typed: str) -> None:
    """Short words, numbers, other first letters and far words have no likes."""
    ctx = cast.ctx("ana")
    for name in ("Rob", "Aldersley", "Joanna"):
        ctx.create("customer", name=name, phones="01 555 0119")
    assert search(ctx, typed) == []


def test_a_number_from_abroad_is_found_with_its_trunk_zero(cast: Cast) -> None:
    """As people write it on cards: +353 (0)1 555 0119, 00353 1 5550119."""
    ctx = cast.ctx("ana")
    made = ctx.create("customer", name="Card", phones="+353 1 555 0119")
    for typed in ("+353 (0)1 555 0119", "00353 1 5550119", "(01) 555-0119", "5550119"):
        assert [hit.id for hit in search(ctx, typed)] == [made.pk], typed


def test_the_best_fit_comes_first_then_ones_own_then_the_newest(cast: Cast) -> None:
    """Called so, begins so, has a word that begins so, contains it; among equals mine, then the younger."""
    system, ben = cast.system, cast.ctx("ben")
    for name, owner in (("Upperskylark", cast.cem), ("The Skylark", cast.cem), ("Skylark B", cast.cem), ("Skylark A", cast.cem),
                        ("Skylark Mine", cast.ben), ("Skylark", cast.cem)):  # fmt: skip
        system.create("customer", name=name, owner=owner.pk)
    titles = [hit.title for hit in search(cast.ctx("ana"), "skylark")]
    assert titles[:1] + titles[4:] == ["Skylark", "The Skylark", "Upperskylark"]
    assert set(titles[1:4]) == {"Skylark Mine", "Skylark A", "Skylark B"}  # made within a millisecond, none is the younger
    assert search(ben, "skylark")[0].title == "Skylark Mine"


def test_slips_go_through_the_gate(cast: Cast) -> None:
    """What Ben may not see is not found by a mistyped name either."""
    cast.system.create("customer", name="Zanzibar", owner=cast.cem.pk)
    assert search(cast.ctx("ana"), "zanzbar") and not search(cast.ctx("ben"), "zanzbar")


def test_few_among_many_are_still_found(cast: Cast) -> None:
    """Ben sees one of 200 customers with the word; the search goes on until it has met his."""
    cast.system.create("customer", name="Pelican of Ben", owner=cast.ben.pk)
    rows = [{"name": f"Pelican {n}", "owner": cast.cem.pk} for n in range(200)]
    assert len(cast.system.create_many("customer", rows).ids) == 200
    assert [hit.title for hit in search(cast.ctx("ben"), "pelican")] == ["Pelican of Ben"]


@pytest.mark.parametrize("typed", ["", " ", "%", "_", '"', "q", "''; drop", "x" * 1000, "\x00", "(" * 50, "NEAR(a b)"])
def test_strange_input_finds_nothing_and_breaks_nothing(cast: Cast, typed: str) -> None:
    """Signs of the databases' own languages are plain text."""
    cast.ctx("ana").create("customer", name="Zeta")
    assert [h.title for h in search(cast.ctx("ana"), typed)] in ([], ["Zeta"])
