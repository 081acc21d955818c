"""Saved views: private, for a team, for everyone; what one opens shows no more than its viewer may see."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.kernel.access import gate
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.money import Money
from rapport.kernel.query.read import read_page
from rapport.kernel.records.registry import registry
from tests.cast import Cast, first_stage_id, hide_group
from tests.factory import make
from tests.web.test_list import names

HTMX = {"HX-Request": "true"}


def _tabs(cast: Cast, who: str, path: str = "/customer/") -> list[str]:
    html = cast.client(who).get(path).content.decode()
    return [one.strip() for one in re.findall(r'<a class="tab" [^>]*>([^<]+)', html)]


def _hotels(cast: Cast) -> None:
    ctx = cast.ctx("ana")
    make(ctx, "customer", name="Hotel A", industry="Hotel", owner=cast.ben.pk)
    make(ctx, "customer", name="Hotel B", industry="Hotel", owner=cast.cem.pk)
    make(ctx, "customer", name="Shop C", industry="Retail", owner=cast.ben.pk)


def test_the_state_of_a_list_is_kept_under_a_name(cast: Cast) -> None:
    """Filter, sort, columns and group; the address that opens it says them all, since nobody else can open it."""
    _hotels(cast)
    client = cast.client("ben")
    state = "/customer/views/new?filter=industry+is+Hotel&sort=-name&columns=name,industry&group=stage"
    assert "Only me" in client.get(state, headers=HTMX).content.decode()
    response = client.post(state, {"name": "Hotels", "audience": "private"})
    address = response.headers["Location"]
    said = parse_qs(urlparse(address).query)
    assert said["filter"] == ["industry is Hotel"] and said["sort"] == ["-name"] and said["group"] == ["stage"]
    html = client.get(address).content.decode()
    assert "Hotels" in html and 'data-group="' in html and "View “Hotels” saved." in html
    short = client.get(f"/customer/?view={said['view'][0]}")
    assert short.status_code == 302 and parse_qs(urlparse(short.headers["Location"]).query)["filter"] == said["filter"]


def test_a_mailed_address_shows_the_same_list_to_whoever_cannot_open_the_view(cast: Cast) -> None:
    """The view is private, its state is not lost, and what is seen is what the reader may see."""
    _hotels(cast)
    view = cast.ctx("ana").create("view", name="Hotels", on_type="customer", matching="industry is Hotel")
    client = cast.client("ana")
    address = client.get(f"/customer/?view={view.pk}").headers["Location"]
    assert names(client.get(address).content.decode()) == ["Hotel B", "Hotel A"]
    html = cast.client("ben").get(address).content.decode()
    assert names(html) == ["Hotel A"] and "The view in this address is not there for you" in html
    assert "Hotels" not in html


def test_views_are_private_for_a_team_or_for_everyone(cast: Cast) -> None:
    """Nobody meets what was not opened to them: not as a tab, not by its address, not over the API's door."""
    _hotels(cast)
    ben, info = cast.ctx("ben"), registry.get("view")
    private = ben.create("view", name="Mine", on_type="customer")
    team = ben.create("view", name="North only", on_type="customer", audience="team", to_team=cast.ben.team_id)
    all_ = ben.create("view", name="For all", on_type="customer", audience="everyone")
    assert _tabs(cast, "ben")[-3:] == ["Mine", "North only", "For all"]
    assert _tabs(cast, "cem")[-1] == "For all" and "North only" not in _tabs(cast, "cem")
    # The owner of the workspace may see every view, and is still not flooded with them.
    assert "Mine" not in _tabs(cast, "ana") and "For all" in _tabs(cast, "ana")
    assert "For all" not in _tabs(cast, "dea")
    cem = cast.ctx("cem")
    for hidden in (private, team):
        with pytest.raises(Gone):
            gate.get(cem, info, hidden.pk)
    assert gate.get(cem, info, all_.pk).pk == all_.pk
    with pytest.raises(Refused):
        cem.write(gate.get(cem, info, all_.pk), name="Taken over")
    ben.write(all_, audience="private")
    with pytest.raises(Gone):
        gate.get(cem, info, all_.pk)


def test_others_change_a_view_only_where_its_owner_lets_them_and_never_for_whom_it_is(cast: Cast) -> None:
    """Read-only for others unless said otherwise."""
    ben, info = cast.ctx("ben"), registry.get("view")
    view = ben.create("view", name="For all", on_type="customer", audience="everyone", others_may="edit")
    cem = cast.ctx("cem")
    theirs = gate.get(cem, info, view.pk)
    cem.write(theirs, matching="industry is Hotel")
    with pytest.raises(Refused):
        cem.write(theirs, audience="private")
    with pytest.raises(Refused):
        cem.delete(theirs)
    client = cast.client("cem")
    saved = client.post(f"/customer/views/{view.pk}/save?view={view.pk}&filter=industry+is+Retail")
    assert saved.status_code == 302
    assert gate.get(cast.ctx("ben"), info, view.pk).matching == "industry is Retail"  # type: ignore[attr-defined]


