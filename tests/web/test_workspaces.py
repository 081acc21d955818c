"""One account in several workspaces: the list shows one's own, going there asks for what that workspace asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from rapport.kernel.access import events
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.joining import join
from rapport.kernel.access.models import Account, Role, User, Workspace
from rapport.kernel.context import system_context
from tests.cast import Cast


def put_ana_into_away(cast: Cast, role_key: str = "sales") -> User:
    """Ana becomes a user of Dea's workspace too."""
    with use_workspace(cast.away):
        role = Role.objects.get(key=role_key)
        account = Account.objects.get(pk=cast.ana.account_id)
        return join(system_context(cast.away, "test"), account, name="Ana S.", email=account.email, role_id=role.pk)


def test_list_shows_only_ones_own_workspaces(cast: Cast) -> None:
    """Another company's name is nobody's business."""
    html = cast.client("ana").get("/workspaces").content.decode()
    assert "Fernhill" in html and "Elsewhere" not in html
    put_ana_into_away(cast)
    html = cast.client("ana").get("/workspaces", headers={"HX-Request": "true"}).content.decode()
    assert "Fernhill" in html and "Elsewhere" in html and "<html" not in html


def test_switching_changes_what_one_sees_and_is_noted(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next page is the other workspace's, with the other role's rights."""
    put_ana_into_away(cast)
    seen: list[events.Event] = []
    monkeypatch.setattr(events, "listeners", [seen.append])
    client = cast.client("ana")
    assert "Fernhill" in client.get("/").content.decode()
    answer = client.post(f"/workspace/{cast.away.pk}")
    assert answer.status_code == 302 and answer.headers["Location"] == "/"
    page = client.get("/")
    assert "Elsewhere" in page.content.decode() and "Fernhill" not in page.content.decode()
    assert "private" in page.headers["Cache-Control"] and "Cookie" in page.headers["Vary"]
    assert client.get("/custom_field/").status_code == 403
    assert [(one.kind, one.workspace_id) for one in seen] == [("workspace_switched", cast.away.pk)]


def test_a_strangers_workspace_reads_like_none(cast: Cast) -> None:
    """404 for a workspace one does not work in, for a random number, and for a place one was thrown out of."""
    client = cast.client("ana")
    assert client.post(f"/workspace/{cast.away.pk}").status_code == 404
    assert client.post("/workspace/01900000-0000-7000-8000-000000000000").status_code == 404
    user = put_ana_into_away(cast)
    with use_workspace(cast.away):
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.post(f"/workspace/{cast.away.pk}").status_code == 404
    assert "Fernhill" in client.get("/").content.decode()
    assert client.get(f"/workspace/{cast.home.pk}").status_code == 405


def test_being_thrown_out_of_the_workspace_in_use_leads_to_ones_own(cast: Cast) -> None:
    """The next request already works elsewhere, or nowhere."""
    user = put_ana_into_away(cast)
    client = cast.client("ana")
    client.post(f"/workspace/{cast.away.pk}")
    with use_workspace(cast.away):
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert "Fernhill" in client.get("/").content.decode()
    User.objects.filter(pk=cast.ana.pk).update(is_active=False)
    assert client.get("/").headers["Location"].startswith("/sign-in/")


def test_disabled_account_is_out_at_once(cast: Cast) -> None:
    """Every open session ends with the account."""
    client = cast.client("ana")
    assert client.get("/").status_code == 200
    Account.objects.filter(pk=cast.ana.account_id).update(is_active=False)
    assert client.get("/").headers["Location"].startswith("/sign-in/")


def test_new_workspaces_only_where_the_operator_allows_them(cast: Cast, settings: Any) -> None:
    """Off by default; on, the person owns the new one and keeps the old."""
    client = cast.client("ben")
    assert "/workspaces/new" not in client.get("/workspaces").content.decode()
    assert client.get("/workspaces/new").status_code == 404
    before = Workspace.objects.count()
    assert client.post("/workspaces/new", {"name": "Mine"}).status_code == 404
    settings.OPEN_WORKSPACES = True
    assert "/workspaces/new" in client.get("/workspaces").content.decode()
    assert client.post("/workspaces/new", {"name": " "}).status_code == 422
    assert Workspace.objects.count() == before
    assert client.post("/workspaces/new", {"name": "Mine & Co"}).status_code == 302
    assert "Mine &amp; Co" in client.get("/").content.decode()
    assert client.get("/custom_field/").status_code == 200
    client.post(f"/workspace/{cast.home.pk}")
    assert client.get("/custom_field/").status_code == 403


def test_strangers_have_no_workspaces(cast: Cast) -> None:
    """Without a session there is only the sign-in page."""
    assert Client().get("/workspaces").status_code == 302
    assert Client().post(f"/workspace/{cast.home.pk}").status_code == 302
