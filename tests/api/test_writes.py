"""Writing over the API: batches, upserts by key, repeats that are done once, conditions, and the limit of a token."""

from __future__ import annotations

import datetime as dt
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from rapport.engines.programs.jobs import forget_answers
from rapport.engines.programs.models import KeptAnswer
from rapport.kernel.access.models import Workspace
from rapport.kernel.records.registry import registry
from rapport.surfaces.api import limits
from tests.cast import Cast, first_stage_id
from tests.factory import make


def send(client: Client, method: str, path: str, body: object = None, **headers: str) -> object:
    """A JSON request."""
    data = "" if body is None else json.dumps(body, default=str)
    return getattr(client, method)(path, data, content_type="application/json", headers=headers)


def batch(client: Client, *operations: dict[str, object], **more: object) -> object:
    """POST /api/v1/batch."""
    return send(client, "post", "/api/v1/batch", {"operations": list(operations), **more})


def customers(cast: Cast) -> list[str]:
    """Names of living customers."""
    return sorted(registry.get("customer").model.objects.filter(deleted_at=None).values_list("name", flat=True))


def test_a_batch_does_every_sort_of_write_in_order(cast: Cast) -> None:
    """Made, referred to, changed, acted on, deleted and restored in one request; the log tells of each."""
    api = cast.api("ana")
    old = make(cast.ctx("ana"), "customer", name="Old")
    told = batch(
        api,
        {"do": "create", "type": "customer", "values": {"name": "Fern"}, "as": "fern"},
        {
            "do": "create",
            "type": "deal",
            "values": {"name": "Roof", "stage": first_stage_id(), "customer": {"ref": "fern"}},
            "as": "d",
        },
        {"do": "create", "type": "task", "values": {"subject": "Call", "about": {"type": "deal", "id": {"ref": "d"}}}},
        {"do": "action", "type": "deal", "id": {"ref": "d"}, "action": "lose", "inputs": {"reason": "price"}},
        {"do": "update", "type": "customer", "id": str(old.pk), "values": {"name": "Older"}, "version": 1},
        {"do": "delete", "type": "customer", "id": str(old.pk)},
        {"do": "restore", "type": "customer", "id": str(old.pk)},
        {"do": "upsert", "type": "customer", "by": {"external_id": "A-1"}, "values": {"name": "New"}},
    )
    assert told.status_code == 200, told.content
    results = told.json()["results"]
    assert [one["status"] for one in results] == [201, 201, 201, 200, 200, 200, 200, 201]
    assert api.get(f"/api/v1/deal/{results[1]['id']}").json()["customer"] == results[0]["id"]
    assert customers(cast) == ["Fern", "New", "Older"]
    assert [one["verb"] for one in api.get(f"/api/v1/customer/{old.pk}/history").json()["items"]] == [
        "restore", "delete", "update", "create",
    ]  # fmt: skip


def test_an_atomic_batch_writes_all_or_nothing(cast: Cast) -> None:
    """The operation at fault and its field are named; nothing of the others stays, not even in the log."""
    api = cast.api("ana")
    number = Workspace.objects.get(pk=cast.home.pk).change_number
    good = {"do": "create", "type": "customer", "values": {"name": "Fern"}}
    told = batch(api, good, good, {"do": "create", "type": "customer", "values": {"name": "", "nope": 1}}, good)
    assert told.status_code == 422 and set(told.json()["errors"]) == {"operations.2.name", "operations.2.nope"}, told.content
    assert customers(cast) == [] and Workspace.objects.get(pk=cast.home.pk).change_number == number
    stranger = make(cast.ctx("ben"), "customer", name="Ben's")
    told = batch(cast.api("cem"), good, {"do": "update", "type": "customer", "id": str(stranger.pk), "values": {"name": "X"}})
    assert told.status_code == 422 and told.json()["code"] == "not_found" and customers(cast) == ["Ben's"]


def test_each_for_itself_keeps_what_works(cast: Cast) -> None:
    """Results in the order of the operations, each with its own status and problem."""
    told = batch(
        cast.api("ben"),
        {"do": "create", "type": "customer", "values": {"name": "A"}},
        {"do": "create", "type": "customer", "values": {"nope": 1}},
        {"do": "create", "type": "customer", "values": {"name": "B"}},
        {"do": "create", "type": "role", "values": {"name": "Mine"}},
        {"do": "fly", "type": "customer"},
        {"do": "update", "type": "customer", "id": str(cast.home.pk), "values": {}},
        {"do": "create", "type": "deal", "values": {"name": "X", "customer": {"ref": "none"}}},
        atomic=False,
    )
    assert told.status_code == 200, told.content
    assert [one["status"] for one in told.json()["results"]] == [201, 422, 201, 403, 422, 404, 422]
    assert told.json()["failed"] == 5 and customers(cast) == ["A", "B"]
    assert told.json()["results"][1]["problem"]["errors"].keys() == {"nope"}


