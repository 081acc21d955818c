"""Signing in at outgoing servers: encrypted or not at all, by password or token."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from rapport.engines.mail.models import Mailbox, MailboxState, OutgoingMail
from rapport.engines.mail.outbox import queue_mail
from rapport.engines.mail.secrets import seal
from rapport.engines.mail.sending import send_one
from rapport.kernel.errors import Invalid
from tests.cast import Cast
from tests.mail.smtp_server import SmtpServer

NewMailbox = Callable[..., Mailbox]


def _sent(cast: Cast, box: Mailbox) -> OutgoingMail:
    mail = queue_mail(cast.ctx("ana"), box, to=["jo@kunde.example"], subject="x", text="y", undo_seconds=0)
    send_one(cast.home, mail.pk, job_id=uuid4())
    mail.refresh_from_db()
    return mail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    plain = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + plain)
    return path


def test_starttls_is_spoken_and_the_certificate_looked_at(
    cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a certificate that is trusted it goes; with one that is not, the password never leaves."""
    smtp.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    smtp.tls.load_cert_chain(certificate)
    box = sending_mailbox("ana", smtp_security="starttls")
    assert _sent(cast, box).problem == "unreachable" and not any(one.startswith("AUTH") for one in smtp.commands)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert _sent(cast, box).state == "sent" and smtp.taken[0].user == "ana"


def test_a_server_without_encryption_gets_no_password(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """STARTTLS that is not offered fails, with what to do; elsewhere than on this machine it cannot even be chosen."""
    mail = _sent(cast, sending_mailbox("ana", smtp_security="starttls"))
    assert (mail.state, mail.problem) == ("failed", "unsafe") and not any(one.startswith("AUTH") for one in smtp.commands)
    with pytest.raises(Invalid, match="encrypted"):
        sending_mailbox("ben", smtp_host="smtp.example.com", smtp_security="none")


def test_large_providers_take_the_access_token(cast: Cast, smtp: SmtpServer, sending_mailbox: NewMailbox) -> None:
    """XOAUTH2 with the token that reading uses; one that is refused says so."""
    given = {"sign_in": "oauth2", "token_url": "https://login.example/token", "client_id": "rapport"}
    box = sending_mailbox("ana", **given)
    until = timezone.now() + dt.timedelta(hours=1)
    MailboxState.objects.filter(mailbox_id=box.pk).update(access_token=seal("good"), access_until=until)
    refused = _sent(cast, box)
    assert (refused.state, refused.problem) == ("failed", "token")
    smtp.tokens.add("good")
    assert _sent(cast, box).state == "sent" and smtp.taken[0].user == "ana"
