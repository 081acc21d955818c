"""The filter grammar: text and JSON read back to the same tree, and every mistake is one clear sentence."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.kernel.errors import Invalid
from rapport.kernel.query.text import parse, show
from rapport.kernel.query.tree import (
    LIST_OPS,
    MAX_DEPTH,
    ME,
    ONE_VALUE_OPS,
    RESERVED,
    All,
    Any_,
    Has,
    Node,
    Not,
    Relative,
    Test,
    check_limits,
    from_json,
    to_json,
)

# -- trees of every shape -------------------------------------------------------------------------------------------

TRICKY = [
    "", "is", "not", "and", "empty", "any", "none", "of", "me", "ME", "today", "today+7d", "today+7x", "now-2h", "yes",
    "True", "12.50", "1000", "007", "-0", "+49 89 1", "1,000", "1e5", "2026-11-22", "2026-11-22T10:00+01:00",
    "10:30", 'say "hi"', "C:\\new\\", "O'Brien", "“x”", "(", ")", ",", "=", "Zürich", "\n", " x ", "Ångström ǅ",
    "9" * 18, "9" * 19,
]  # fmt: skip
plain_names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in RESERVED)
names = plain_names | st.sampled_from(["all", "any", "is", "of", "empty", "between", "me", "today", "contains"])
relatives = st.builds(
    Relative, st.just("today"), st.integers(-200, 200), st.sampled_from(["d", "w", "m", "y"])
) | st.builds(Relative, st.just("now"), st.integers(-200, 200), st.sampled_from(["h", "d", "w", "m", "y"]))
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(letters, max_size=30) | st.sampled_from(TRICKY)
integers = st.integers(-(10**18) + 1, 10**18 - 1)
scalars = st.booleans() | integers | texts | relatives | st.just(ME)
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
tests = (
    st.builds(Test, paths, st.sampled_from(sorted(ONE_VALUE_OPS)), scalars)
    | st.builds(Test, paths, st.sampled_from(sorted(LIST_OPS)), st.lists(scalars, max_size=4).map(tuple))
    | st.builds(Test, paths, st.just("between"), st.tuples(scalars, scalars))
    | st.builds(Test, paths, st.sampled_from(["empty", "not_empty"]))
)


def _groups(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    items = st.lists(inner, max_size=3).map(tuple)
    has = st.builds(Has, st.lists(names, min_size=1, max_size=2).map(tuple), st.none() | inner)
    return st.builds(All, items) | st.builds(Any_, items) | st.builds(Not, inner) | has


def _legal(node: Node) -> bool:
    try:
        check_limits(node)
    except Invalid:
        return False
    return True


trees = st.recursive(tests, _groups, max_leaves=12).filter(_legal)


def _exact(node: Node) -> str:
    # JSON tells True from 1, which the equality of Python does not.
    return json.dumps(to_json(node))


@settings(max_examples=400, deadline=None)
@given(trees)
def test_text_reads_back_to_the_same_tree(tree: Node) -> None:
    again = parse(show(tree), max_length=100_000)
    assert again == tree
    assert _exact(again) == _exact(tree)


@settings(max_examples=300, deadline=None)
@given(trees)
def test_json_reads_back_to_the_same_tree(tree: Node) -> None:
    again = from_json(json.loads(_exact(tree)))
    assert again == tree
    assert _exact(again) == _exact(tree)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('ab._ ()"\\,=<>! andornotishas1-+7d'), max_size=60))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        tree = parse(text)
    except Invalid as error:
        assert error.sentence.endswith(".") and error.field == "filter" and error.code.startswith("filter.")
    else:
        assert parse(show(tree), max_length=100_000) == tree


# -- the grammar by example -----------------------------------------------------------------------------------------


def test_the_example_of_the_module_reads_as_meant() -> None:
    text = (
        'stage.outcome is open and (amount > 1000 or name contains "hotel") and not tags has vip and owner is me'
        " and close_on < today+7d and city is empty and industry is any of (health, retail)"
        " and has deals (amount > 5) and no activities"
    )
    tree = parse(text)
    assert tree == All(
        (
            Test(("stage", "outcome"), "is", "open"),
            Any_((Test(("amount",), ">", 1000), Test(("name",), "contains", "hotel"))),
            Not(Test(("tags",), "has", "vip")),
            Test(("owner",), "is", ME),
            Test(("close_on",), "<", Relative("today", 7, "d")),
            Test(("city",), "empty"),
            Test(("industry",), "in", ("health", "retail")),
            Has(("deals",), Test(("amount",), ">", 5)),
            Not(Has(("activities",))),
        )
    )
    assert show(tree) == text.replace('"hotel"', "hotel")


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("x is a", "is", "a"),
        ("x = a", "is", "a"),
        ("x=a", "is", "a"),
        ("x IS NOT a", "is_not", "a"),
        ("x != a", "is_not", "a"),
        ("x contains a", "contains", "a"),
        ("x does not contain a", "not_contains", "a"),
        ("x starts with a", "starts", "a"),
        ("x ends with a", "ends", "a"),
        ("x is empty", "empty", None),
        ("x is not empty", "not_empty", None),
        ('x is "empty"', "is", "empty"),
        ("x is any of ()", "in", ()),
        ("x is none of (a, 2)", "not_in", ("a", 2)),
        ("x has any", "has", "any"),
        ("x has any of (a)", "has_any", ("a",)),
        ("x<5", "<", 5),
        ("x before 2026-11-22", "<", "2026-11-22"),
        ("x on or before today", "<=", Relative("today")),
        ("x after now-2h", ">", Relative("now", -2, "h")),
        ("x on or after Today+0w", ">=", Relative("today")),
        ("x between 1 and 2.50", "between", (1, "2.50")),
        ("x is yes", "is", True),
        ("x is False", "is", False),
        ("x is 007", "is", "007"),
        ("x is 3.10", "is", "3.10"),
        ("x is -5", "is", -5),
        ("x is ana@example.com", "is", "ana@example.com"),
        ("x is in-progress", "is", "in-progress"),
        (r'x is "a\"b\\c"', "is", 'a"b\\c'),
    ],
)
def test_operators_and_values(text: str, op: str, value: object) -> None:
    tree = parse(text)
    assert isinstance(tree, Test)
    assert (tree.op, tree.value, type(tree.value)) == (op, value, type(value))


def test_not_binds_tighter_than_and_tighter_than_or() -> None:
    a, b, c = (Test((name,), "empty") for name in "abc")
    assert parse("not a is empty and b is empty or c is empty") == Any_((All((Not(a), b)), c))
    assert parse("a is empty and (b is empty or c is empty)") == All((a, Any_((b, c))))
    assert parse("(a is empty and b is empty) and c is empty") == All((All((a, b)), c))
    assert show(Any_((All((a, b)), c))) == "(a is empty and b is empty) or c is empty"


def test_empty_text_matches_everything() -> None:
    assert parse("  ") == All(()) and show(All(())) == ""
    assert parse("any ()") == Any_(())


# -- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("amount >", "After 'amount >' a value is expected, at character 9."),
        ("a is b and amount > ", "After 'amount >' a value is expected, at character 20."),
        ("a is b and", "After 'and' a condition is expected, at character 11."),
        ("and", "At the start a condition is expected, not 'and', at character 1."),
        ("amount", "After 'amount' an operator such as is, contains or > is expected, at character 7."),
        ("(a is b", "After 'a is b' 'and', 'or' or a closing bracket is expected, at character 8."),
        ("a is b)", "After 'a is b' 'and', 'or' or the end is expected, not ')', at character 7."),
        (
            "a is Grand Hotel",
            "After 'a is Grand' 'and', 'or' or the end (text of several words needs quotes) is expected,"
            " not 'Hotel', at character 12.",
        ),
        ('a is "b', "The quoted text that begins at character 6 has no closing quote."),
        ("a ! b", "'!' cannot stand alone, at character 3."),
        (
            "a is any of b",
            "After 'a is any of' a list in brackets is expected, not 'b', at character 13.",
        ),
        ("a between 1 or 2", "After 'a between 1' 'and' is expected, not 'or', at character 13."),
        ("has", "After 'has' the name of a relation is expected, at character 4."),
        ("é is 1", "At the start the name of a field is expected, not 'é', at character 1."),
        ("a is 1 and 5 > b", "After 'and' the name of a field is expected, not '5', at character 12."),
        (
            "amount > 1,000",
            "Numbers are written without separators, like 1000 or 12.50, and a comma in a list needs a space"
            " behind it, at character 11.",
        ),
        ("a is “b”", "After 'a is' a value in straight double quotes (\"like this\") is expected, not '“b”',"
         " at character 6."),
        ("a < today+7x", "After 'a <' a relative time like today+7d or now-2h is expected, not 'today+7x',"
         " at character 5."),
        (r'a is "C:\new"', "In quotes a backslash is written twice, at character 9."),
    ],
)  # fmt: skip
def test_a_syntax_error_says_where_and_what_was_expected(text: str, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(text)
    assert caught.value.sentence == sentence
    assert caught.value.field == "filter"


def test_a_thousands_separator_in_a_list_is_never_read_as_two_values() -> None:
    with pytest.raises(Invalid, match="without separators"):
        parse("a is any of (1,000, 2)")
    assert parse("a is any of (1, 200, 300)").value == (1, 200, 300)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "not " * 1250,
        "has a (" * 700,
        "all (" * 1000,
        "(" * 2000 + "a is b" + ")" * 2000,
        'a is "' + "\\" * 4990,
        "a is any of (" + "1, " * 1600,
        " or ".join(["a is b"] * 500),
        "a is b and " * 450,
        " " * 4999 + "!",
        '"' * 4999,
        "a.b" * 1600,
    ],
)
def test_bombs_are_refused_at_once(text: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(Invalid):
        parse(text)
    assert time.perf_counter() - begun < 5, "a bomb takes minutes"


def test_a_json_bomb_is_refused_at_once() -> None:
    bomb: dict[str, object] = {"field": "a", "op": "empty"}
    for _level in range(100_000):
        bomb = {"not": bomb}
    begun = time.perf_counter()
    with pytest.raises(Invalid, match="levels deep"):
        from_json(bomb)  # type: ignore[arg-type]
    assert time.perf_counter() - begun < 5, "a bomb takes minutes"
    while "not" in bomb:  # taken apart by hand: freeing it in one go would recurse in C
        bomb = bomb.pop("not")  # type: ignore[assignment]


def test_the_limits_hold_for_text_json_and_trees() -> None:
    test = Test(("a",), "empty")
    deep: Node = test
    for _level in range(MAX_DEPTH - 1):
        deep = Not(deep)
    check_limits(deep)
    assert parse(show(deep)) == deep
    too_much = [
        Not(deep),
        All((test,) * 61),
        All((All((test,) * 30), Any_((test,) * 31))),
        All((All(()),) * 61),
        Test(("a", "b", "c", "d"), "empty"),
        Has(("a", "b", "c")),
        Test(("a",), "in", tuple(range(501))),
        Test(("a",), "is", "x" * 501),
        Test(("a",), "in", ("x" * 501,)),
    ]
    for tree in too_much:
        with pytest.raises(Invalid) as caught:
            check_limits(tree)
        assert caught.value.code == "filter.limit"
        with pytest.raises(Invalid):
            from_json(to_json(tree))
        with pytest.raises(Invalid):
            parse(show(tree), max_length=100_000)
    with pytest.raises(Invalid, match="5000 characters"):
        parse("a" * 5001)


@pytest.mark.parametrize(
    "data",
    [
        None, [], "a", {}, {"all": {}}, {"all": [], "any": []}, {"all": [], "x": 1}, {"not": []}, {"not": None},
        {"field": "a"}, {"field": "a", "op": "is"}, {"field": "a", "op": "is", "value": None},
        {"field": "a", "op": "is", "value": [1]}, {"field": "a", "op": "in", "value": 1},
        {"field": "a", "op": "in", "value": [[1]]}, {"field": "a", "op": "in", "value": [None]},
        {"field": "a", "op": "between", "value": [1]}, {"field": "a", "op": "empty", "value": 1},
        {"field": "a", "op": "like", "value": 1}, {"field": "A", "op": "empty"}, {"field": "a..b", "op": "empty"},
        {"field": "a__b;", "op": "empty"}, {"field": "", "op": "empty"}, {"field": "not", "op": "empty"},
        {"field": 1, "op": "empty"}, {"field": ["a"], "op": "empty"}, {"field": "a", "op": ["is"], "value": 1},
        {"field": "a", "op": "is", "value": 1.5}, {"field": "a", "op": "is", "value": float("nan")},
        {"field": "a", "op": "is", "value": 10**18}, {"field": "a", "op": "is", "value": "a\0b"},
        {"field": "a", "op": "is", "value": "\ud800"}, {"field": "a", "op": "is", "value": {"me": False}},
        {"field": "a", "op": "is", "value": {"me": 1}}, {"field": "a", "op": "is", "value": {"relative": "tomorrow"}},
        {"field": "a", "op": "is", "value": {"relative": "today+999y"}},
        {"field": "a", "op": "is", "value": {"relative": "today+1h"}},
        {"field": "a", "op": "is", "value": {"relative": "today", "me": True}}, {"has": "a", "value": 1},
        {"has": "a", "where": []}, {"field": "a", "op": "empty", "where": {}}, {"field": "a.b.c.d", "op": "empty"},
    ],
)  # fmt: skip
def test_odd_json_is_refused(data: object) -> None:
    with pytest.raises(Invalid) as caught:
        from_json(data)  # type: ignore[arg-type]
    assert caught.value.field == "filter"


def test_the_canonical_json() -> None:
    tree = parse("owner is me and due < today+7d and city is empty and not has deals (amount between 1 and 2.50)")
    assert to_json(tree) == {
        "all": [
            {"field": "owner", "op": "is", "value": {"me": True}},
            {"field": "due", "op": "<", "value": {"relative": "today+7d"}},
            {"field": "city", "op": "empty"},
            {"not": {"has": "deals", "where": {"field": "amount", "op": "between", "value": [1, "2.50"]}}},
        ]
    }
