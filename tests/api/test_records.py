"""Records over HTTP: the whole life of every type, versions, actions, history, search."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from rapport.kernel.records.registry import TypeInfo, registry
from tests.cast import Cast, first_stage_id
from tests.factory import is_sealed, make, values_for
from tests.test_batteries import EVIDENCE

TYPES = [info.key for info in registry.all()]


@pytest.fixture(params=TYPES)
def info(request: pytest.FixtureRequest) -> TypeInfo:
    """Each registered type in turn."""
    return registry.get(request.param)


def send(client: Client, method: str, path: str, body: object = None, **headers: str) -> object:
    """A JSON request."""
    data = "" if body is None else json.dumps(body, default=str)
    return getattr(client, method)(path, data, content_type="application/json", headers=headers)


def as_json(cast: Cast, info: TypeInfo) -> dict[str, object]:
    """Values for every field of a new record in the shapes of the API."""
    ctx = cast.ctx("ana")
    values = values_for(ctx, info, every=True)
    return {k: info.fields[k].kind.to_json(info.fields[k].kind.clean(v, ctx.cleaning())) for k, v in values.items()}


def test_every_type_lives_its_life(cast: Cast, info: TypeInfo) -> None:
    """Create, read, list, change, history, delete, restore; what was sent is what is read."""
    api = cast.api("ana")
    if is_sealed(info):
        _is_only_read(cast, api, info)
        return
    given = as_json(cast, info)
    made = send(api, "post", f"/api/v1/{info.key}", given)
    assert made.status_code == 201, made.content
    item = made.json()
    address = made.headers["Location"]
    assert address == f"/api/v1/{info.key}/{item['id']}" and made.headers["ETag"] == f'"{item["version"]}"'
    read = api.get(address).json()
    assert read == item
    settled = {("deal", "closed_on"), ("custom_field", "key"), ("custom_type", "key")}
    for key, value in given.items():
        assert (info.key, key) in settled or read[key] == value, key
    assert api.get(f"/api/v1/{info.key}").json()["items"][0]["id"] == item["id"]
    title = info.title_field
    if title.settable(creating=False) and title.kind.key == "text" and not title.to:
        changed = send(api, "patch", address, {title.key: "New"}, **{"if-match": made.headers["ETag"]})
        assert changed.status_code == 200 and changed.json()[title.key] == "New"
        assert changed.json()["version"] == item["version"] + 1
        line = api.get(f"{address}/history").json()["items"][0]
        assert line["verb"] == "update" and line["surface"] == "api" and line["changes"][title.key]["after"] == "New"
    if info.key in EVIDENCE:
        assert api.delete(address).status_code == 422 and api.get(address).status_code == 200
        return
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404 and api.delete(address).status_code == 404
    assert send(api, "post", f"{address}/restore").status_code == 200
    assert api.get(address).status_code == 200


def _is_only_read(cast: Cast, api: Client, info: TypeInfo) -> None:
    """What its module alone makes: one's own is read, and nobody writes it."""
    record = make(cast.ctx("ana"), info.key)
    address = f"/api/v1/{info.key}/{record.pk}"
    item = api.get(address).json()
    assert item["id"] == str(record.pk) == api.get(f"/api/v1/{info.key}").json()["items"][0]["id"]
    assert api.get(f"{address}/history").status_code == 200
    assert send(api, "post", f"/api/v1/{info.key}", {}).status_code == 403
    assert send(api, "patch", address, {info.declared.title: "New"}).status_code == 403
    assert api.delete(address).status_code == 403


def test_two_writers_are_told(cast: Cast) -> None:
    """The same field since the version of If-Match: 412 with both values. Another field: both changes stand."""
    api = cast.api("ana")
    made = send(api, "post", "/api/v1/customer", {"name": "Fern"})
    address, tag = made.headers["Location"], made.headers["ETag"]
    assert send(api, "patch", address, {"name": "Theirs"}).status_code == 200
    told = send(api, "patch", address, {"name": "Mine"}, **{"if-match": tag})
    assert told.status_code == 412
    assert told.json()["conflict"]["name"] == {"theirs": "Theirs", "yours": "Mine", "before": "Fern"}
    merged = send(api, "patch", address, {"industry": "Health"}, **{"if-match": tag})
    assert merged.status_code == 200 and merged.json()["name"] == "Theirs"
    assert send(api, "patch", address, {"name": "X"}, **{"if-match": "three"}).status_code == 400
    assert send(api, "patch", address, {"name": "X"}, **{"if-match": '"99"'}).status_code == 412
    assert api.delete(address, headers={"if-match": tag}).status_code == 412
    assert api.get(address, headers={"if-none-match": merged.headers["ETag"]}).status_code == 304


def test_a_stranger_gets_404_and_a_colleague_403(cast: Cast) -> None:
    """Cem does not know Ben's record; Ana made one that Ben may see, but not delete."""
    theirs = make(cast.ctx("ben"), "customer")
    shared = make(cast.system, "customer", owner=None, team=cast.ben.team_id)
    cem, ben = cast.api("cem"), cast.api("ben")
    for method, path in [("get", ""), ("patch", ""), ("delete", ""), ("get", "/history"), ("post", "/restore")]:
        answer = send(cem, method, f"/api/v1/customer/{theirs.pk}{path}", {"name": "X"} if method == "patch" else None)
        assert answer.status_code == 404, (method, path)
    assert send(ben, "delete", f"/api/v1/customer/{shared.pk}").status_code == 403
    assert ben.get("/api/v1/custom_field").status_code == 403
    assert ben.get("/api/v1/nonsense").status_code == 404


