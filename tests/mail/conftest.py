"""A real mail server, and mailboxes on it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from rapport.engines.mail.models import Mailbox, MailboxState
from rapport.engines.mail.secrets import seal
from rapport.engines.mail.turns import take_turn_at
from tests.cast import Cast
from tests.mail.dovecot import PASSWORD, Dovecot
from tests.mail.smtp_server import SmtpServer
from tests.platform.passes import DOVECOT_MISSING
from tests.platform.programs import find_dovecot


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """The server; each test writes to users of its own. Not in pytest's folder: every pytest of this user closes that one
    to others when it starts, and Dovecot keeps mail as somebody else than root."""
    if find_dovecot() is None:
        pytest.skip(DOVECOT_MISSING)
    with tempfile.TemporaryDirectory(prefix="rapport-dovecot-") as folder:
        server = Dovecot(Path(folder))
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def new_mailbox(cast: Cast, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Mailbox]:
    """Makes a mailbox of a person on the server, ready to be read."""
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    return lambda who, **given: mailbox_for(cast, dovecot, who, **given)


def mailbox_for(cast: Cast, dovecot: Dovecot, who: str, **given: object) -> Mailbox:
    """A mailbox of a person on the server, with its password."""
    user = getattr(cast, who)
    name = f"{who}-{uuid4().hex[-10:]}"
    values = {
        "name": who.title(), "address": f"{who}@fernhill.example", "owner": user.pk, "imap_host": "127.0.0.1",
        "imap_port": dovecot.port, "imap_security": "none", "user_name": name, "creates": "never",
    }  # fmt: skip
    made = cast.system.create("mailbox", **{**values, **given})
    MailboxState.objects.filter(mailbox_id=made.pk).update(secret=seal(PASSWORD), problem="")
    assert isinstance(made, Mailbox)
    return made


def read(cast: Cast, mailbox: Mailbox) -> MailboxState:
    """One turn at a mailbox, as the job takes it."""
    take_turn_at(cast.home, mailbox.pk)
    return MailboxState.objects.get(mailbox_id=mailbox.pk)


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    """An outgoing server."""
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    with SmtpServer() as server:
        yield server


@pytest.fixture
def sending_mailbox(cast: Cast, smtp: SmtpServer) -> Callable[..., Mailbox]:
    """Makes a mailbox of a person that sends through the server."""
    return lambda who, **given: sending_mailbox_for(cast, smtp, who, **given)


def sending_mailbox_for(cast: Cast, smtp: SmtpServer, who: str, **given: object) -> Mailbox:
    """A mailbox of a person that sends; nothing is read for it unless it is given a server to read from."""
    user = getattr(cast, who)
    values = {
        "name": who.title(), "address": f"{who}@fernhill.example", "owner": user.pk, "imap_host": "127.0.0.1", "imap_port": 9,
        "imap_security": "none", "user_name": who, "creates": "never", "smtp_host": "127.0.0.1", "smtp_port": smtp.port,
        "smtp_security": "none",
    }  # fmt: skip
    made = cast.system.create("mailbox", **{**values, **given})
    MailboxState.objects.filter(mailbox_id=made.pk).update(secret=seal(PASSWORD), problem="")
    assert isinstance(made, Mailbox)
    return made
