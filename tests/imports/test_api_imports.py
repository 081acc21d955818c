"""Imports over the API: the same engine, plans and rights as the page; refused, missing and wrong answer as everywhere."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from rapport.engines.imports.models import ImportRun
from rapport.kernel.access.models import Role
from rapport.kernel.jobs.runner import run_due
from tests.cast import Cast
from tests.imports.conftest import names

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "Company,E-mail\nFern Ltd,a@fern.example\nOak Ltd,nonsense\nElm Ltd,b@elm.example\n"
AT = "/api/v1/imports"


def send(client: Client, text: str = TEXT) -> dict[str, object]:
    """Upload a file."""
    answer = client.post(f"{AT}?name=firms.csv", data=text.encode(), content_type="text/csv")
    assert answer.status_code == 201, answer.content
    return answer.json()


def patch(client: Client, at: str, body: dict[str, object]) -> object:
    return client.patch(at, data=json.dumps(body), content_type="application/json")


def test_from_upload_to_taking_it_back(committed_cast: Cast) -> None:
    """Upload, change the plan, check, mend a cell, run, revert; each state is told."""
    client = committed_cast.api("ana")
    made = send(client)
    one = f"{AT}/{made['id']}"
    assert made["state"] == "draft" and made["plan"]["steps"][0]["as"] == "customer"  # type: ignore[index]
    plan = {"as": "customer", "columns": {"Company": "name", "E-mail": "emails"}, "match": ["name"], "set": {"kind": "company"}}
    assert patch(client, one, {"plan": plan}).status_code == 200  # type: ignore[attr-defined]
    assert client.post(f"{one}/check", content_type="application/json").status_code == 202
    run_due()
    assert client.get(one).json()["checked"]["created"] == 2 and names() == []
    rows = client.get(f"{one}/rows").json()["items"]
    assert [row["line"] for row in rows] == [3] and rows[0]["problems"][0]["column"] == "E-mail"
    mended = patch(client, f"{one}/rows/3", {"cells": {"1": "oak@oak.example"}})
    assert mended.json()["is_open"] is False  # type: ignore[attr-defined]
    assert patch(client, f"{one}/rows/4", {"left_out": True}).status_code == 200  # type: ignore[attr-defined]
    assert client.post(f"{one}/run", content_type="application/json").status_code == 202
    run_due()
    assert client.get(one).json()["state"] == "done" and names() == ["Fern Ltd", "Oak Ltd"]
    assert client.get(f"{one}/rejected").status_code == 404
    assert client.post(f"{one}/revert", content_type="application/json").status_code == 202
    run_due()
    assert client.get(one).json()["revert"]["deleted"] == 2 and names() == []
    assert [item["id"] for item in client.get(AT).json()["items"]] == [made["id"]]


def test_wrong_plans_and_states_are_refused(committed_cast: Cast) -> None:
    """An unknown field, a word nobody knows, a run while one is at work: 422, 400, 409, and nothing happens."""
    client = committed_cast.api("ana")
    one = f"{AT}/{send(client)['id']}"
    assert patch(client, one, {"plan": {"as": "customer", "columns": {"Company": "nothing"}}}).status_code == 422  # type: ignore[attr-defined]
    assert patch(client, one, {"colour": 1}).status_code == 400  # type: ignore[attr-defined]
    assert patch(client, f"{one}/rows/99", {"cells": {"0": "x"}}).status_code == 404  # type: ignore[attr-defined]
    assert client.post(f"{one}/run", content_type="application/json").status_code == 202 and client.post(f"{one}/check", content_type="application/json").status_code == 409
    assert client.post(f"{one}/dance", content_type="application/json").status_code == 404
    assert client.post(f"{AT}?name=x.csv", data=b"\x89PNG", content_type="image/png").status_code == 422


def test_the_right_to_import_and_hidden_fields_hold(committed_cast: Cast) -> None:
    """Without the right nothing is taken in; a hidden field reads as unknown, also as a match key; runs are one's own."""
    mine = send(committed_cast.api("ana"))
    ben = committed_cast.api("ben")
    assert ben.get(f"{AT}/{mine['id']}").status_code == 404 and ben.post(f"{AT}/{mine['id']}/run", content_type="application/json").status_code == 404
    role = Role.objects.get(key="sales")
    groups = {key: value for key, value in role.field_groups.items() if key != "customers.figures"}
    Role.objects.filter(pk=role.pk).update(field_groups=groups)
    one = f"{AT}/{send(committed_cast.api('ben'))['id']}"
    for plan in ({"columns": {"E-mail": "turnover"}}, {"columns": {"Company": "name"}, "match": ["turnover"]}):
        assert patch(ben, one, {"plan": {"as": "customer", **plan}}).status_code == 422  # type: ignore[attr-defined]
    Role.objects.filter(pk=role.pk).update(rights={"customer": {"view": "all", "create": "all", "edit": "all"}})
    answer = committed_cast.api("ben").post(f"{AT}?name=x.csv", data=TEXT.encode(), content_type="text/csv")
    assert answer.status_code == 403 and ImportRun.objects.filter(asked_by=committed_cast.ben.pk).count() == 1
