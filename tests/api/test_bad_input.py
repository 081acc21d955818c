"""Whatever is sent, the answer is a sentence: never an internal error, never half a write."""

from __future__ import annotations

import base64
import json
import random

import pytest

from rapport.kernel.records.registry import TypeInfo, registry
from tests.cast import Cast, hide_group
from tests.factory import is_sealed, make, values_for

BODIES = [
    ("", "empty_body"), ("{", "malformed_json"), ("[]", "not_an_object"), ('"x"', "not_an_object"), ("null", "not_an_object"),
    ('{"name": "a", "name": "b"}', "duplicate_key"), ('{"name": NaN}', "malformed_json"), ('{"name": Infinity}', "malformed_json"),
    ('{"name": ' + "[" * 50 + "]" * 50 + "}", "too_deep"), ('{"name": ' + "[" * 100_000 + "}", "too_deep"),
    ('{"name": "a\\u0000b"}', "bad_character"), ('{"name": "\\ud800"}', "bad_character"), ('{"\\ud800": 1}', "bad_character"),
    ('{"employees": ' + "9" * 5000 + "}", "malformed_json"), (b'\xff\xfe{"name": 1}', "malformed_json"),
]  # fmt: skip

WILD = [
    None, True, False, 0, -1, 1.5, 10**14, 10**40, -(10**40), "", " ", "x" * 100_000, "\x07", "é" * 300, "2026-02-31", "31.2.2026",
    [], {}, [[]], [{}], {"a": 1}, [None], [1], ["x"], ["x"] * 600, {"id": "x"}, {"value": []}, [{"value": []}], {"amount": "x"},
    {"amount": [], "currency": []}, {"amount": 1, "currency": "XXX"}, {"type": "x", "id": "y"}, {"type": [], "id": {}},
    "00000000-0000-0000-0000-000000000000", "today+999999y", "0001-01-01", "9999-12-31T23:59:59Z", "1e999", "NaN", "-", "%s", "'; --",
    [{"street": []}], [{"label": {}}], [{"value": "a@b.ie", "label": "x" * 500}], 1e308, "12:99", "99999-01-01",
]  # fmt: skip


@pytest.fixture(params=[info.key for info in registry.all()])
def info(request: pytest.FixtureRequest) -> TypeInfo:
    """Each registered type in turn."""
    return registry.get(request.param)