def test_actions_run_with_inputs(cast: Cast) -> None:
    """A deal is lost with a reason; without one, or in the wrong state, the answer says why."""
    api = cast.api("ana")
    deal = send(api, "post", "/api/v1/deal", {"name": "Roof", "stage": first_stage_id(), "amount": "12.50"}).json()
    assert deal["amount"] == {"amount": "12.50", "currency": "EUR"}
    path = f"/api/v1/deal/{deal['id']}"
    refused = send(api, "post", f"{path}/lose", {})
    assert refused.status_code == 422 and "reason" in refused.json()["errors"]
    assert "extra" in send(api, "post", f"{path}/lose", {"reason": "x", "extra": 1}).json()["errors"]
    done = send(api, "post", f"{path}/lose", {"reason": "price"})
    assert done.status_code == 200 and done.json()["item"]["reason"] == "price" and done.json()["item"]["closed_on"]
    assert send(api, "post", f"{path}/lose", {"reason": "price"}).status_code == 422
    assert send(api, "post", f"{path}/fly", {}).status_code == 404
    assert send(api, "patch", path, {"stage": str(first_stage_id())}).status_code == 422
    assert api.get(f"{path}/history?limit=1").json()["next"]
    page = api.get(f"{path}/history?limit=1").json()
    assert api.get(f"{path}/history?limit=1&cursor={page['next']}").json()["items"][0]["verb"] == "create"


def test_lists_filter_sort_page_and_pick(cast: Cast) -> None:
    """Text and JSON filters, sort, cursor and fields; every row once."""
    api = cast.api("ana")
    for n in range(7):
        send(api, "post", "/api/v1/customer", {"name": f"N{n}", "industry": "Health" if n % 2 else "Retail"})
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get("/api/v1/customer", {"sort": "name", "limit": 2, "fields": "name", "cursor": cursor}).json()
        seen += [item["name"] for item in page["items"]]
        assert all(set(item) == {"id", "version", "name"} for item in page["items"])
        cursor = page["next"]
    assert seen == [f"N{n}" for n in range(7)]
    tree = json.dumps({"field": "industry", "op": "is", "value": "Health"})
    for text in ('industry is "Health"', tree):
        assert len(api.get("/api/v1/customer", {"filter": text}).json()["items"]) == 3
    assert api.get("/api/v1/search", {"q": "n3"}).json()["items"][0]["title"] == "N3"


def test_a_computed_amount_has_its_currency(cast: Cast) -> None:
    """What the database calculates is money in the workspace's currency, like what it was calculated from."""
    api = cast.api("ana")
    deal = send(api, "post", "/api/v1/deal", {"name": "Roof", "stage": first_stage_id(), "amount": 100}).json()
    assert deal["weighted"] == {"amount": "10.00", "currency": "EUR"}


def test_the_index_tells_what_there_is(cast: Cast) -> None:
    """Types, fields with operators and choices, actions with inputs; less for whoever may less."""
    ana = {t["key"]: t for t in cast.api("ana").get("/api/v1/").json()["types"]}
    ben = {t["key"]: t for t in cast.api("ben").get("/api/v1/").json()["types"]}
    assert set(ana) == set(TYPES) and "custom_field" not in ben
    fields = {f["key"]: f for f in ana["deal"]["fields"]}
    assert fields["stage"]["create"] and not fields["stage"]["change"] and fields["stage"]["to"] == "stage"
    assert fields["weighted"]["computed"] and not fields["weighted"]["create"]
    assert {c["value"] for c in next(f for f in ana["customer"]["fields"] if f["key"] == "kind")["choices"]} == {"company", "person"}
    lose = next(a for a in ana["deal"]["actions"] if a["key"] == "lose")
    assert lose["inputs"][0]["key"] == "reason" and lose["inputs"][0]["required"]
    assert ben["customer"]["may"]["delete"] == "own"


def test_custom_fields_are_fields(cast: Cast) -> None:
    """A field the company added is described, set, read, filtered and cleared like any other."""
    api = cast.api("ana")
    made = send(api, "post", "/api/v1/custom_field", {"label": "Product", "on_type": "customer", "kind": "text"})
    assert made.json()["key"] == "c_product"
    item = send(api, "post", "/api/v1/customer", {"name": "Fern", "c_product": "GTXPro"}).json()
    assert item["c_product"] == "GTXPro"
    assert api.get("/api/v1/customer", {"filter": 'c_product is "GTXPro"', "fields": "c_product"}).json()["items"][0]["c_product"]
    cleared = send(api, "patch", f"/api/v1/customer/{item['id']}", {"c_product": None}).json()
    assert cleared["c_product"] is None
    described = {t["key"]: t for t in api.get("/api/v1/").json()["types"]}
    assert next(f for f in described["customer"]["fields"] if f["key"] == "c_product")["custom"]


def test_a_page_costs_a_fixed_number_of_queries(cast: Cast, django_assert_num_queries: object) -> None:
    """Token with its user, the rows: two statements, whatever the page holds (the chart of the company is kept, and how
    much the viewer sees at all)."""
    api = cast.api("ben")
    for _n in range(5):
        make(cast.ctx("ben"), "customer")
    api.get("/api/v1/customer")
    with django_assert_num_queries(2):
        api.get("/api/v1/customer")
