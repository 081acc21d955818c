"""A lead who is a customer already: found by the scan and while typing, joined by converting, never merged."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.duplicates import kin_scanning
from rapport.engines.duplicates.models import KinPair
from rapport.engines.duplicates.scanning import scan_type
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.duplicates.test_typing import asked
from tests.factory import make

pytestmark = pytest.mark.django_db
CUSTOMER, LEAD = registry.get("customer"), registry.get("lead")
LIST = "/duplicates/lead/among/customer"


@pytest.fixture
def ids(cast: Cast) -> dict[str, UUID]:
    """A person and a company of Ben's, a lead who is both, and one who is nobody."""
    system, ben = cast.system, cast.ben.pk
    maya = make(system, "customer", name="Maya Jensen", kind="person", owner=ben, emails=["maya@example.org"])
    firm = make(system, "customer", name="Quayside Hostel Ltd", kind="company", owner=ben, website="quayside-hostel.ie",
                emails=["desk@quayside-hostel.ie"])  # fmt: skip
    lead = make(system, "lead", name="Maja Jensen", company="Quayside Hostel", emails=["maya@example.org", "mj@quayside-hostel.ie"],
                state="new", owner=ben)  # fmt: skip
    other = make(system, "lead", name="Nobody Known", emails=["n@elsewhere.example"], company="Elsewhere", state="new", owner=ben)
    return {"maya": maya.pk, "firm": firm.pk, "lead": lead.pk, "other": other.pk}


def pairs(cast: Cast, state: str = "open") -> set[tuple[UUID, UUID, str]]:
    """(lead, customer, which input) of what was found."""
    rows = KinPair.objects.filter(workspace=cast.home, state=state)
    return set(rows.values_list("record_id", "other_id", "input"))


def test_the_scan_finds_person_and_company_and_converting_joins_them(cast: Cast, ids: dict[str, UUID]) -> None:
    """The list leads to the dialog with the customer chosen; the converted lead is asked about no more."""
    scan_type(cast.home, "lead")
    assert pairs(cast) == {(ids["lead"], ids["maya"], "person"), (ids["lead"], ids["firm"], "company")}
    client = cast.client("ben")
    page = client.get(LIST).content.decode()
    assert "Maja Jensen" in page and "Quayside Hostel Ltd" in page and "same e-mail" in page and "same web domain" in page
    assert "Nobody Known" not in page
    for who, url in (("ana", "/duplicates/lead/review"), ("ben", "/duplicates/customer/review")):
        assert LIST in cast.client(who).get(url).content.decode()
    urls = [url.replace("&amp;", "&") for url in re.findall(r'href="(/lead/[^"]+/do/convert[^"]+)"', page)]
    url = next(one for one in urls if str(ids["maya"]) in one)
    assert re.search(rf'value="{ids["maya"]}" checked', client.get(url).content.decode())
    panel = client.get(f"/lead/{ids['lead']}").content.decode()
    assert url in panel.replace("&amp;", "&")
    before = CUSTOMER.model.objects.count()
    answer = client.post(url.partition("?")[0], {"person": ids["maya"], "company": ids["firm"], "create_deal": "no"})
    assert answer.status_code == 302 and CUSTOMER.model.objects.count() == before
    lead = LEAD.model.objects.get(pk=ids["lead"])
    assert (lead.state, lead.person_id, lead.customer_id) == ("converted", ids["maya"], ids["firm"])
    assert "Maja Jensen" not in client.get(LIST).content.decode()
    scan_type(cast.home, "lead")
    assert pairs(cast) == set()


def test_kept_apart_for_ever_and_taken_back(cast: Cast, ids: dict[str, UUID]) -> None:
    """No further scan asks again."""
    scan_type(cast.home, "lead")
    client, pair = cast.client("ben"), KinPair.objects.get(workspace=cast.home, input="person")
    client.post(f"/duplicates/among/{pair.pk}/apart")
    scan_type(cast.home, "lead", anew=True)
    assert pairs(cast, "apart") == {(ids["lead"], ids["maya"], "person")} and len(pairs(cast)) == 1
    assert "Maya Jensen" in client.get(f"{LIST}?state=apart").content.decode()
    client.post(f"/duplicates/among/{pair.pk}/apart", {"again": "1"})
    assert len(pairs(cast)) == 2