@pytest.mark.parametrize(("body", "code"), BODIES, ids=range(len(BODIES)))
def test_a_malformed_body_is_named(cast: Cast, body: str | bytes, code: str) -> None:
    """400 with what is wrong."""
    answer = cast.api("ana").post("/api/v1/customer", body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == code and answer.json()["detail"]
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_other_content_and_size_are_refused(cast: Cast) -> None:
    """415 for a form, 413 for a body beyond the bound, 405 with Allow for a method that is not there."""
    api = cast.api("ana")
    assert api.post("/api/v1/customer", {"name": "x"}).status_code == 415
    assert api.post("/api/v1/customer", "name=x", content_type="text/plain").status_code == 415
    large = '{"name": "' + "x" * (3 * 1024 * 1024) + '"}'
    assert api.post("/api/v1/customer", large, content_type="application/json").status_code == 413
    answer = api.put("/api/v1/customer", "{}", content_type="application/json")
    assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert api.options("/api/v1/customer").headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    for path in ("/api/v1/customer/", "/api/v1/customer/x/y/z", "/api/v1/%00", "/api/v1/customer/%00", "/api/v1/Ü"):
        assert api.get(path).status_code == 404, path


@pytest.mark.parametrize(
    "query",
    [
        "colour=red", "limit=0", "limit=201", "limit=x", "limit=1&limit=2", "sort=nothing", "sort=note", "sort=--name", "fields=nothing",
        "fields=custom", "fields=workspace", "filter=nothing is 1", "filter=name", "filter={", "filter={}", 'filter={"field":"name"}',
        'filter={"field":"name","op":"is","value":1.5}', "filter=name is %00", "cursor=x", "cursor=!!!", "cursor=%00",
        "filter=" + "(" * 500, "filter=" + "name is x and " * 100 + "name is x", "filter=workspace_id is 1",
        "filter=name__contains is 1", "filter=employees > 99999999999999999999999", "filter=birthday > 2026-02-31",
        "filter=owner is nobody", 'filter={"any":[]}' + "x",
    ],
)  # fmt: skip
def test_a_wrong_query_is_named(cast: Cast, query: str) -> None:
    """400 with a sentence."""
    answer = cast.api("ana").get(f"/api/v1/customer?{query.replace(' ', '%20').replace('+', '%2B')}")
    assert answer.status_code == 400, (query, answer.content)
    assert answer.json()["detail"]


def test_made_up_cursors_are_refused(cast: Cast, info: TypeInfo) -> None:
    """A cursor names a sort and a value; whatever value somebody writes into one, no database error comes of it."""
    api = cast.api("ana")
    record = make(cast.ctx("ana"), info.key)
    values: list[object] = ["x", "\0", "\ud800", 10**30, -1, 1.5, True, None, [], {}, "2026-02-31", "9" * 5000, "inf"]
    for key in ["", *[f.key for f in info.fields.values() if f.sort_path]]:
        for value in values:
            for empty in (False, True, 1, None):
                data = json.dumps([key, empty, value, str(record.pk)]).encode()
                cursor = base64.urlsafe_b64encode(data).decode()
                answer = api.get(f"/api/v1/{info.key}", {"sort": key, "cursor": cursor})
                assert answer.status_code in (200, 400), (key, value, answer.content)
    deep = base64.urlsafe_b64encode(b"[" * 5000).decode()
    assert api.get(f"/api/v1/{info.key}", {"cursor": deep}).status_code == 400


@pytest.mark.slow
def test_no_value_of_any_field_breaks_a_write(cast: Cast, info: TypeInfo) -> None:
    """Wild values for every field, at creation and in a change: taken or refused with a sentence under the field."""
    api = cast.api("ana")
    ctx = cast.ctx("ana")
    record = make(ctx, info.key)
    if is_sealed(info):
        ctx = ctx.as_system("test")  # nobody writes it over the API: 403, whatever was sent
    refused = 403 if is_sealed(info) else 422
    good = {k: info.fields[k].kind.to_json(info.fields[k].kind.clean(v, ctx.cleaning())) for k, v in values_for(ctx, info).items()}
    for key in info.fields:
        for value in random.Random(key).sample(WILD, 20):
            body = json.dumps({key: value})
            answer = api.patch(f"/api/v1/{info.key}/{record.pk}", body, content_type="application/json")
            assert answer.status_code in (200, 400, refused), (key, value, answer.content)
            assert answer.status_code == 200 or answer.json()["detail"], (key, value)
    for key in info.fields:
        for value in random.Random(1).sample(WILD, 8):
            body = json.dumps({**good, key: value})
            answer = api.post(f"/api/v1/{info.key}", body, content_type="application/json")
            assert answer.status_code in (201, 400, refused), (key, value, answer.content)


@pytest.mark.slow
def test_no_filter_value_breaks_a_list(cast: Cast, info: TypeInfo) -> None:
    """Every operator of every field with wild values, as JSON tree: rows or a sentence."""
    api = cast.api("ana")
    make(cast.ctx("ana"), info.key)
    wild = [*[v for v in WILD if not isinstance(v, float)], [1, 2], ["a", "b"], {"me": True}, {"relative": "today-3d"}]
    for field in info.fields.values():
        for op in field.kind.operators:
            for value in random.Random(f"{field.key}{op}").sample(wild, 10):
                tree = json.dumps({"field": field.key, "op": op, "value": value})
                if len(tree) > 15_000:
                    continue
                answer = api.get(f"/api/v1/{info.key}", {"filter": tree})
                assert answer.status_code in (200, 400), (field.key, op, value, answer.content)


def test_a_hidden_field_is_not_there(cast: Cast) -> None:
    """Not in items, index, history, filter, sort or fields; setting it reads like a field that does not exist."""
    hide_group(cast, "sales", "sales.amounts")
    stage = registry.get("stage").model.objects.first()
    deal = cast.system.create("deal", name="Roof", stage=stage.pk, amount="987654.12", owner=cast.ben.pk)
    cast.system.write(deal, amount="987655.12")
    api = cast.api("ben")
    described = {t["key"]: {f["key"] for f in t["fields"]} for t in api.get("/api/v1/").json()["types"]}
    assert not {"amount", "weighted"} & described["deal"]
    for path in ("/api/v1/deal", f"/api/v1/deal/{deal.pk}", f"/api/v1/deal/{deal.pk}/history", "/api/v1/search?q=987655"):
        answer = api.get(path)
        assert answer.status_code == 200 and b"98765" not in answer.content and b'"amount"' not in answer.content, path
    for query in ({"filter": "amount > 5"}, {"sort": "amount"}, {"fields": "amount"}, {"filter": "weighted > 5"}):
        assert api.get("/api/v1/deal", query).status_code == 400
    hidden = api.patch(f"/api/v1/deal/{deal.pk}", '{"amount": 1}', content_type="application/json").json()["errors"]["amount"]
    unknown = api.patch(f"/api/v1/deal/{deal.pk}", '{"nought": 1}', content_type="application/json").json()["errors"]["nought"]
    assert hidden.replace("amount", "X") == unknown.replace("nought", "X")


def test_what_the_door_calls_its_own_inputs_cannot_be_sent(cast: Cast) -> None:
    """Names of the door's parameters are fields that do not exist, like any other."""
    api = cast.api("ana")
    record = make(cast.ctx("ana"), "customer")
    for key in ("expected_version", "type_key", "record", "self", "values", "id", "version", "workspace", "custom"):
        for method, path in (("patch", f"/api/v1/customer/{record.pk}"), ("post", "/api/v1/customer")):
            answer = getattr(api, method)(path, json.dumps({"name": "x", key: 1}), content_type="application/json")
            assert answer.status_code == 422 and key in answer.json()["errors"], key
