"""Lists: views, filters, sorting, pages, totals, bulk work; hidden fields and strangers' records stay out."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.money import Money
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group
from tests.factory import make

HTMX = {"HX-Request": "true"}
#: Session, account, user with role and workspace, what the person chose among views, saved views, rows, titles of owners.
LIST_QUERIES = 7


def names(html: str) -> list[str]:
    """The titles of the rows in their order."""
    return re.findall(r'<a class="trunc m" href="[^"]+">([^<]+)</a>', html)


def test_list_shows_what_the_viewer_may_see(cast: Cast) -> None:
    """Own and team records, not the other team's, never another workspace's."""
    make(cast.ctx("ben"), "customer", name="Ben's bakery", owner=cast.ben.pk)
    make(cast.ctx("ana"), "customer", name="Cem's cinema", owner=cast.cem.pk)
    assert names(cast.client("ben").get("/customer/").content.decode()) == ["Ben&#39;s bakery"]
    assert len(names(cast.client("ana").get("/customer/").content.decode())) == 2
    assert names(cast.client("dea").get("/customer/").content.decode()) == []


def test_view_is_a_tab_with_its_filter_and_sort(cast: Cast) -> None:
    """A saved view is an address; the default view is the first."""
    ctx = cast.ctx("ana")
    make(ctx, "customer", name="Zed", kind="company")
    make(ctx, "customer", name="Ann", kind="person")
    client = cast.client("ana")
    assert names(client.get("/customer/").content.decode()) == ["Ann", "Zed"]
    html = client.get("/customer/?view=people").content.decode()
    assert names(html) == ["Ann"] and 'aria-current="page">People' in html
    assert client.get("/customer/?view=nonsense").status_code == 200


def test_filter_in_the_address_narrows_and_its_chip_takes_it_away(cast: Cast) -> None:
    """The text form of the grammar, shown as chips with an address each for removal."""
    ctx = cast.ctx("ana")
    make(ctx, "customer", name="Hotel A", industry="Hotel")
    make(ctx, "customer", name="Shop B", industry="Retail")
    html = cast.client("ana").get("/customer/", {"filter": "industry is Hotel and name contains a"}).content.decode()
    assert names(html) == ["Hotel A"]
    assert "Remove filter Industry Hotel" in html and "/customer/?filter=name+contains+a" in html


def test_broken_filter_keeps_what_was_typed_and_says_why(cast: Cast) -> None:
    """The sentence stands beside the field; the text is still in it."""
    response = cast.client("ana").get("/customer/", {"filter": "colour is blue"})
    html = response.content.decode()
    assert response.status_code == 422 and "has no field “colour”" in html and ">colour is blue</textarea>" in html


def test_hidden_field_reads_as_unknown_in_filter_sort_and_columns(cast: Cast) -> None:
    """Without the group there is no column, no filter, no sort, no sum."""
    ben = cast.ctx("ben")
    customer = make(ben, "customer", name="Hotel", owner=cast.ben.pk)
    make(
        ben,
        "deal",
        name="Big",
        customer=customer.pk,
        stage=first_stage_id(),
        amount=Money(123400, "EUR"),
        owner=cast.ben.pk,
    )
    client = cast.client("ben")
    assert "1,234" in client.get("/deal/").content.decode()
    assert "1,234" in client.get("/deal/totals", headers=HTMX).content.decode()
    hide_group(cast, "sales", "sales.amounts")
    for path in ("/deal/", "/deal/?columns=name,amount", "/deal/totals"):
        html = client.get(path, headers=HTMX if "totals" in path else {}).content.decode()
        assert "1,234" not in html and "mount" not in html
    assert client.get("/deal/", {"filter": "amount > 5"}).status_code == 422
    assert client.get("/deal/", {"sort": "amount"}).status_code == 422
    assert "amount" not in client.get("/deal/filter", headers=HTMX).content.decode()


def test_sorting_by_a_column_without_index_is_refused_with_advice(cast: Cast) -> None:
    """Only fields with an index sort; the sentence names them."""
    response = cast.client("ana").get("/customer/", {"sort": "note"})
    assert response.status_code == 422 and "Lists cannot be sorted" in response.content.decode()


def test_pages_follow_each_other_without_gap(cast: Cast) -> None:
    """Keyset pages: the row at the end of a page brings the next, and every record comes once."""
    rows = [{"name": f"Customer {i:03}", "kind": "company"} for i in range(120)]
    assert not cast.ctx("ana").create_many("customer", rows).errors
    client = cast.client("ana")
    html, seen = client.get("/customer/").content.decode(), []
    for _page in range(5):
        seen += names(html)
        found = re.search(r'hx-get="(/customer/rows\?[^"]+)"', html)
        if not found:
            break
        html = client.get(found[1].replace("&amp;", "&"), headers=HTMX).content.decode()
        assert "<html" not in html
    assert seen == [row["name"] for row in rows]


def test_foreign_cursor_is_refused(cast: Cast) -> None:
    """A page mark of another sort or made up is no way in."""
    assert cast.client("ana").get("/customer/", {"cursor": "bm9uc2Vuc2U"}).status_code == 422


def test_counts_and_totals_come_capped_and_guarded(cast: Cast) -> None:
    """Tabs and foot count what this viewer sees."""
    make(cast.ctx("ben"), "customer", name="One", owner=cast.ben.pk)
    make(cast.ctx("ana"), "customer", name="Two", owner=cast.cem.pk)
    ben = cast.client("ben").get("/customer/totals", headers=HTMX).content.decode()
    assert "<b>1</b> customer" in ben
    tabs = cast.client("ana").get("/customer/tabs", headers=HTMX).content.decode()
    assert re.search(r'All customers\s*<span class="n">2</span>', tabs)


def test_first_run_teaches_and_a_filtered_empty_list_says_what_to_loosen(cast: Cast) -> None:
    """Nothing there at all reads differently from nothing left over."""
    client = cast.client("ana")
    assert "Your customers in one place" in client.get("/customer/").content.decode()
    make(cast.ctx("ana"), "customer", name="Hotel", industry="Hotel")
    html = client.get("/customer/", {"filter": "industry is Hotel and name is Nobody"}).content.decode()
    assert "Nothing fits all of these conditions" in html
    loosen = html.split("Take one away")[1]
    assert "Name Nobody" in loosen and "Industry Hotel" not in loosen


def test_chosen_columns_are_in_the_address(cast: Cast) -> None:
    """The form of the columns leads to the address that holds them; the title stays first."""
    make(cast.ctx("ana"), "customer", name="Hotel", industry="Hotel")
    response = cast.client("ana").get("/customer/?column=industry&column=website")
    assert response.status_code == 302 and "columns=industry%2Cwebsite" in response.headers["Location"]
    html = cast.client("ana").get(response.headers["Location"]).content.decode()
    assert len(re.findall(r'<th scope="col"', html)) == 3


def test_filter_builder_makes_the_text(cast: Cast) -> None:
    """Field, operator and value become a condition beside the ones that are there."""
    client = cast.client("ana")
    query = {"filter": "kind is company", "field": "stage", "op": "in", "value": "prospect, customer", "add": "1"}
    response = client.get("/customer/filter", query)
    assert response.status_code == 302
    assert "stage+is+any+of+%28prospect%2C+customer%29" in response.headers["Location"]
    again = client.get("/customer/filter", {"field": "name", "op": "is", "value": "", "add": "1"})
    assert "Give a value to compare with" in again.content.decode()
    owner = client.get("/customer/filter", {"field": "owner", "op": "is", "value__text": "me", "add": "1"})
    assert "owner+is+me" in owner.headers["Location"]
    date = client.get("/customer/filter", {"field": "created_at", "op": ">", "when": "days_ago", "days": "7", "add": "1"})
    assert "created_at+%3C+today-7d" in date.headers["Location"]


@pytest.mark.parametrize(
    "type_key", ["customer", "deal", "lead", "task", "activity", "user", "stage", "role", "affiliation"]
)
def test_every_view_of_every_type_opens(cast: Cast, type_key: str) -> None:
    """Each saved view and its parts answer."""
    make(cast.ctx("ana"), type_key)
    client = cast.client("ana")
    html = client.get(f"/{type_key}/").content.decode()
    for address in set(re.findall(r'class="tab" href="([^"]+)"', html)):
        assert client.get(address).status_code == 200
    for part in ("rows", "tabs", "totals", "filter"):
        assert client.get(f"/{type_key}/{part}", headers=HTMX).status_code == 200


def test_query_count_of_a_list_is_fixed(cast: Cast) -> None:
    """Fifty rows cost as many queries as one."""
    client = cast.client("ana")
    ctx = cast.ctx("ana")
    make(ctx, "customer", name="One", owner=cast.ben.pk)
    client.get("/customer/")
    counts = []
    for more in (0, 49):
        ctx.create_many("customer", [{"name": f"N {i}", "owner": cast.cem.pk} for i in range(more)])
        with CaptureQueriesContext(connection) as queries:
            client.get("/customer/")
        counts.append(len(queries))
    assert counts == [LIST_QUERIES, LIST_QUERIES], [q["sql"][:90] for q in queries]


def test_ticked_rows_are_deleted_and_come_back(cast: Cast) -> None:
    """One toast, one Undo for all of them."""
    ctx = cast.ctx("ana")
    some = [make(ctx, "customer", name=f"C{i}") for i in range(3)]
    client = cast.client("ana")
    response = client.post("/customer/bulk", {"id": [str(c.pk) for c in some[:2]], "do": "delete"}, follow=True)
    html = response.content.decode()
    assert "2 deleted." in html and names(html) == ["C2"]
    marks = re.search(r'name="what" value="([^"]+)"', html)
    assert marks
    client.post("/undo", {"what": marks[1]})
    assert len(names(client.get("/customer/").content.decode())) == 3


def test_bulk_asks_for_the_owner_first_and_changes_only_what_may_be_changed(cast: Cast) -> None:
    """A record out of reach is left alone and told."""
    ben, ana = cast.ctx("ben"), cast.ctx("ana")
    mine = make(ben, "customer", name="Mine", owner=cast.ben.pk)
    other = make(ana, "customer", name="Other", owner=cast.cem.pk)
    ids = [str(mine.pk), str(other.pk)]
    client = cast.client("ana")
    assert "Change owner" in client.post("/customer/bulk", {"id": ids, "do": "owner"}).content.decode()
    sent = {
        "id": ids,
        "do": "owner",
        "confirmed": "1",
        "in_owner": str(cast.ben.pk),
        "in_owner__text": "Ben Moore",
        "in_owner__was": "Ben Moore",
    }
    assert client.post("/customer/bulk", sent).status_code == 302
    other.refresh_from_db()
    assert other.owner_id == cast.ben.pk
    stranger = cast.client("dea").post("/customer/bulk", {"id": ids, "do": "delete"}, follow=True)
    mine.refresh_from_db()
    assert mine.deleted_at is None and "you may not see them" in stranger.content.decode()


def test_bulk_action_runs_with_its_inputs(cast: Cast) -> None:
    """A declared action over several records; without its reason it asks again."""
    ctx = cast.ctx("ana")
    leads = [make(ctx, "lead", name=f"L{i}") for i in range(2)]
    ids = [str(one.pk) for one in leads]
    client = cast.client("ana")
    asked = client.post("/lead/bulk", {"id": ids, "do": "run:drop", "confirmed": "1", "in_reason": ""})
    assert asked.status_code == 422 and "is needed" in asked.content.decode()
    client.post("/lead/bulk", {"id": ids, "do": "run:drop", "confirmed": "1", "in_reason": "No budget"})
    assert {registry.get("lead").model.objects.get(pk=one.pk).state for one in leads} == {"dropped"}


def test_bulk_without_ticks_or_with_an_unknown_action_is_refused(cast: Cast) -> None:
    """Nothing ticked, nothing done."""
    client = cast.client("ana")
    customer = make(cast.ctx("ana"), "customer", name="One")
    assert client.post("/customer/bulk", {"do": "delete"}).status_code == 422
    assert client.post("/customer/bulk", {"id": str(customer.pk), "do": "explode"}).status_code == 404
    assert client.post("/customer/bulk", {"id": str(customer.pk), "do": "run:explode"}).status_code == 404


def test_quick_row_adds_by_name_or_opens_the_form(cast: Cast) -> None:
    """A name is enough for a customer; a deal needs a stage, so its form opens with the name kept."""
    client = cast.client("ana")
    client.post(
        "/quick-add", {"type": "customer", "row": "1", "title": "Quick One", "back": "/customer/?view=companies"}
    )
    assert "Quick One" in client.get("/customer/").content.decode()
    response = client.post("/quick-add", {"type": "deal", "row": "1", "title": "Quick Deal"})
    assert response.headers["Location"] == "/deal/new?name=Quick+Deal"
    outside = client.post(
        "/quick-add", {"type": "customer", "row": "1", "title": "Two", "back": "https://example.org/"}
    )
    assert outside.headers["Location"] == "/customer/"
