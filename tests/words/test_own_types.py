"""A record type made in the settings is there on every surface as a shipped one is, in its own workspace only."""

from __future__ import annotations

import json

import pytest

from rapport.engines.timeline.read import read_timeline
from rapport.kernel.access import gate
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Role
from rapport.kernel.changes.history import history
from rapport.kernel.context import context_for
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.query.read import filtered, read_page
from rapport.kernel.query.search import search
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import TypeInfo, registry
from tests.cast import Cast


def define(cast: Cast, **more: object) -> TypeInfo:
    """Projects of a customer, with a budget and a state."""
    ana = cast.ctx("ana")
    ana.create("custom_type", **{"name": "Project", "plural": "Projects", "department": "sales", **more})
    for field in (
        {"label": "Customer", "kind": "reference", "to_type": "customer"}, {"label": "Budget", "kind": "number", "is_fast": True},
        {"label": "State", "kind": "choice", "choices": "Idea\nRunning\nDone"}, {"label": "Code", "kind": "text", "in_search": True},
    ):  # fmt: skip
        cast.ctx("ana").create("custom_field", on_type="x_project", **field)
    cast.ctx("ana")
    return registry.get("x_project")


def send(client: object, method: str, path: str, body: object = None) -> object:
    return getattr(client, method)(path, json.dumps(body), content_type="application/json")


def test_its_records_live_their_life_by_the_door(cast: Cast) -> None:
    """Created, read, changed, found, deleted, restored, and their history tells it."""
    info, ana = define(cast), cast.ctx("ana")
    fern = ana.create("customer", name="Fern & Co")
    hangar = ana.create("x_project", name="New hangar", c_customer=fern.pk, c_budget=500, c_state="Idea", c_code="QX-77")
    ana.create("x_project", name="Roof", c_budget=90)
    ana.write(hangar, c_state="Running")
    rows = read_page(ana, info, where=parse("c_state is Running"), sort="-c_budget").rows
    assert [row["name"] for row in rows] == ["New hangar"]
    assert [row["name"] for row in read_page(ana, info, sort="name").rows] == ["New hangar", "Roof"]
    assert [row["name"] for row in read_page(ana, info, where=parse('c_customer.name is "Fern & Co"')).rows] == ["New hangar"]
    customers = registry.get("customer")
    assert filtered(ana, customers, parse("has x_project_c_customer (c_budget > 100)")).count() == 1
    assert [(hit.title, hit.url) for hit in search(ana, "qx-77")] == [("New hangar", f"/x_project/{hangar.pk}")]
    ana.delete(hangar)
    with pytest.raises(Gone):
        gate.get(ana, info, hangar.pk)
    ana.restore(hangar)
    assert [line.change.verb for line in history(ana, info, hangar.pk)] == ["restore", "delete", "update", "create"]


def test_two_types_in_one_table_never_meet(cast: Cast) -> None:
    """A record is found under its own type only, whatever the address says."""
    define(cast)
    ana = cast.ctx("ana")
    ana.create("custom_type", name="Machine", plural="Machines")
    ana = cast.ctx("ana")
    project, machine = ana.create("x_project", name="P"), ana.create("x_machine", name="M")
    assert [row["name"] for row in read_page(ana, registry.get("x_machine")).rows] == ["M"]
    assert registry.of(machine).key == "x_machine"
    with pytest.raises(Gone):
        gate.get(ana, registry.get("x_machine"), project.pk)
    api = cast.api("ana")
    assert api.get(f"/api/v1/x_machine/{project.pk}").status_code == 404
    assert api.get(f"/api/v1/x_project/{project.pk}").status_code == 200
    with pytest.raises(Invalid, match="that you can see"):
        cast.ctx("ana").create("custom_field", label="Machine", kind="reference", to_type="x_machine", on_type="customer")
        cast.ctx("ana").create("customer", name="C", c_machine=project.pk)


def test_another_workspace_may_use_the_same_key_for_something_else(cast: Cast) -> None:
    """Dea's projects have other fields, and neither sees the other's type or records."""
    define(cast)
    mine = cast.ctx("ana").create("x_project", name="Mine")
    with use_workspace(cast.away):
        dea = context_for(cast.dea, "test")
        assert "x_project" not in registry
        with pytest.raises(Gone):
            dea.create("x_project", name="No")
        dea.create("custom_type", name="Project", plural="Projektchen")
        dea = context_for(cast.dea, "test")
        assert str(registry.get("x_project").plural) == "projektchen" and "c_budget" not in registry.get("x_project").fields
        dea.create("x_project", name="Hers")
        assert [row["name"] for row in read_page(dea, registry.get("x_project")).rows] == ["Hers"]
        with pytest.raises(Gone):
            gate.get(dea, registry.get("x_project"), mine.pk)
    cast.ctx("ana")
    assert str(registry.get("x_project").plural) == "projects"