def test_a_thousand_rows_go_set_wise(cast: Cast, django_assert_max_num_queries: object) -> None:
    """One request, a fixed number of statements, every row there once."""
    api = cast.api("ana")
    made = [{"do": "create", "type": "customer", "values": {"name": f"N{n}", "external_id": f"x{n}"}} for n in range(1000)]
    batch(api, made[0] | {"values": {"name": "first"}})
    with django_assert_max_num_queries(40):
        told = batch(api, *made)
    assert told.status_code == 200 and len({one["id"] for one in told.json()["results"]}) == 1000
    assert len(customers(cast)) == 1001
    assert batch(api, *made, made[0]).json()["code"] == "too_many"


@pytest.mark.parametrize(
    "body",
    [{}, {"operations": []}, {"operations": {}}, {"operations": [1]}, {"operations": [{"do": "create"}]}, {"operations": [{}]},
     {"operations": [{"do": "create", "type": "customer", "values": []}]}, {"operations": [{"do": "create", "type": []}]},
     {"operations": [{"do": "update", "type": "customer", "id": {"ref": []}}]}, {"operations": [{"do": "delete", "type": "customer"}]},
     {"operations": [{"do": "upsert", "type": "customer", "by": {}}]}, {"operations": [{"do": "upsert", "type": "customer", "by": {"x": 1}}]},
     {"operations": [{"do": "create", "type": "customer", "as": 1}]}, {"operations": [{"do": "update", "type": "nope", "id": "x"}]},
     {"operations": [{"do": "create", "type": "customer"}], "atomic": "yes"}, {"operations": [None], "more": 1},
     {"operations": [{"do": "delete", "type": "customer", "id": "x", "version": 10**30}]}],
    ids=str,
)  # fmt: skip
def test_a_batch_that_makes_no_sense_is_refused(cast: Cast, body: dict[str, object]) -> None:
    """A sentence, never an internal error, and nothing written."""
    told = send(cast.api("ana"), "post", "/api/v1/batch", body)
    assert told.status_code in (400, 422) and told.json()["detail"], told.content
    assert customers(cast) == []


def test_upsert_makes_once_and_changes_after(cast: Cast) -> None:
    """By external id, e-mail address, phone number however typed, and name; several with one key are a conflict."""
    api = cast.api("ana")
    first = send(api, "put", "/api/v1/customer/by/external_id/A-17", {"name": "Fern"})
    assert first.status_code == 201 and first.json()["external_id"] == "A-17" and first.headers["Location"]
    again = send(
        api, "put", "/api/v1/customer/by/external_id/A-17", {"name": "Fern Ltd", "emails": "a@fern.ie", "phones": "01 555 0119"}
    )
    assert again.status_code == 200 and again.json()["id"] == first.json()["id"] and again.json()["version"] == 2
    for path in ("emails/A@fern.ie", "phones/+353 1 5550119", "name/fern ltd"):
        found = send(api, "put", f"/api/v1/customer/by/{path}", {"industry": path})
        assert found.status_code == 200 and found.json()["id"] == first.json()["id"], (path, found.content)
    make(cast.ctx("ana"), "customer", name="Fern Ltd")
    assert send(api, "put", "/api/v1/customer/by/name/Fern Ltd", {}).status_code == 409
    assert send(api, "put", "/api/v1/customer/by/industry/x", {}).json()["code"] == "no_key_field"
    assert send(api, "put", "/api/v1/customer/by/owner/x", {}).status_code == 422


def test_upsert_obeys_conditions_and_the_gate(cast: Cast) -> None:
    """`If-None-Match: *` only makes, If-Match only changes; a stranger's record with the key is not there at all."""
    address = "/api/v1/customer/by/external_id/A-1"
    ben, cem = cast.api("ben"), cast.api("cem")
    assert send(ben, "put", address, {"name": "X"}, **{"if-match": '"1"'}).status_code == 412
    made = send(ben, "put", address, {"name": "Ben's"}, **{"if-none-match": "*"})
    assert made.status_code == 201
    assert send(ben, "put", address, {"name": "X"}, **{"if-none-match": "*"}).status_code == 412
    assert send(ben, "put", address, {"name": "Y"}, **{"if-match": made.headers["ETag"]}).status_code == 200
    assert send(ben, "put", address, {"name": "Z"}, **{"if-match": made.headers["ETag"]}).status_code == 412
    assert send(ben, "put", address, {"name": "Z"}, **{"if-none-match": '"1"'}).status_code == 400
    other = send(cem, "put", address, {"name": "Cem's"})
    assert other.status_code == 201 and other.json()["id"] != made.json()["id"]


