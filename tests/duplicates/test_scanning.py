"""The scan: it finds what is one, says why, remembers what people decided, goes on where it was, and looks at changes only."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from rapport.engines.duplicates.evidence import from_stored, in_words
from rapport.engines.duplicates.models import DuplicatePair, DuplicateScan
from rapport.engines.duplicates.pairs import decide, pair_of, pairs_page
from rapport.engines.duplicates.scanning import Progress, scan_type
from rapport.kernel.access.models import Role
from rapport.kernel.errors import Gone
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.factory import make

pytestmark = pytest.mark.django_db
CUSTOMER = registry.get("customer")


def fill(cast: Cast) -> dict[str, object]:
    """Two pairs, a family, and strangers."""
    rows = [
        {"name": "Maya Jensen", "emails": ["maya@example.org"], "phones": "+353 1 555 0142"},
        {"name": "Jensen, Maja", "phones": "+353 1 555 0142", "emails": ["maya@example.org"]},
        {
            "name": "Siobhán O'Connor",
            "birthday": "1980-02-03",
            "addresses": [{"street": "4 Mill Lane", "city": "Cork", "postcode": "T12 AB"}],
        },
        {"name": "Siobhan OConnor", "birthday": "1980-02-03"},
        {"name": "Anna Weber", "phones": "+353 1 555 0199", "addresses": [{"street": "9 High St", "city": "Dublin"}]},
        {"name": "Karl Weber", "phones": "+353 1 555 0199", "addresses": [{"street": "9 High St", "city": "Dublin"}]},
        *({"name": f"Stranger Number{n}", "emails": [f"s{n}@example{n}.org"]} for n in range(20)),
    ]
    result = cast.system.create_many("customer", [{**row, "kind": "person", "owner": cast.ben.pk} for row in rows])
    assert not result.errors
    return {str(rows[at]["name"]): pk for at, pk in result.ids.items()}


def found(cast: Cast) -> set[frozenset[str]]:
    """The open pairs by name."""
    names = dict(CUSTOMER.model.objects.values_list("pk", "name"))
    rows = DuplicatePair.objects.filter(workspace=cast.home, state="open").values_list("one_id", "other_id")
    return {frozenset((names[one], names[other])) for one, other in rows}


BOTH = {frozenset(("Maya Jensen", "Jensen, Maja")), frozenset(("Siobhán O'Connor", "Siobhan OConnor"))}


def test_it_finds_what_is_one_and_says_why(cast: Cast) -> None:
    """A family under one roof is none; reasons are words."""
    fill(cast)
    done = scan_type(cast.home, "customer")
    assert done.is_done and done.records == 26 and found(cast) == BOTH
    best = DuplicatePair.objects.filter(workspace=cast.home).order_by("-score")[0]
    assert in_words(from_stored(best.evidence))[:2] == ["same e-mail", "same phone"]
    assert not list(Path(settings.DATA, "tmp").glob(f"duplicates-{cast.home.pk.hex}*"))


def test_cut_off_anywhere_it_goes_on(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """After every single portion: the sum is the same."""
    from rapport.engines.duplicates import scanning

    fill(cast)
    monkeypatch.setattr(scanning, "READ", 7)
    monkeypatch.setattr(scanning, "WRITTEN", 1)
    attempts = 0
    done = Progress()
    while not done.is_done:
        done = scan_type(cast.home, "customer", lambda *_told: False)
        attempts += 1
        assert attempts < 30
    assert attempts > 4 and found(cast) == BOTH


def test_decided_is_decided_and_can_be_undone(cast: Cast) -> None:
    """“Not a duplicate” outlives every further scan."""
    fill(cast)
    scan_type(cast.home, "customer")
    ctx = cast.ctx("ben")
    pairs, _more = pairs_page(ctx, CUSTOMER)
    decide(ctx, pairs[0], apart=True)
    scan_type(cast.home, "customer", anew=True)
    assert len(pairs_page(ctx, CUSTOMER)[0]) == 1
    decide(ctx, pair_of(ctx, pairs[0].id), apart=False)
    assert len(pairs_page(ctx, CUSTOMER)[0]) == 2


def test_the_second_scan_looks_at_changes_only(cast: Cast) -> None:
    """A mended record leaves its pair, a new one makes its own, a deleted one takes its pair along."""
    ids = fill(cast)
    scan_type(cast.home, "customer")
    ctx = cast.system
    ctx.write(CUSTOMER.model.objects.get(pk=ids["Siobhan OConnor"]), name="Quite Another", birthday=None)
    ctx.delete(CUSTOMER.model.objects.get(pk=ids["Jensen, Maja"]))
    make(ctx, "customer", kind="person", name="Number3 Strangr", emails=["S3@example3.org"])
    done = scan_type(cast.home, "customer")
    assert not done.is_whole and done.records == 3
    assert found(cast) == {frozenset(("Stranger Number3", "Number3 Strangr"))}
    assert DuplicateScan.objects.get(workspace=cast.home, type="customer").finished_at is not None


def test_who_does_not_see_both_sees_no_pair(cast: Cast) -> None:
    """Nor who may not merge; a pair that rests on hidden fields is none."""
    ids = fill(cast)
    scan_type(cast.home, "customer")
    assert pairs_page(cast.ctx("cem"), CUSTOMER)[0] == []
    cast.system.write(CUSTOMER.model.objects.get(pk=ids["Maya Jensen"]), owner=cast.cem.pk)
    pairs, _more = pairs_page(cast.ctx("ben"), CUSTOMER)
    assert [one.score for one in pairs] == [79]
    hidden = DuplicatePair.objects.exclude(pk=pairs[0].id).get(workspace=cast.home)
    for who in ("ben", "cem"):
        with pytest.raises(Gone):
            pair_of(cast.ctx(who), hidden.pk)
    declared = CUSTOMER.fields["birthday"]
    object.__setattr__(declared, "see", "customers.secret")
    try:
        assert pairs_page(cast.ctx("ben"), CUSTOMER)[0] == [] and len(pairs_page(cast.ctx("ana"), CUSTOMER)[0]) == 2
    finally:
        object.__setattr__(declared, "see", "")
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(
        rights={**role.rights, "customer": {k: v for k, v in role.rights["customer"].items() if k != "merge"}}
    )
    with pytest.raises(Gone):
        pair_of(cast.ctx("ben"), pairs[0].id)
