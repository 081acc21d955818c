"""Search, look-up, duplicates and quick add: what is found is what the viewer may see."""

from __future__ import annotations

from rapport.kernel.ids import new_id
from rapport.kernel.query.search import remember, search
from tests.cast import Cast, first_stage_id, hide_group
from tests.factory import make

HTMX = {"HX-Request": "true"}


def test_search_finds_over_all_types_through_the_gate(cast: Cast) -> None:
    """Own records by title and by phone digits; strangers' never."""
    make(cast.ctx("ben"), "customer", name="Lantern Street Bakery", phones=["+353 1 555 0187"], owner=cast.ben.pk)
    client = cast.client("ben")
    assert "<b>Lantern</b> Street Bakery" in client.get("/search?q=lantern").content.decode()
    part = client.get("/search?q=5550187", headers=HTMX).content.decode()
    assert "Lantern Street Bakery" in part and "<html" not in part
    for stranger in ("cem", "dea"):
        assert "Lantern Street" not in cast.client(stranger).get("/search?q=lantern").content.decode()


def test_nothing_found_offers_to_write_it_down(cast: Cast) -> None:
    """No dead end."""
    html = cast.client("ana").get("/search?q=zzzz<b>").content.decode()
    assert "Nothing found for “zzzz&lt;b&gt;”" in html and "/quick-add?title=zzzz%3Cb%3E" in html


def test_look_up_is_guarded_and_narrowed(cast: Cast) -> None:
    """Comboboxes offer visible records, narrowed by the filter of the field."""
    ctx = cast.ctx("ben")
    make(ctx, "customer", name="Ann Byrne", kind="person", owner=cast.ben.pk)
    make(ctx, "customer", name="Anchor Ltd", kind="company", owner=cast.ben.pk)
    client = cast.client("ben")
    found = [one["text"] for one in client.get("/lookup/customer?q=an").json()["results"]]
    assert found == ["Anchor Ltd", "Ann Byrne"]
    narrowed = client.get("/lookup/customer", {"q": "an", "only": "kind is person"}).json()["results"]
    assert [one["text"] for one in narrowed] == ["Ann Byrne"]
    assert cast.client("cem").get("/lookup/customer?q=an").json()["results"] == []
    assert cast.client("dea").get("/lookup/customer?q=an").json()["results"] == []
    assert client.get("/lookup/custom_field?q=a").status_code == 403


def test_look_up_filter_cannot_ask_for_hidden_fields(cast: Cast) -> None:
    """The filter of a look-up is a filter like any other."""
    make(cast.ctx("ben"), "customer", name="Ann", owner=cast.ben.pk)
    hide_group(cast, "sales", "customers.figures")
    assert cast.client("ben").get("/lookup/customer", {"q": "a", "only": "turnover > 5"}).status_code == 422


def test_duplicates_by_phone_e_mail_and_near_name(cast: Cast) -> None:
    """Another way to write the same phone, the same address, a misspelt name: each names its reason."""
    make(
        cast.ctx("ben"),
        "customer",
        name="Hotel Aldersley",
        emails=["desk@aldersley.ie"],
        phones=["+353 1 555 0119"],
        owner=cast.ben.pk,
    )
    client = cast.client("ben")
    for query, why in [
        ({"phones": "(01) 555-0119"}, "same phone"),
        ({"emails": "Desk@Aldersley.ie"}, "same e-mail"),
        ({"name": "Hotel Aldersly"}, "name 97 % alike"),
    ]:
        found = client.get("/duplicates/customer", query).json()["results"]
        assert [one["text"] for one in found] == ["Hotel Aldersley"] and why in found[0]["why"], query
    assert client.get("/duplicates/customer", {"name": "Hostel Quayside"}).json()["results"] == []
    for stranger in ("cem", "dea"):
        assert cast.client(stranger).get("/duplicates/customer", {"name": "Hotel Aldersley"}).json()["results"] == []


def test_quick_add_saves_the_few_fields(cast: Cast) -> None:
    """Name and e-mail are enough; the record opens, Undo is offered."""
    client = cast.client("ben")
    assert "New lead" in client.get("/quick-add?type=lead").content.decode()
    response = client.post("/quick-add", {"type": "lead", "name": "Dara Whelan", "emails": "dara@deli.ie"}, follow=True)
    html = response.content.decode()
    assert response.status_code == 200 and "Dara Whelan" in html and "Lead saved." in html and "Undo" in html


def test_quick_add_keeps_what_was_typed_when_refused(cast: Cast) -> None:
    """Each mistake stands beside its field."""
    response = cast.client("ben").post("/quick-add", {"type": "customer", "name": "", "emails": "not an address"})
    html = response.content.decode()
    assert response.status_code == 422 and "Name is needed." in html and "not an address" in html


def test_quick_add_refuses_what_the_role_refuses(cast: Cast) -> None:
    """A type outside the role or outside the navigation is not there."""
    assert cast.client("ben").get("/quick-add?type=custom_field").status_code == 404
    assert cast.client("ben").post("/quick-add", {"type": "pipeline", "name": "Mine"}).status_code == 404


def test_the_palette_acts_on_the_record_one_looks_at(cast: Cast) -> None:
    """From a deal's page its buttons are offered; from a stranger's address nothing is, and nothing is told."""
    deal = make(cast.ctx("ben"), "deal", name="Wings for Connacht", owner=cast.ben.pk, stage=first_stage_id())
    here = {**HTMX, "HX-Current-URL": f"http://testserver/deal/{deal.pk}"}
    html = cast.client("ben").get("/search?q=", headers=here).content.decode()
    assert "With “Wings for Connacht”" in html and f"/deal/{deal.pk}/do/lose" in html
    assert f"/deal/{deal.pk}/do/win" in cast.client("ben").get("/search?q=>won", headers=here).content.decode()
    assert "Connacht" not in cast.client("dea").get("/search?q=", headers=here).content.decode()


def test_the_palette_goes_and_adds_only_where_the_role_allows(cast: Cast) -> None:
    """`>` shows actions and pages alone, those of the viewer's role."""
    html = cast.client("ana").get("/search?q=>invite", headers=HTMX).content.decode()
    assert "/settings/people/invite" in html and "Records" not in html
    assert "/settings/people/invite" not in cast.client("ben").get("/search?q=>invite", headers=HTMX).content.decode()
    assert "/lead/new" in cast.client("ben").get("/search?q=new lead", headers=HTMX).content.decode()


def test_an_old_record_is_found_with_a_slip_behind_five_thousand_newer_ones(cast: Cast) -> None:
    """What they share with it is a piece of the name; what stands before and behind the slip is not."""
    old = make(cast.system, "customer", name="Grace Henderson", kind="person", owner=cast.ben.pk)
    other = make(cast.system, "customer", name="Siobhan Whisnie", kind="person", owner=cast.ben.pk)
    newer = [(cast.home.pk, "customer", new_id(), "", f"hendricks{n}", f"hendricks{n} grace whisky dersen") for n in range(5_000)]
    remember(newer)
    ctx = cast.ctx("ben")
    for text in ("hendersen", "hendrson", "hendesron", "hendedrson", "grace hendersen", "henderson grace"):
        assert old.pk in [hit.id for hit in search(ctx, text)], text
    assert other.pk in [hit.id for hit in search(ctx, "siobhan whsinie")]