@pytest.mark.slow
def test_upserts_that_come_together_make_one_record(committed_cast: Cast) -> None:
    """Eight at once with the same key: one is made, seven change it."""
    api = committed_cast.token("ana")
    start = threading.Barrier(8)

    def one(n: int) -> int:
        client = Client(headers={"authorization": f"Bearer {api}"})
        start.wait()
        try:
            return send(client, "put", "/api/v1/customer/by/external_id/A-1", {"name": f"N{n}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    assert sorted(answers) == [200] * 7 + [201] and len(customers(committed_cast)) == 1


def test_a_repeat_is_answered_again_and_done_once(cast: Cast) -> None:
    """The same status, body and headers; another body, address or token is another matter."""
    api, key = cast.api("ana"), {"idempotency-key": "k-1"}
    first = send(api, "post", "/api/v1/customer", {"name": "Fern"}, **key)
    again = send(api, "post", "/api/v1/customer", {"name": "Fern"}, **key)
    assert (again.status_code, again.content) == (201, first.content) and again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
    assert customers(cast) == ["Fern"]
    other = send(api, "post", "/api/v1/customer", {"name": "Moss"}, **key)
    assert other.status_code == 422 and other.json()["code"] == "idempotency_key_reused"
    assert send(api, "patch", f"/api/v1/customer/{first.json()['id']}", {"name": "Fern"}, **key).status_code == 422
    assert send(cast.api("ben"), "post", "/api/v1/customer", {"name": "Fern"}, **key).status_code == 201
    gone = send(api, "delete", f"/api/v1/customer/{first.json()['id']}", **{"idempotency-key": "k-2"})
    assert gone.status_code == 204
    assert send(api, "delete", f"/api/v1/customer/{first.json()['id']}", **{"idempotency-key": "k-2"}).status_code == 204
    assert send(api, "post", "/api/v1/customer", {"name": "X"}, **{"idempotency-key": "k" * 300}).status_code == 400


def test_what_was_refused_may_be_mended_under_a_new_body(cast: Cast) -> None:
    """A refusal wrote nothing and is not kept, so the key is free again."""
    api, key = cast.api("ana"), {"idempotency-key": "k-1"}
    assert send(api, "post", "/api/v1/customer", {"nope": 1}, **key).status_code == 422
    assert send(api, "post", "/api/v1/customer", {"name": "Fern"}, **key).status_code == 201
    assert KeptAnswer.objects.filter(workspace_id=cast.home.pk).count() == 1


def test_a_repeat_that_comes_too_early_waits_and_a_dead_one_is_taken_over(cast: Cast) -> None:
    """409 with Retry-After while the first one runs; after a minute without an answer it wrote nothing and is done anew."""
    api, key = cast.api("ana"), {"idempotency-key": "k-1"}
    send(api, "post", "/api/v1/customer", {"name": "Fern"}, **key)
    rows = KeptAnswer.objects.filter(workspace_id=cast.home.pk, key="k-1")
    rows.update(status=0)
    early = send(api, "post", "/api/v1/customer", {"name": "Fern"}, **key)
    assert early.status_code == 409 and early.json()["code"] == "still_running" and early.headers["Retry-After"]
    rows.update(started_at=rows.get().started_at - dt.timedelta(minutes=2))
    assert send(api, "post", "/api/v1/customer", {"name": "Fern"}, **key).status_code == 201
    assert customers(cast) == ["Fern", "Fern"]


def test_kept_answers_go_after_a_day(cast: Cast) -> None:
    """Also when nobody asks; the key is free again."""
    api, key = cast.api("ana"), {"idempotency-key": "k-1"}
    send(api, "post", "/api/v1/customer", {"name": "Fern"}, **key)
    rows = KeptAnswer.objects.filter(workspace_id=cast.home.pk)
    rows.update(started_at=rows.get().started_at - dt.timedelta(hours=25))
    assert "Idempotent-Replayed" not in send(api, "post", "/api/v1/customer", {"name": "Fern"}, **key).headers
    rows.update(started_at=rows.get().started_at - dt.timedelta(hours=25))
    forget_answers(type("Ctx", (), {"should_stop": False})())  # type: ignore[arg-type]
    assert not rows.exists()


@pytest.mark.slow
def test_repeats_at_the_same_moment_write_once(committed_cast: Cast) -> None:
    """Six at once with one key: one record; the others get its answer or are told to wait."""
    token, start = committed_cast.token("ana"), threading.Barrier(6)

    def one(_n: int) -> int:
        client = Client(headers={"authorization": f"Bearer {token}"})
        start.wait()
        try:
            return send(client, "post", "/api/v1/customer", {"name": "Fern"}, **{"idempotency-key": "k"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(one, range(6)))
    assert 201 in answers <= {201, 409} and customers(committed_cast) == ["Fern"]


def test_a_token_that_sends_too_much_is_told_to_wait(cast: Cast, settings: object) -> None:
    """With a limit each answer says what is left; beyond it 429 with Retry-After, for this token alone."""
    api = cast.api("ana")
    assert "RateLimit-Limit" not in api.get("/api/v1/customer").headers
    settings.API_RATE = 18  # three at once
    limits._buckets.clear()
    left = [api.get("/api/v1/customer").headers["RateLimit-Remaining"] for _n in range(3)]
    assert left == ["2", "1", "0"]
    told = api.get("/api/v1/customer")
    assert told.status_code == 429 and 1 <= int(told.headers["Retry-After"]) <= 5
    assert told.headers["Content-Type"] == "application/problem+json" and told.json()["code"] == "too_many_requests"
    assert cast.api("ana").get("/api/v1/customer").status_code == 200