def test_every_surface_has_it(cast: Cast) -> None:
    """List, grid rows, record page, form, export, search, API with its description, and the customer's page and story."""
    info, ana = define(cast), cast.ctx("ana")
    fern = ana.create("customer", name="Fern & Co")
    client, api = cast.client("ana"), cast.api("ana")
    made = client.post("/x_project/new", {"name": "Hangar", "c_customer": str(fern.pk), "c_budget": "1200", "c_state": "Idea"})
    assert made.status_code in (302, 303), made.content.decode()[:2000]
    row = read_page(ana, info).rows[0]
    assert row["c_budget"] == 1200 and row["c_customer"] == fern.pk
    page = client.get(f"/x_project/{row.id}").content.decode()
    assert "Hangar" in page and "Fern &amp; Co" in page and "1,200" in page
    listed = client.get("/x_project/").content.decode()
    assert "Hangar" in listed and "Projects" in listed and "/x_project/" in client.get("/customer/").content.decode()
    assert b"Hangar" in b"".join(client.get("/x_project/export.csv"))
    assert "Hangar" in client.get("/search?q=hangar").content.decode()
    theirs = client.get(f"/customer/{fern.pk}").content.decode()
    assert "Projects" in theirs and "Hangar" in theirs
    assert row.id in [entry.id for entry in read_timeline(ana, registry.get("customer"), fern.pk).entries]
    listing = api.get("/api/v1/x_project?filter=c_budget > 1000&sort=-c_budget").json()
    assert [item["name"] for item in listing["items"]] == ["Hangar"]
    sent = send(api, "post", "/api/v1/x_project", {"name": "By API", "c_state": "Done"})
    assert sent.status_code == 201 and sent.json()["c_state"] == "Done"
    assert send(api, "patch", sent.headers["Location"], {"c_state": "Idea"}).json()["c_state"] == "Idea"
    assert "x_project" in api.get("/api/v1/").content.decode()
    assert "Projects" in client.get("/settings/roles", follow=True).content.decode()


def test_a_role_sees_what_it_was_given(cast: Cast) -> None:
    """ "Nobody" is nobody: neither list nor record nor field of the API; "see" may look and not change."""
    define(cast, open_to="nobody")
    ana = cast.ctx("ana")
    hidden = ana.create("x_project", name="Secret")
    ben, api = cast.client("ben"), cast.api("ben")
    assert ben.get(f"/x_project/{hidden.pk}").status_code == 404 and api.get(f"/api/v1/x_project/{hidden.pk}").status_code == 404
    assert "Secret" not in ben.get("/search?q=secret").content.decode()
    with pytest.raises(Refused):
        cast.ctx("ben").create("x_project", name="No")
    ana.create("custom_type", name="Note", plural="Notes", open_to="see")
    note = cast.ctx("ana").create("x_note", name="Open")
    assert gate.get(cast.ctx("ben"), registry.get("x_note"), note.pk).pk == note.pk
    with pytest.raises(Refused):
        cast.ctx("ben").write(note, name="No")
    assert Role.objects.get(key="sales").rights["x_note"] == {"view": "all", "export": "all"}


def test_deleting_the_type_hides_its_records_and_restoring_brings_them_back(cast: Cast) -> None:
    """Everything that knew it goes on working meanwhile, the customer's page and the fields that point at it too."""
    define(cast)
    ana = cast.ctx("ana")
    fern = ana.create("customer", name="Fern")
    ana.create("x_project", name="Kept", c_customer=fern.pk)
    row = registry.get("custom_type").model.objects.get(key="x_project")
    ana.delete(row)
    client = cast.client("ana")
    assert client.get("/x_project/").status_code == 404 and client.get(f"/customer/{fern.pk}").status_code == 200
    assert "Kept" not in client.get("/search?q=kept").content.decode()
    cast.ctx("ana").restore(row)
    assert "Kept" in cast.client("ana").get("/x_project/").content.decode()
