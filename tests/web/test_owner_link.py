"""Break glass: the link of the server's own terminal, and what it opens."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from rapport.kernel.access import events
from rapport.kernel.access.models import Account, User, Workspace
from rapport.surfaces.cli.main import main
from rapport.surfaces.web.models import SignInLink
from tests.cast import PASSWORD, Cast
from tests.web.test_security import NEW, add_app, signed_in


def printed(capsys: Any, cast: Cast, *more: str) -> str:
    """The path of the link that the command prints."""
    assert main(["owner-link", "--workspace", str(cast.home.pk), *more]) == 0
    line = capsys.readouterr().out.strip()
    assert "\n" not in line
    return urlsplit(line).path


def test_locked_out_owner_comes_back_and_sets_a_password(cast: Cast, capsys: Any, monkeypatch: Any) -> None:
    """Neither password nor app at hand: the link opens once, the password is set without the old one, the app removed."""
    seen: list[events.Event] = []
    monkeypatch.setattr(events, "listeners", [seen.append])
    add_app(signed_in(cast.ana.email))
    Workspace.objects.filter(pk=cast.home.pk).update(local_sign_in=False)
    link = printed(capsys, cast)
    browser = Client()
    assert browser.get(link).status_code == 200 and browser.get("/").status_code == 302, "looking uses nothing up"
    assert browser.post(link).headers["Location"] == "/settings/security"
    assert Client().post(link).status_code == 404
    assert "Present password" not in browser.get("/settings/security").content.decode()
    assert browser.post("/settings/security/password", {"password": NEW}).status_code == 302
    assert browser.post("/settings/security/app/remove").headers["Location"] == "/settings/security"
    assert Client().post("/sign-in/", {"email": cast.ana.email, "password": NEW}).headers["Location"] == "/"
    assert [one.kind for one in seen if one.surface == "cli"] == ["owner_link_made"]
    assert link.rsplit("/", 1)[1] not in str(seen)


@pytest.mark.parametrize("event", ["late", "disabled", "newer", "no user"])
def test_link_is_over(cast: Cast, capsys: Any, event: str) -> None:
    """After a quarter of an hour, with the account, and when a newer one was made."""
    link = printed(capsys, cast)
    if event == "late":
        SignInLink.objects.update(expires_at=dt.datetime.now(dt.UTC))
    elif event == "disabled":
        Account.objects.filter(pk=cast.ana.account_id).update(is_active=False)
    elif event == "newer":
        printed(capsys, cast)
    else:
        User.objects.filter(pk=cast.ana.pk).update(is_active=False)
    assert Client().get(link).status_code == 404 and Client().post(link).status_code == 404


def test_only_owners_get_one(cast: Cast, capsys: Any) -> None:
    """A seller's address is refused with a sentence."""
    assert main(["owner-link", "--workspace", str(cast.home.pk), "--email", cast.ben.email]) == 1
    assert "no active owner" in capsys.readouterr().err
    assert not SignInLink.objects.exists()


def test_owners_password_cannot_be_switched_off(cast: Cast) -> None:
    """A workspace that insists on its provider still takes its owner's password, and no page takes that away."""
    Workspace.objects.filter(pk=cast.home.pk).update(local_sign_in=False)
    assert signed_in(cast.ana.email).get("/").status_code == 200
    assert Client().post("/sign-in/", {"email": cast.ben.email, "password": PASSWORD}).status_code == 422
    client = signed_in(cast.ana.email)
    assert client.post("/settings/security/password", {"present": PASSWORD, "password": ""}).status_code == 422
    assert Account.objects.get(pk=cast.ana.account_id).has_usable_password()