def test_later_scans_look_at_what_changed_on_either_side(cast: Cast, ids: dict[str, UUID]) -> None:
    """A new customer meets a lead that was there before; a mended lead leaves its pair; a merged customer takes it along."""
    scan_type(cast.home, "lead")
    system = cast.system
    new = make(system, "customer", name="Nobody Known", kind="person", emails=["n@elsewhere.example"], owner=cast.ben.pk)
    system.write(LEAD.model.objects.get(pk=ids["lead"]), company="Quite Another", emails=["maya@example.org"])
    scan_type(cast.home, "lead")
    assert pairs(cast) == {(ids["lead"], ids["maya"], "person"), (ids["other"], new.pk, "person")}
    twin = make(system, "customer", name="M. Jensen", kind="person", owner=cast.ben.pk)
    assert cast.client("ben").post(f"/customer/{twin.pk}/merge/{ids['maya']}").status_code == 302
    assert (ids["lead"], twin.pk, "person") in pairs(cast)


def test_cut_off_it_goes_on(cast: Cast, ids: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    """After every single lead."""
    monkeypatch.setattr(kin_scanning, "_PORTION", 1)
    done, attempts = None, 0
    while done is None or not done.is_done:
        attempts += 1
        assert attempts < 10
        done = scan_type(cast.home, "lead", lambda _done, _total, step: step != "read")
    assert attempts > 2 and len(pairs(cast)) == 2


def test_who_sees_one_side_only_sees_no_pair(cast: Cast, ids: dict[str, UUID]) -> None:
    """Nor a reason that rests on a field hidden on either side; strangers get what is not there."""
    scan_type(cast.home, "lead")
    pair = KinPair.objects.get(workspace=cast.home, input="person")
    cast.system.write(CUSTOMER.model.objects.get(pk=ids["maya"]), owner=cast.cem.pk)
    page = cast.client("ben").get(LIST).content.decode()
    assert "Maya Jensen" not in page and "Quayside" in page
    for who in ("ben", "cem", "dea"):
        assert cast.client(who).post(f"/duplicates/among/{pair.pk}/apart").status_code == 404
    assert "Quayside" not in cast.client("cem").get(LIST).content.decode()
    assert cast.client("ben").get("/duplicates/customer/among/lead").status_code == 404
    declared = LEAD.fields["emails"]
    object.__setattr__(declared, "see", "sales.secret")
    try:
        assert "Quayside" not in cast.client("ben").get(LIST).content.decode()
    finally:
        object.__setattr__(declared, "see", "")


def test_while_typing_the_company_counts_too(cast: Cast, ids: dict[str, UUID]) -> None:
    """Whom the lead writes for is looked for among companies."""
    found = asked(cast, "ben", "lead", name="New Person", company="Quayside Hostel")
    assert ("Quayside Hostel Ltd", "same name") in found
    assert asked(cast, "dea", "lead", name="New Person", company="Quayside Hostel") == []


def test_many_pairs_cost_what_few_do(cast: Cast, ids: dict[str, UUID]) -> None:
    """A page by the index; looking up two hundred leads costs the queries of one."""
    scan_type(cast.home, "lead")
    client = cast.client("ben")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        return len(queries)

    cost()
    few = cost()
    rows = [{"name": f"Maya Jensen {n}", "state": "new", "emails": ["maya@example.org"], "owner": cast.ben.pk} for n in range(40)]
    made = cast.system.create_many("lead", rows)
    KinPair.objects.bulk_create(
        [KinPair(workspace=cast.home, type="lead", record_id=pk, other_type="customer", other_id=ids["maya"], input="person",
                 score=75, evidence=[["email", ["emails", "<emails"], 75]]) for pk in made.ids.values()]
    )  # fmt: skip
    assert cost() == few
