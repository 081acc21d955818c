"""Programs never answer programs: nothing in the torture corpus that is automatic is answered, and nobody too often."""

from __future__ import annotations

import pytest

from rapport.engines.mail.answering import MOST_A_DAY, may_answer_automatically
from rapport.engines.mail.outbox import queue_mail
from rapport.engines.mail.reading import read_message
from rapport.kernel.errors import Invalid
from tests.cast import Cast
from tests.mail.conftest import sending_mailbox_for
from tests.mail.corpus import bounce, plain
from tests.mail.letters import letter
from tests.mail.smtp_server import SmtpServer

_AUTOMATIC = (
    b"Auto-Submitted: auto-replied\r\n", b"Auto-Submitted: auto-generated\r\n", b"Precedence: bulk\r\n", b"Precedence: junk\r\n",
    b"Precedence: list\r\n", b"Precedence: auto_reply\r\n", b"X-Autoreply: yes\r\n", b"X-Autorespond: yes\r\n",
    b"List-Id: <a.b>\r\n", b"List-Unsubscribe: <mailto:x@y.example>\r\n", b"Return-Path: <>\r\n", b"X-Auto-Response-Suppress: All\r\n",
    b"Feedback-ID: 1\r\n",
)  # fmt: skip


def test_nothing_automatic_is_answered(cast: Cast, smtp: SmtpServer) -> None:
    """Reports, robots, lists, senders that are none, and mailboxes of our own: no answer to any; to a person, one."""
    sending_mailbox_for(cast, smtp, "ana")
    torture = [plain(n, more) for n, more in enumerate(_AUTOMATIC)] + [bounce(1), bounce(2, b"4.2.2", b"delayed"), b"", b"\xff"]
    torture += [
        letter(1, sender=one)
        for one in (
            "",
            "nobody",
            "no-reply@a.example",
            "MAILER-DAEMON@a.example",
            "ana@fernhill.example",
            "bounces+1=x@a.example",
        )
    ]
    assert [one for one in torture if may_answer_automatically(cast.system, read_message(one))] == []
    assert may_answer_automatically(cast.system, read_message(letter(1)))


def test_what_rapport_writes_by_rule_says_so_and_is_not_answered_by_another(cast: Cast, smtp: SmtpServer) -> None:
    """Two installations that acknowledge each other stop at the first message; and there is a most for a day."""
    from rapport.engines.mail.writing import message_bytes

    box = sending_mailbox_for(cast, smtp, "ana")
    given = {"to": ["jo@kunde.example"], "subject": "We have it", "text": "Thank you.", "as_system": True}
    mail = queue_mail(cast.ctx("cem"), box, **given)  # type: ignore[arg-type]
    got = read_message(message_bytes(mail, sender=("ana@fernhill.example", ""), at=mail.made_at))
    assert got.automatic == "reply" and not may_answer_automatically(cast.system, got)
    for _more in range(MOST_A_DAY - 1):
        queue_mail(cast.system, box, **given)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="today"):
        queue_mail(cast.system, box, **given)  # type: ignore[arg-type]
    assert not may_answer_automatically(cast.system, read_message(letter(1)))
    assert queue_mail(cast.ctx("ana"), box, to=["jo@kunde.example"], subject="x", text="y"), (
        "a person writes as often as they like"
    )
