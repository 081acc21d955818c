"""A new password by mail: the same answer for everybody, a link that works once and comes from the right address."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from rapport.kernel.access.current import no_workspace
from rapport.kernel.access.models import Account
from rapport.kernel.jobs.models import Job
from rapport.surfaces.web.jobs import send_reset
from rapport.surfaces.web.signing_in import resets
from tests.cast import PASSWORD, Cast
from tests.web.test_security import NEW, add_app, code, signed_in


def asked(email: str, **more: Any) -> str:
    """Ask for a link and run the job; returns the path of the link in the mail, or an empty text."""
    with no_workspace():  # as on a server: nobody is anywhere yet, and the job belongs to no workspace
        assert Client().post("/sign-in/forgot", {"email": email}, **more).status_code == 200
        job = Job.objects.filter(task="web.send_reset").order_by("-pk").first()
        assert job is not None
        send_reset(None, **job.args)  # type: ignore[arg-type]
    if not mail.outbox:
        return ""
    return re.search(r"https?://[^/]+(/sign-in/reset/\S+)", mail.outbox[-1].body)[1]  # type: ignore[index]


def test_link_sets_a_new_password_once(cast: Cast) -> None:
    """The old password, the open sessions and the link itself are over afterwards."""
    open_browser = signed_in(cast.ana.email)
    link = asked(cast.ana.email.upper())
    assert cast.ana.email in Client().get(link).content.decode()
    assert Client().post(link, {"password": "short"}).status_code == 422
    assert Client().post(link, {"password": NEW}).status_code == 302
    assert open_browser.get("/").status_code == 302
    assert Client().post(link, {"password": "yet another sentence"}).status_code == 404
    assert Client().post("/sign-in/", {"email": cast.ana.email, "password": NEW}).status_code == 302
    assert Client().post("/sign-in/", {"email": cast.ana.email, "password": PASSWORD}).status_code == 422


def test_unknown_addresses_get_the_same_answer_and_no_mail(cast: Cast) -> None:
    """Nobody learns who has an account; the request does the same work, a job looks later."""
    known, unknown = Client(), Client()
    a = known.post("/sign-in/forgot", {"email": cast.ana.email}).content.decode().replace(cast.ana.email, "X")
    b = unknown.post("/sign-in/forgot", {"email": "no@example.com"}).content.decode().replace("no@example.com", "X")
    strip = lambda html: re.sub(r'value="[A-Za-z0-9]{64}"|X-CSRFToken": "[^"]+"', "", html)  # noqa: E731
    assert strip(a) == strip(b)
    assert asked("nobody@example.com") == "" and not mail.outbox
    Account.objects.filter(pk=cast.ben.account_id).update(is_active=False)
    assert asked(cast.ben.email) == ""


@pytest.mark.parametrize("host", ["evil.example", "localhost:1", "testserver"])
def test_link_never_follows_the_host_header(cast: Cast, settings: Any, host: str) -> None:
    """A mail that leads elsewhere would hand the link to somebody else."""
    settings.BASE_URL = "https://crm.example.com"
    settings.ALLOWED_HOSTS = ["*"]
    asked(cast.ana.email, headers={"host": host, "x-forwarded-host": "evil.example"})
    assert "https://crm.example.com/sign-in/reset/" in mail.outbox[-1].body and "evil" not in mail.outbox[-1].body
    settings.BASE_URL = ""
    asked(cast.ana.email, headers={"host": host, "x-forwarded-host": "evil.example"})
    assert "http://localhost" in mail.outbox[-1].body and "evil" not in mail.outbox[-1].body


@pytest.mark.parametrize("event", ["password", "email", "time", "disabled"])
def test_link_dies(cast: Cast, settings: Any, event: str, monkeypatch: Any) -> None:
    """With another password, another address, after an hour, and with the account."""
    link = asked(cast.ana.email)
    account = Account.objects.get(pk=cast.ana.account_id)
    if event == "password":
        account.set_password(NEW)
        account.save()
    elif event == "email":
        Account.objects.filter(pk=account.pk).update(email="other@example.com")
    elif event == "disabled":
        Account.objects.filter(pk=account.pk).update(is_active=False)
    else:
        later = dt.datetime.now() + dt.timedelta(minutes=61)
        monkeypatch.setattr(resets.default_token_generator, "_now", lambda: later)
    assert Client().get(link).status_code == 404
    assert Client().post(link, {"password": NEW}).status_code == 404


def test_reset_does_not_skip_the_second_step(cast: Cast) -> None:
    """The mailbox stands for the password, not for the app."""
    secret, _codes = add_app(signed_in(cast.ana.email))
    Client().post(asked(cast.ana.email), {"password": NEW})
    browser = Client()
    assert browser.post("/sign-in/", {"email": cast.ana.email, "password": NEW}).headers["Location"] == "/sign-in/code"
    assert browser.post("/sign-in/code", {"code": code(secret)}).status_code == 302


def test_real_owner_of_a_doubted_mailbox_gets_a_clean_account(cast: Cast) -> None:
    """Who set an account up with somebody else's address keeps no way in once the mailbox speaks."""
    account = Account.objects.get(pk=cast.ana.account_id)
    resets.doubt(account)
    add_app(signed_in(cast.ana.email))
    Client().post(asked(cast.ana.email), {"password": NEW})
    assert not Authenticator.objects.exists()
    assert EmailAddress.objects.get(user=account).verified


def test_mails_cannot_be_asked_for_without_end(cast: Cast) -> None:
    """Nobody fills another person's mailbox through this page."""
    answers = [Client().post("/sign-in/forgot", {"email": cast.ana.email}).status_code for _at in range(20)]
    assert answers.count(200) <= 5 and answers[-1] == 422
