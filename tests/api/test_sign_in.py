"""Who may use the API: living tokens of active users, and nobody by cookie."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from rapport.kernel.access.models import ApiToken, User
from rapport.kernel.access.tokens import find_token
from tests.cast import Cast


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic YTpi", "Bearer rap_wrong", "Bearer " + "x" * 5000, "Bearer ü"])
def test_without_a_right_token_nothing_is_answered(cast: Cast, header: str | None) -> None:
    """401 with the way in, as a problem document, and no word about what there is."""
    headers = {} if header is None else {"authorization": header}
    for path in ("/api/v1/", "/api/v1/customer", "/api/v1/no-such-thing", "/api/v1/search?q=x", "/api/v1/a/b/c/d/e"):
        answer = Client().get(path, headers=headers)
        assert answer.status_code == 401, path
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "unauthenticated"


def test_a_session_cookie_is_not_a_token(cast: Cast) -> None:
    """A signed-in browser gets nothing: so no foreign page can make it write."""
    assert cast.client("ana").get("/api/v1/customer").status_code == 401
    assert cast.client("ana").post("/api/v1/customer", "{}", content_type="application/json").status_code == 401


def test_a_revoked_or_expired_token_stops_at_once(cast: Cast) -> None:
    """The very next request is refused."""
    secret = cast.token("ben")
    client = Client(headers={"authorization": f"Bearer {secret}"})
    assert client.get("/api/v1/customer").status_code == 200
    token = find_token(secret)
    assert token is not None
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    assert client.get("/api/v1/customer").status_code == 401
    ApiToken.objects.filter(pk=token.pk).update(expires_at=None, revoked_at=timezone.now())
    assert client.get("/api/v1/customer").status_code == 401


def test_an_inactive_user_is_out(cast: Cast) -> None:
    """Leaving means leaving, with every token."""
    client = cast.api("ben")
    assert client.get("/api/v1/customer").status_code == 200
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    assert client.get("/api/v1/customer").status_code == 401


def test_a_token_acts_as_its_user_in_their_workspace(cast: Cast) -> None:
    """Dea's token sees Dea's workspace only; a lesser role at the next request means lesser rights."""
    ana, dea = cast.api("ana"), cast.api("dea")
    made = ana.post("/api/v1/customer", {"name": "Fern"}, content_type="application/json").json()
    assert dea.get(f"/api/v1/customer/{made['id']}").status_code == 404
    assert dea.patch(f"/api/v1/customer/{made['id']}", {"name": "X"}, content_type="application/json").status_code == 404
    assert dea.delete(f"/api/v1/customer/{made['id']}").status_code == 404
    assert dea.get("/api/v1/customer").json()["items"] == []
    assert dea.get("/api/v1/search?q=fern").json()["items"] == []
    User.objects.filter(pk=cast.ana.pk).update(role=None)
    assert ana.get("/api/v1/customer").status_code == 403
