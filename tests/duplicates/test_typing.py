"""While somebody types: who it may be already, and why; never more than they may see, and never in the way."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.duplicates.evidence import in_words
from rapport.engines.duplicates.finding import NOISY, find_for
from rapport.kernel.access.models import Role
from rapport.kernel.custom.fields import forget_custom_fields
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.factory import make

pytestmark = pytest.mark.django_db
CUSTOMER = registry.get("customer")


def asked(cast: Cast, who: str, type_key: str = "customer", **given: str) -> list[tuple[str, str]]:
    """(title, why) of what the warning shows."""
    found = cast.client(who).get(f"/duplicates/{type_key}", given).json()["results"]
    return [(one["text"], one["why"]) for one in found]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": "Aldersley Brewery Limited"}, "same name"),
        ({"name": "Brewery Aldersly GmbH"}, "name 97 % alike"),
        ({"name": "Other", "emails": "someone@aldersley-brewery.ie"}, "same web domain"),
        ({"name": "Aldersley Brewery", "phones": "01 555 0119"}, "same name, same phone"),
        ({"name": "Brasserie", "emails": "DESK@aldersley-brewery.ie"}, "same e-mail"),
    ],
)
def test_it_says_who_and_why(cast: Cast, given: dict[str, str], why: str) -> None:
    """Words in any order, without legal form, misspelt; the same address, number or domain."""
    make(cast.system, "customer", name="Aldersley Brewery Ltd", kind="company", owner=cast.ben.pk, website="aldersley-brewery.ie",
         emails=["desk@aldersley-brewery.ie"], phones=["+353 1 555 0119"])  # fmt: skip
    make(cast.system, "customer", name="Quayside Hostel", kind="company", owner=cast.ben.pk)
    found = asked(cast, "ben", **given)
    assert [title for title, _why in found] == ["Aldersley Brewery Ltd"] and found[0][1].startswith(why.partition(",")[0])
    assert asked(cast, "cem", **given) == asked(cast, "dea", **given) == []


def test_a_lead_is_looked_for_among_customers_too(cast: Cast) -> None:
    """The person may be a customer already."""
    make(cast.system, "customer", name="Maya Jensen", kind="person", owner=cast.ben.pk, emails=["maya@example.org"])
    assert asked(cast, "ben", "lead", name="Maja Jensen", emails="maya@example.org")[0][0] == "Maya Jensen"


def test_a_hidden_field_is_no_reason(cast: Cast) -> None:
    """Neither shown nor counted: what rests on it alone is no hit."""
    system = cast.system
    make(system, "customer", name="Kestrel", kind="company", owner=cast.ben.pk, emails=["desk@kestrel.ie"])
    declared = CUSTOMER.fields["emails"]
    object.__setattr__(declared, "see", "customers.secret")
    role = Role.objects.get(key="sales")
    try:
        assert asked(cast, "ana", name="Someone", emails="desk@kestrel.ie")
        Role.objects.filter(pk=role.pk).update(field_groups={})
        assert asked(cast, "ben", name="Someone", emails="desk@kestrel.ie") == []
        assert asked(cast, "ben", name="Kestrel", emails="desk@kestrel.ie") == [("Kestrel", "same name")]
    finally:
        object.__setattr__(declared, "see", "")
        forget_custom_fields(cast.home)


def test_a_key_that_everybody_has_says_nothing(cast: Cast) -> None:
    """More than twenty with one switchboard: noise."""
    rows = [{"name": f"Person {n}", "kind": "person", "phones": "+353 1 555 0100"} for n in range(NOISY + 1)]
    assert not cast.system.create_many("customer", rows).errors
    assert asked(cast, "ana", name="Zed", phones="+353 1 555 0100") == []


def test_many_rows_cost_as_few_queries_as_one(cast: Cast) -> None:
    """What imports ask: set-wise."""
    names = [f"Row{n} Testcase" for n in range(60)]
    rows = [{"name": name, "kind": "person", "emails": [f"p{n}@example{n}.org"], "phones": f"+353 1 555 {n:04d}"}
            for n, name in enumerate(names)]  # fmt: skip
    assert not cast.system.create_many("customer", rows).errors
    ctx = cast.ctx("ana")

    def cost(some: int) -> int:
        given = [{"name": name, "emails": [{"value": f"p{n}@example{n}.org"}], "phones": [{"value": f"+3531555{n:04d}"}]}
                 for n, name in enumerate(names[:some])]  # fmt: skip
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = find_for(ctx, CUSTOMER, given)
        assert [in_words(one[0].evidence)[:2] for one in found] == [["same e-mail", "same name"]] * some
        return len(queries)

    assert cost(60) == cost(1) <= 6


def test_the_form_asks_and_saving_is_never_blocked(cast: Cast) -> None:
    """The full form has the place for the warning; a double can be saved all the same."""
    client = cast.client("ben")
    make(cast.system, "customer", name="Kestrel", kind="company", owner=cast.ben.pk)
    assert 'hx-get="/duplicates/customer"' in client.get("/customer/new").content.decode()
    page = client.get("/duplicates/customer", {"name": "Kestrel"}, headers={"HX-Request": "true"}).content.decode()
    assert "You may already have this customer" in page and "same name" in page
    client.post("/quick-add", {"type": "customer", "name": "Kestrel"})
    assert CUSTOMER.model.objects.filter(name="Kestrel").count() == 2
