"""Mails leave through a real SMTP server, one each, and names put nothing into their headers."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from rapport.kernel.access.models import Role, User, Workspace
from rapport.project.mail import WrongMailUrl, mail_settings
from rapport.surfaces.web.signing_in import mails
from tests.cast import Cast
from tests.platform.servers import free_port


class Letterbox(MessageHandler):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []

    def handle_message(self, message: Any) -> None:
        """One mail."""
        self.got.append(email.message_from_bytes(message.as_bytes(), policy=email.policy.default))


@pytest.fixture
def letterbox(settings: Any) -> Iterator[Letterbox]:
    """A mail server, and the settings that lead to it, as RAPPORT_MAIL_URL gives them."""
    box = Letterbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    found = mail_settings(f"smtp://127.0.0.1:{server.port}?tls=0", Path("/nowhere"))
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = found.backend, found.host, found.port
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL, settings.EMAIL_HOST_USER = found.use_tls, found.use_ssl, found.user
    settings.MAIL_REACHES_PEOPLE = found.reaches_people
    yield box
    server.stop()


def test_one_invitation_is_one_mail_without_foreign_headers(cast: Cast, letterbox: Letterbox) -> None:
    """Inviter, company and guest have line ends in their names; the mail has its own headers only."""
    bad = "Ana\r\nBcc: everybody@example.com\r\nSubject: won\r\n\r\nbody"
    User.objects.filter(pk=cast.ana.pk).update(name=bad)
    Workspace.objects.filter(pk=cast.home.pk).update(name="Fern\nX-Bad: yes\nhill")
    role = Role.objects.get(key="sales")
    answer = cast.client("ana").post(
        "/settings/people/invite", {"email": "eve@example.com", "name": bad, "role": str(role.pk)}
    )
    assert answer.status_code == 302
    assert len(letterbox.got) == 1
    message = letterbox.got[0]
    assert message["To"] == "eve@example.com" and message["X-RcptTo"] == "eve@example.com"
    assert message["Bcc"] is None and message["X-Bad"] is None and message["Auto-Submitted"] == "auto-generated"
    assert "won" in message["Subject"] and message.get_all("Subject") == [message["Subject"]]
    assert "/sign-in/invitation/" in message.get_content()


@pytest.mark.parametrize("address", ["eve@example.com\r\nBcc: x@example.com", "a@b.c, d@e.f", "<a@b.c>", "a@b.c\x00"])
def test_addresses_are_one_plain_address(cast: Cast, letterbox: Letterbox, address: str) -> None:
    """Nothing else is mailed to."""
    role = Role.objects.get(key="sales")
    answer = cast.client("ana").post("/settings/people/invite", {"email": address, "role": str(role.pk)})
    assert answer.status_code == 422 and not letterbox.got


def test_server_that_is_away_shows_the_link_instead(cast: Cast, letterbox: Letterbox, settings: Any) -> None:
    """The invitation exists; whoever made it passes the link on."""
    settings.EMAIL_PORT = free_port()
    role = Role.objects.get(key="sales")
    answer = cast.client("ana").post("/settings/people/invite", {"email": "eve@example.com", "role": str(role.pk)})
    assert answer.status_code == 200 and "/sign-in/invitation/" in answer.content.decode()


def test_address_of_the_mail_server_is_read(tmp_path: Path) -> None:
    """User, password, port and how it is encrypted; a password never goes out in clear by accident."""
    found = mail_settings("smtp://ann%40acme.com:p%2Fw@mail.acme.com", tmp_path)
    assert (found.host, found.port, found.user, found.password) == ("mail.acme.com", 587, "ann@acme.com", "p/w")
    assert found.use_tls and not found.use_ssl
    found = mail_settings("smtps://u:p@mail.acme.com", tmp_path)
    assert found.use_ssl and not found.use_tls and found.port == 465
    assert not mail_settings("", tmp_path).reaches_people and (tmp_path / "mail").is_dir()
    with pytest.raises(WrongMailUrl):
        mail_settings("http://mail.acme.com", tmp_path)


def test_one_line() -> None:
    """Whatever separates lines becomes a blank."""
    assert mails.one_line("a\r\nb\u2028c\x00d\te ") == "a b c d e"
