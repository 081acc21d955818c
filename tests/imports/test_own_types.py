"""A record type of the company's own comes in by the page, the command line and the API like a shipped one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rapport.engines.imports import session
from rapport.engines.imports.run import Wish, import_file
from rapport.kernel.jobs.runner import run_due
from rapport.kernel.query.read import read_page
from rapport.kernel.records.registry import registry
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def test_own_records_come_in_on_every_way(committed_cast: Cast, tmp_path: Path) -> None:
    """Columns are found by the labels of the fields, references by name; problems are told, the rest is there."""
    cast = committed_cast
    cast.ctx("ana").create("custom_type", name="Project", plural="Projects", department="sales")
    for field in (
        {"label": "Customer", "kind": "reference", "to_type": "customer"}, {"label": "Budget", "kind": "number"},
        {"label": "State", "kind": "choice", "choices": "Idea\nRunning"}, {"label": "Code", "kind": "text", "is_unique": True},
    ):  # fmt: skip
        cast.ctx("ana").create("custom_field", on_type="x_project", **field)
    ctx = cast.ctx("ana")
    ctx.create("customer", name="Fern")
    text = "Name,Customer,Budget,State,Code\nRoof {0},Fern,1200,running,{0}1\nHall {0},Nobody,5,Idea,{0}2\nYard {0},,7,Idea,{0}1\n"

    (tmp_path / "p.csv").write_text(text.format("cli"))
    report = import_file(cast.ctx("ana", "cli"), Wish(tmp_path / "p.csv", type="x_project", match="name"))
    assert (report.total.created, report.total.rejected) == (1, 2)

    client = cast.api("ana")
    made = client.post("/api/v1/imports?name=p.csv", data=text.format("api").encode(), content_type="text/csv").json()
    plan = {"as": "x_project", "match": ["name"], "columns": {
        "Name": "name", "Customer": "c_customer", "Budget": "c_budget", "State": "c_state", "Code": "c_code",
    }}  # fmt: skip
    one = f"/api/v1/imports/{made['id']}"
    assert client.patch(one, json.dumps({"plan": plan}), content_type="application/json").status_code == 200
    client.post(f"{one}/check", content_type="application/json")
    run_due()
    assert [row["line"] for row in client.get(f"{one}/rows").json()["items"]] == [3, 4]
    client.post(f"{one}/run", content_type="application/json")
    run_due()

    run = session.take_in(ctx, "p.csv", [text.format("page").encode()])
    browser = cast.client("ana")
    page = browser.get(f"/settings/import/{run.pk}/columns").content.decode()
    assert "x_project:c_budget" in page or 'value="x_project"' in page
    form = {f"t{at}": f"x_project:{key}" for at, key in enumerate(("name", "c_customer", "c_budget", "c_state", "c_code"))}
    browser.post(f"/settings/import/{run.pk}/columns", {"shapes": ["x_project"], **form})
    run_due()
    assert "Nobody" in browser.get(f"/settings/import/{run.pk}/check").content.decode()
    browser.post(f"/settings/import/{run.pk}/do", {"do": "run"})
    run_due()

    rows = {row["name"]: row for row in read_page(cast.ctx("ana"), registry.get("x_project")).rows}
    assert sorted(rows) == ["Roof api", "Roof cli", "Roof page"]
    assert {(row["c_budget"], row["c_state"]) for row in rows.values()} == {(1200, "Running")}
    assert len({row["c_customer"] for row in rows.values()}) == 1