def test_a_filter_by_a_hidden_field_says_so_and_shows_neither_rows_nor_the_filter(cast: Cast) -> None:
    """Hidden and gone answer alike, and nothing of the filter is on the page; a sort and columns by it are left out."""
    make(cast.ctx("ben"), "deal", name="Big", stage=first_stage_id(), amount=Money(123400, "EUR"), owner=cast.ben.pk)
    view = cast.ctx("ana").create(
        "view", name="Large", on_type="deal", matching="amount > 98765", sorting="-amount", columns="name,amount",
        audience="everyone",
    )  # fmt: skip
    assert names(cast.client("ben").get(f"/deal/?view={view.pk}").content.decode()) == []
    plain = cast.ctx("ana").create("view", name="Plain", on_type="deal", sorting="-amount,name", columns="name,amount",
                                   audience="everyone")  # fmt: skip
    hide_group(cast, "sales", "sales.amounts")
    client = cast.client("ben")
    response = client.get(f"/deal/?view={view.pk}")
    html = response.content.decode()
    assert response.status_code == 422 and "This view asks for a field that is not there for you" in html
    assert "98765" not in html and "mount" not in html and names(html) == []
    assert client.get("/deal/tabs", headers=HTMX).status_code == 200
    html = client.get(f"/deal/?view={plain.pk}").content.decode()
    assert names(html) == ["Big"] and "mount" not in html and "1,234" not in html
    with pytest.raises(Invalid, match="has no field “amount”"):
        cast.ctx("ben").create("view", name="Mine", on_type="deal", matching="amount > 5")


def test_rename_share_change_delete_and_undo(cast: Cast) -> None:
    """Everything by the page; Undo brings a deleted view back."""
    _hotels(cast)
    client, info = cast.client("ben"), registry.get("view")
    client.post("/customer/views/new?filter=industry+is+Hotel", {"name": "Hotels", "audience": "private"})
    view = info.model.objects.get(name="Hotels")
    assert client.post("/customer/views/new", {"name": "", "audience": "private"}, headers=HTMX).status_code == 422
    client.post(f"/customer/views/{view.pk}/edit?view={view.pk}", {"name": "Inns", "audience": "team"})
    assert "Inns" in _tabs(cast, "ben") and "Inns" not in _tabs(cast, "cem")
    html = client.get(f"/customer/?view={view.pk}&filter=industry+is+Retail").content.decode()
    assert "Save view" in html and "Save as" in html
    client.post(f"/customer/views/{view.pk}/save?view={view.pk}&filter=industry+is+Retail")
    assert names(client.get(f"/customer/?view={view.pk}").content.decode()) == ["Shop C"]
    client.post(f"/customer/views/{view.pk}/delete")
    html = client.get("/customer/").content.decode()
    assert "Inns" not in _tabs(cast, "ben")
    mark = re.search(rf"view:{view.pk}:\d+", html)
    assert mark and client.post("/undo", {"what": mark[0]}).status_code == 302
    assert "Inns" in _tabs(cast, "ben")
    assert cast.client("cem").post(f"/customer/views/{view.pk}/delete").status_code == 404
    assert client.post(f"/deal/views/{view.pk}/delete").status_code == 404


def test_each_person_chooses_default_order_and_pins_for_themselves(cast: Cast) -> None:
    """A bare address opens the default; one that says anything means what it says, for everybody."""
    _hotels(cast)
    view = cast.ctx("ana").create("view", name="Hotels", on_type="customer", matching="industry is Hotel", audience="everyone")
    client = cast.client("ben")
    for what in ("default", "pin", "earlier"):
        assert client.post(f"/customer/views/choose?view={view.pk}", {"do": what}).status_code == 302
    bare = client.get("/customer/")
    assert bare.status_code == 302 and f"view={view.pk}" in bare.headers["Location"]
    assert names(client.get("/customer/?filter=industry+is+Retail").content.decode()) == ["Shop C"]
    assert client.get("/customer/rows").status_code == 302
    html = client.get("/customer/?view=all-customers").content.decode()
    assert 'href="/customer/?view=all-customers" aria-current="page"' in html, "the tab beside a default names its view"
    assert 'class="nav-list nav-pins"' in html and f"/customer/?view={view.pk}" in html.split("nav-pins")[1]
    tabs = [one.strip() for one in re.findall(r'<a class="tab" [^>]*>([^<]+)', html)]
    assert tabs[-2] == "Hotels"
    assert "nav-pins" not in cast.client("cem").get("/").content.decode()
    assert cast.client("cem").get("/customer/").status_code == 200
    client.post(f"/customer/views/choose?view={view.pk}", {"do": "default"})
    assert client.get("/customer/").status_code == 200
    # A pinned view that its owner takes back leaves the navigation too.
    cast.ctx("ana").write(gate.get(cast.ctx("ana"), registry.get("view"), view.pk), audience="private")
    assert "nav-pins" not in client.get("/").content.decode()


def test_views_cost_two_queries_however_many_there_are(cast: Cast) -> None:
    """The tabs do not make a list slower with every view saved."""
    client, counts = cast.client("ben"), []
    client.get("/customer/")
    for more in (1, 8):
        for n in range(more):
            cast.ctx("ben").create("view", name=f"View {more} {n}", on_type="customer", matching="industry is Hotel")
        with CaptureQueriesContext(connection) as queries:
            client.get("/customer/?view=people")
        counts.append(len(queries))
    assert counts[0] == counts[1], [q["sql"][:120] for q in queries]


def test_shift_click_and_the_menu_build_a_sort_of_several_fields(cast: Cast) -> None:
    """A head names the address of the sort alone and with itself added; the menu turns round, raises and drops."""
    ctx = cast.ctx("ana")
    for name, stage in (("A", "lead"), ("B", "customer"), ("C", "lead")):
        make(ctx, "customer", name=name, stage=stage)
    client = cast.client("ana")
    html = client.get("/customer/?sort=-name").content.decode()
    assert 'data-add-sort="/customer/?sort=-name%2Cupdated_at"' in html
    html = client.get("/customer/?sort=updated_at,-name").content.decode()
    assert "Sort by name earlier" in html and "/customer/?sort=-name%2Cupdated_at" in html
    assert read_page(ctx, registry.get("customer"), sort="-name").rows
    assert client.get("/customer/?sort=name,-name").status_code == 422
