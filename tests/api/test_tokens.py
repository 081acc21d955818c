"""What a token may do is what its maker chose, and never more than its user may do at that moment."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from rapport.kernel.access import events
from rapport.kernel.access.models import ApiToken, User, Workspace
from rapport.kernel.access.tokens import create_token, narrowed
from rapport.kernel.records.registry import registry
from tests.cast import Cast
from tests.factory import make


def program(secret: str) -> Client:
    """A program with this token."""
    return Client(headers={"authorization": f"Bearer {secret}", "accept": "application/json"})


def test_read_only_token_looks_and_changes_nothing(cast: Cast) -> None:
    """Every write is refused with a sentence that says why; reads work."""
    customer = make(cast.ctx("ana"), "customer")
    api = program(create_token(cast.ana, "look", is_read_only=True))
    assert api.get("/api/v1/customer").status_code == 200
    assert api.get(f"/api/v1/customer/{customer.pk}").status_code == 200
    for method, address in [
        ("post", "/api/v1/customer"), ("patch", f"/api/v1/customer/{customer.pk}"),
        ("delete", f"/api/v1/customer/{customer.pk}"), ("post", f"/api/v1/customer/{customer.pk}/restore"),
    ]:  # fmt: skip
        answer = getattr(api, method)(address, {}, content_type="application/json")
        assert answer.status_code == 403 and "read-only" in answer.content.decode(), address
        assert answer.json()["code"] == "read_only_token"
    customer.refresh_from_db()
    assert customer.deleted_at is None and customer.version == 1


def test_token_for_some_types_sees_no_others(cast: Cast) -> None:
    """The others are refused, in lists, as single records and in the description."""
    customer = make(cast.ctx("ana"), "customer")
    api = program(create_token(cast.ana, "deals", types=["deal"]))
    assert api.get("/api/v1/deal").status_code == 200
    assert api.get("/api/v1/customer").status_code == 403
    assert api.get(f"/api/v1/customer/{customer.pk}").status_code in (403, 404)
    assert api.post("/api/v1/customer", {"name": "X"}, content_type="application/json").status_code == 403
    listed = api.get("/api/v1/").content.decode()
    assert "/api/v1/deal" in listed and '"/api/v1/customer"' not in listed
    assert str(customer) not in api.get("/api/v1/search?q=" + str(customer)[:5]).content.decode()


@pytest.mark.parametrize("name", ["ana", "ben"])
def test_narrowing_never_widens(cast: Cast, name: str) -> None:
    """For every type and verb, every narrowed viewer may do at most what the whole one may."""
    whole = cast.ctx(name).viewer
    order = ["none", "own", "team", "below", "all"]
    verbs = ["view", "create", "edit", "delete", "export", "import", "share", "convert", "anything"]
    for read_only in (False, True):
        for types in (None, [], ["deal"], ["customer", "user"], ["no such type"]):
            less = narrowed(whole, read_only, types)
            for info in registry.all():
                for verb in verbs:
                    if info.declared.under and not whole.named(info.key):
                        continue
                    assert order.index(less.scope(info.key, verb)) <= order.index(whole.scope(info.key, verb))
                    if read_only and verb not in ("view", "export"):
                        assert less.scope(info.key, verb) == "none"
    assert narrowed(whole, False, None) is whole


def test_read_only_token_keeps_every_read_of_its_user(cast: Cast) -> None:
    """Narrowing takes writing away, not looking."""
    whole = cast.ctx("ben").viewer
    less = narrowed(whole, True, None)
    for info in registry.all():
        if not (info.declared.under and not whole.named(info.key)):
            assert less.scope(info.key, "view") == whole.scope(info.key, "view"), info.key


def test_demoted_user_demotes_the_token_at_the_next_request(cast: Cast) -> None:
    """A token has no rights of its own."""
    api = program(create_token(cast.ben, "all"))
    assert api.get("/api/v1/deal").status_code == 200
    User.objects.filter(pk=cast.ben.pk).update(role=None)
    assert api.get("/api/v1/deal").status_code == 403
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert api.get("/api/v1/deal").status_code == 401


def test_page_makes_tokens_with_an_end_and_limits(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Form to row: expiry, access, types; the making and the end are told to whoever listens."""
    seen: list[str] = []
    monkeypatch.setattr(events, "listeners", [lambda event: seen.append(event.kind)])
    client = cast.client("ben")
    made = client.post("/settings/tokens", {"name": "A", "expiry": "30", "access": "read", "types": ["deal"]})
    assert made.status_code == 200 and "rap_" in made.content.decode()
    row = ApiToken.objects.get(user=cast.ben)
    assert row.is_read_only and row.types == ["deal"]
    assert dt.timedelta(days=29) < row.expires_at - timezone.now() <= dt.timedelta(days=30)
    day = (timezone.now() + dt.timedelta(days=5)).date().isoformat()
    client.post("/settings/tokens", {"name": "B", "expiry": "date", "until": day, "access": "write"})
    second = ApiToken.objects.get(user=cast.ben, name="B")
    assert not second.is_read_only and second.types is None and second.expires_at.date().isoformat() == day
    assert client.post("/settings/tokens/revoke-all").status_code == 302
    assert not ApiToken.objects.filter(user=cast.ben, revoked_at=None).exists()
    assert seen == ["token_created", "token_created", "token_revoked"]


@pytest.mark.parametrize("wrong", [
    {"expiry": "never"}, {"expiry": "date", "until": "2001-01-01"}, {"expiry": "date", "until": "soon"},
    {"expiry": "date", "until": "9999-12-31"}, {"expiry": "9999"}, {"types": ["custom_field"]}, {"types": ["nonsense"]}, {"name": " "},
])  # fmt: skip
def test_page_refuses_what_is_not_allowed(cast: Cast, wrong: dict[str, object]) -> None:
    """Nothing is made, and the field says what to mend."""
    answer = cast.client("ben").post("/settings/tokens", {"name": "A", "expiry": "30", **wrong})
    assert answer.status_code == 422 and "rap_" not in answer.content.decode()
    assert not ApiToken.objects.filter(user=cast.ben).exists()


def test_only_the_owner_allows_tokens_without_an_end(cast: Cast) -> None:
    """Off at first; a seller cannot switch it on; the owner can, for all."""
    assert cast.client("ben").post("/settings/tokens/permit", {"endless": "1"}).status_code == 403
    assert not Workspace.objects.get(pk=cast.home.pk).endless_tokens
    cast.client("ana").post("/settings/tokens/permit", {"endless": "1"})
    cast.client("ben").post("/settings/tokens", {"name": "A", "expiry": "never"})
    assert ApiToken.objects.get(user=cast.ben).expires_at is None


def test_nobody_revokes_the_tokens_of_others(cast: Cast) -> None:
    """"All" means one's own, here."""
    create_token(cast.ana, "hers")
    cast.client("ben").post("/settings/tokens/revoke-all")
    assert ApiToken.objects.filter(user=cast.ana, revoked_at=None).count() == 1
