"""The API keeps to its own OpenAPI document: schemathesis sends whatever the document allows, as each shipped role."""

from __future__ import annotations

import os
import random
import time
from uuid import uuid4

import pytest
import requests
import schemathesis
from django.test import Client
from django.urls import resolve
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.core.transport import Response

from rapport.engines.duplicates.models import DuplicatePair
from rapport.engines.imports import session
from rapport.kernel.access.models import Role
from rapport.kernel.access.setup import ROLES
from rapport.kernel.kinds.base import Kind, all_kinds
from rapport.kernel.records.registry import registry
from rapport.surfaces.api.urls import urlpatterns
from tests.cast import Cast, hide_group
from tests.factory import make

#: Seconds for each role (RAPPORT_CONTRACT_SECONDS=300 goes through all of it); the operations come in another order every day, so that in time all get their share.
SECONDS = float(os.environ.get("RAPPORT_CONTRACT_SECONDS", "2.5"))
_SENT = ("method", "url", "headers", "params", "data", "json", "cookies")
#: What the client says itself; packed answers are for browsers.
_NOT_SENT = ("content-length", "content-type", "accept-encoding")
_CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


def _document(cast: Cast, role_key: str) -> tuple[dict[str, object], dict[str, str], dict[str, list[str]]]:
    """The document for a person of the role, what their requests carry, and ids of records by type."""
    ids = {info.key: [] for info in registry.all()}
    for info in registry.all():
        record = make(cast.system, info.key) if info.key not in ("user", "role") else None
        ids[info.key] = [str(record.pk)] if record is not None else []
    type(cast.ben).objects.filter(pk=cast.ben.pk).update(role=Role.objects.get(key=role_key))
    ids |= _of_engines(cast)
    api = cast.api("ben")
    answer = api.get("/api/v1/openapi.json")
    assert answer.status_code == 200, answer.content
    return answer.json(), {"Authorization": f"Bearer {cast.token('ben')}"}, ids


def _of_engines(cast: Cast) -> dict[str, list[str]]:
    """An import of Ben's own and a pair of doubles, for what the engines answer."""
    one, other = sorted((make(cast.system, "customer"), make(cast.system, "customer")), key=lambda record: record.pk)
    pair = DuplicatePair.objects.create(
        workspace=cast.home, type="customer", one_id=one.pk, other_id=other.pk, score=90, evidence=[],
    )  # fmt: skip
    found = {"duplicates": [str(pair.pk)]}
    if session.may_import(ctx := cast.ctx("ben")):
        found["imports"] = [str(session.take_in(ctx, "x.csv", [b"Company,E-mail\nFern,a@fern.example\nOak,nonsense\n"]).pk)]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("role_key", ["owner", "sales"])
def test_engines_answer_as_the_document_says(cast: Cast, role_key: str) -> None:
    """Imports, doubles, merging and calls: each of their operations, on an import and a pair that are there."""
    document, headers, ids = _document(cast, role_key)
    tried = 0
    every = [one.ok() for one in schemathesis.openapi.from_dict(document).get_all_operations()]
    # What throws the import away comes last.
    for one in sorted(every, key=lambda one: one.method == "delete"):
        head = one.path.split("/")[3]
        if head in ("imports", "duplicates", "calls") or one.path.endswith("merge"):
            tried += 1
            _try(one, headers, ids.get(head, []))
    assert tried > 14


def test_every_address_stands_in_the_document(cast: Cast) -> None:
    """What is added below /api/v1/ and not described fails here: each address with each of its methods."""
    document = cast.api("ana").get("/api/v1/openapi.json").json()
    shared = document["components"]["parameters"]
    told = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            given = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in operation["parameters"]]
            example = path
            for one in given:
                if one["in"] == "path":
                    kind = one["schema"]
                    value = kind.get("enum", ["x"])[0] if kind["type"] == "string" else "1"
                    example = example.replace(f"{{{one['name']}}}", str(uuid4()) if kind.get("format") == "uuid" else value)
            told.add((resolve(example).route, method.upper()))
    there = {
        (f"api/v1/{one.pattern}", method)
        for one in urlpatterns
        for method in getattr(one.callback, "methods", ())
        if method != "HEAD"
    }
    assert there and there - told == set()


@pytest.mark.slow
@pytest.mark.parametrize("role_key", list(ROLES))
def test_every_answer_is_as_the_document_says(cast: Cast, role_key: str) -> None:
    """No internal error, no status, content type or shape that the document does not name."""
    document, headers, ids = _document(cast, role_key)
    schema = schemathesis.openapi.from_dict(document)
    found = [one.ok() for one in schema.get_all_operations()]
    random.Random(f"{role_key} {time.strftime('%j')}").shuffle(found)
    ends, tried = time.monotonic() + SECONDS, 0
    for one in found:
        if time.monotonic() > ends:
            break
        tried += 1
        _try(one, headers, ids.get(one.path.split("/")[3], []))
    print(f"{role_key}: {tried} of {len(found)} operations")
    assert tried


def _try(operation: object, headers: dict[str, str], ids: list[str]) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=3, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def run(case: object) -> None:
        if "id" in (case.path_parameters or {}) and ids:
            case.path_parameters["id"] = ids[0]
        case.validate_response(_sent(case, headers), checks=CHECKS.get_by_names(_CHECKS))

    run()


def _sent(case: object, headers: dict[str, str]) -> Response:
    """The answer of the API to a case, through Django's own client, which shares the test's transaction."""
    wish = case.as_transport_kwargs(base_url="http://testserver", headers=headers)
    asked = requests.Request(**{key: wish[key] for key in _SENT if wish.get(key) is not None}).prepare()
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body or b""
    carried = {name: _text(value) for name, value in asked.headers.items() if name.lower() not in _NOT_SENT}
    came = Client().generic(
        asked.method, asked.path_url, body, content_type=_text(asked.headers.get("Content-Type", "")), headers=carried
    )
    shown = {name.lower(): [value] for name, value in came.items()}
    return Response(came.status_code, shown, came.content, asked, elapsed=0.0, verify=False)


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def test_the_document_shows_what_its_reader_may_do(cast: Cast) -> None:
    """Types, fields and actions of the token's rights, custom fields at once; the same bytes again cost a 304."""
    ana, ben = cast.api("ana"), cast.api("ben")
    first = ana.get("/api/v1/openapi.json")
    assert ana.get("/api/v1/openapi.json", headers={"if-none-match": first.headers["ETag"]}).status_code == 304
    document, his = first.json(), ben.get("/api/v1/openapi.json").json()
    assert "/api/v1/custom_field" in document["paths"] and "/api/v1/custom_field" not in his["paths"]
    assert document["paths"]["/api/v1/deal/{id}/lose"]["post"] and document["paths"]["/api/v1/customer/{id}/deals"]["get"]
    assert "amount" in his["components"]["schemas"]["Deal"]["properties"]
    hide_group(cast, "sales", "sales.amounts")
    for name in ("Deal", "DealNew", "DealChange"):
        assert "amount" not in ben.get("/api/v1/openapi.json").json()["components"]["schemas"][name]["properties"]
    cast.ctx("ana").create("custom_field", label="Product", on_type="customer", kind="text")
    changed = ana.get("/api/v1/openapi.json")
    assert "c_product" in changed.json()["components"]["schemas"]["CustomerNew"]["properties"]
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_every_kind_says_its_schema() -> None:
    """What a kind gives, its schema describes; a kind that is added and forgets it fails here."""
    assert [key for key, cls in all_kinds().items() if cls.json_schema is Kind.json_schema] == []
