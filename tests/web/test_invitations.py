"""Invitations: who may make them, what they give, who may take them up, and when they are over."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, Role, User
from rapport.kernel.access.setup import add_user
from rapport.surfaces.web.models import Invitation
from tests.cast import PASSWORD, Cast
from tests.web.test_security import NEW, signed_in


def role(key: str) -> Role:
    return Role.objects.get(key=key)


def invite(client: Client, email: str, role_key: str = "sales", **more: object) -> str:
    """Invite; returns the path of the link, from the page (no mail) or from the mail."""
    before = len(mail.outbox)
    answer = client.post("/settings/people/invite", {"email": email, "name": "Eve Hart", "role": str(role(role_key).pk), **more})
    text = answer.content.decode() if answer.status_code == 200 else mail.outbox[-1].body
    assert answer.status_code in (200, 302), answer.content.decode()
    assert len(mail.outbox) == before + 1
    return re.search(r"(/sign-in/invitation/[\w-]+)", text)[1]  # type: ignore[index]


def test_new_person_comes_in_with_the_role_promised(cast: Cast) -> None:
    """Name and password, and the first page of the workspace opens; the link works once."""
    link = invite(cast.client("ana"), "eve@example.com")
    guest = Client()
    page = guest.get(link).content.decode()
    assert "Fernhill" in page and "eve@example.com" in page
    assert guest.post(link, {"name": "", "password": NEW}).status_code == 422
    assert guest.post(link, {"name": "Eve Hart", "password": "short"}).status_code == 422
    assert guest.post(link, {"name": "Eve Hart", "password": NEW}).headers["Location"] == "/"
    assert "Fernhill" in guest.get("/").content.decode()
    user = User.objects.get(email="eve@example.com")
    assert user.role_id == role("sales").pk and user.name == "Eve Hart"
    assert Client().get(link).status_code == 404
    assert Client().post(link, {"name": "X", "password": NEW}).status_code == 404
    assert Client().post("/sign-in/", {"email": "eve@example.com", "password": NEW}).status_code == 302


def test_account_from_elsewhere_signs_in_and_joins(cast: Cast) -> None:
    """One account, several workspaces; without signing in the link gives nothing."""
    link = invite(cast.client("ana"), cast.dea.email)
    assert "Sign in and join" in Client().get(link).content.decode()
    assert Client().post(link, {"name": "Dea", "password": NEW}).status_code == 200
    assert not User.objects.filter(account_id=cast.dea.account_id).exists()
    dea = signed_in(cast.dea.email)
    assert "Elsewhere" in dea.get("/").content.decode()
    assert dea.post(link).headers["Location"] == "/"
    assert "Fernhill" in dea.get("/").content.decode()
    dea.post(f"/workspace/{cast.away.pk}")
    assert "Elsewhere" in dea.get("/").content.decode()


def test_somebody_else_who_is_signed_in_cannot_take_it(cast: Cast) -> None:
    """The invitation is for the address it names."""
    link = invite(cast.client("ana"), "eve@example.com")
    ben = signed_in(cast.ben.email)
    assert "You are signed in as" in ben.get(link).content.decode()
    ben.post(link, {"name": "Ben", "password": NEW})
    assert Invitation.objects.get().used_at is None and not Account.objects.filter(email="eve@example.com").exists()


def test_imported_agent_comes_to_their_own_place(cast: Cast) -> None:
    """The user that owns the old records gets the account; its page has the button."""
    agent = add_user(cast.system, "Old Agent", email="agent@example.com", role_key="sales")
    ana = cast.client("ana")
    assert f"/settings/people/invite?user={agent.pk}" in ana.get(f"/user/{agent.pk}").content.decode()
    assert "people/invite?user" not in cast.client("ben").get(f"/user/{agent.pk}").content.decode()
    assert "people/invite?user" not in ana.get(f"/user/{cast.ben.pk}").content.decode()
    assert "Old Agent" in ana.get(f"/settings/people/invite?user={agent.pk}").content.decode()
    link = invite(ana, "agent@example.com", user=str(agent.pk))
    assert Client().post(link, {"password": NEW}).status_code == 302
    agent.refresh_from_db()
    assert agent.account.email == "agent@example.com"
    assert User.objects.filter(name="Old Agent").count() == 1
    assert ana.get(f"/settings/people/invite?user={agent.pk}").status_code == 404


def test_only_who_may_add_users_invites(cast: Cast) -> None:
    """A seller sees no page, makes no invitation, and touches none."""
    ben = cast.client("ben")
    assert ben.get("/settings/people/invite").status_code == 403
    assert ben.post("/settings/people/invite", {"email": "x@example.com", "role": str(role("sales").pk)}).status_code == 403
    assert "/settings/people/invite" not in ben.get("/settings/").content.decode()
    invite(cast.client("ana"), "eve@example.com")
    row = Invitation.objects.get()
    for verb in ("resend", "revoke"):
        assert ben.post(f"/settings/people/invitations/{row.pk}/{verb}").status_code == 403
        assert cast.client("dea").post(f"/settings/people/invitations/{row.pk}/{verb}").status_code == 404


def test_nobody_gives_more_than_they_have(cast: Cast) -> None:
    """An assistant who may add users cannot make an owner, however the form is sent."""
    sales = role("sales")
    rights = {**sales.rights, "user": {"view": "all", "create": "all", "edit": "all"}, "role": {"view": "all"}}
    Role.objects.filter(pk=sales.pk).update(rights=rights)
    ben = cast.client("ben")
    page = ben.get("/settings/people/invite").content.decode()
    assert str(sales.pk) in page and str(role("owner").pk) not in page and str(role("management").pk) not in page
    refused = ben.post("/settings/people/invite", {"email": "x@example.com", "role": str(role("owner").pk)})
    assert refused.status_code == 422 and not Invitation.objects.exists()
    invite(cast.client("ana"), "boss@example.com", "owner")
    row = Invitation.objects.get()
    assert ben.post(f"/settings/people/invitations/{row.pk}/resend").status_code == 404


@pytest.mark.parametrize("event", ["left", "demoted", "expired", "revoked", "role widened"])
def test_invitation_is_over(cast: Cast, event: str) -> None:
    """Who left or was demoted leaves no open door behind; seven days are seven days."""
    sales = role("sales")
    manager = role("management")
    rights = {**sales.rights, "user": {"view": "all", "create": "all", "edit": "all"}, "role": {"view": "all"}}
    Role.objects.filter(pk=manager.pk).update(rights=rights, field_groups=sales.field_groups)
    User.objects.filter(pk=cast.ben.pk).update(role=manager)
    link = invite(cast.client("ben"), "eve@example.com")
    assert Client().get(link).status_code == 200
    if event == "left":
        User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    elif event == "demoted":
        User.objects.filter(pk=cast.ben.pk).update(role=sales)
    elif event == "expired":
        Invitation.objects.update(expires_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
    elif event == "revoked":
        cast.client("ana").post(f"/settings/people/invitations/{Invitation.objects.get().pk}/revoke")
    else:
        Role.objects.filter(pk=sales.pk).update(rights={"*": {"*": "all"}})
    assert Client().get(link).status_code == 404
    assert Client().post(link, {"name": "Eve", "password": NEW}).status_code == 404
    assert not Account.objects.filter(email="eve@example.com").exists()


def test_new_link_ends_the_old_one(cast: Cast) -> None:
    """Sent again, only the newest works; a second invitation to the same address replaces the first."""
    ana = cast.client("ana")
    old = invite(ana, "eve@example.com")
    again = ana.post(f"/settings/people/invitations/{Invitation.objects.get().pk}/resend")
    new = re.search(r"(/sign-in/invitation/[\w-]+)", again.content.decode())[1]  # type: ignore[index]
    assert Client().get(old).status_code == 404 and Client().get(new).status_code == 200
    third = invite(ana, "eve@example.com")
    assert Client().get(new).status_code == 404 and Client().get(third).status_code == 200


def test_link_is_shown_only_where_no_mail_goes_out(cast: Cast, settings: Any) -> None:
    """With a mail server the link reaches the mailbox alone, and following it proves the address."""
    ana = cast.client("ana")
    shown = invite(ana, "one@example.com")
    assert shown not in ana.get("/settings/people/invite").content.decode()
    Client().post(shown, {"name": "One", "password": NEW})
    assert EmailAddress.objects.filter(email="one@example.com", verified=False).exists()
    settings.MAIL_REACHES_PEOPLE = True
    answer = ana.post("/settings/people/invite", {"email": "two@example.com", "role": str(role("sales").pk)})
    assert answer.status_code == 302 and "/sign-in/invitation/" not in ana.get("/settings/people/invite").content.decode()
    link = re.search(r"(/sign-in/invitation/[\w-]+)", mail.outbox[-1].body)[1]  # type: ignore[index]
    Client().post(link, {"name": "Two", "password": NEW})
    assert not EmailAddress.objects.filter(email="two@example.com").exists()


def test_links_come_from_the_right_address(cast: Cast, settings: Any) -> None:
    """Never from the Host header."""
    settings.BASE_URL, settings.ALLOWED_HOSTS = "https://crm.example.com", ["*"]
    client = cast.client("ana")
    client.post("/settings/people/invite", {"email": "e@example.com", "role": str(role("sales").pk)}, headers={"host": "evil.example"})
    assert "https://crm.example.com/sign-in/invitation/" in mail.outbox[-1].body and "evil" not in mail.outbox[-1].body


def test_names_put_nothing_into_headers(cast: Cast) -> None:
    """A line end in a name stays in its line."""
    with use_workspace(cast.home):
        User.objects.filter(pk=cast.ana.pk).update(name="Ana\r\nBcc: all@example.com\r\n\r\nHello")
    invite(cast.client("ana"), "eve@example.com", name="Eve\r\nX-Bad: yes")
    message = mail.outbox[-1].message()
    assert message["Bcc"] is None and message["X-Bad"] is None and message["To"] == "eve@example.com"
    assert "\n" not in str(mail.outbox[-1].subject)


def test_somebody_who_left_comes_back_to_their_own_records(cast: Cast) -> None:
    """Invited anew, the same user is active again, with the new role."""
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    link = invite(cast.client("ana"), cast.ben.email, "external")
    ben = Client()
    assert ben.post("/sign-in/", {"email": cast.ben.email, "password": PASSWORD, "next": link}).headers["Location"] == link
    assert ben.get("/").status_code == 302
    assert ben.post(link).headers["Location"] == "/"
    cast.ben.refresh_from_db()
    assert cast.ben.is_active and cast.ben.role_id == role("external").pk
    assert ben.get("/").status_code == 200


def test_somebody_who_works_here_is_not_invited(cast: Cast) -> None:
    """The form says so; nothing is made."""
    answer = cast.client("ana").post("/settings/people/invite", {"email": cast.ben.email, "role": str(role("sales").pk)})
    assert answer.status_code == 422 and "works here already" in answer.content.decode()
