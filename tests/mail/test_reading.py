"""Reading messages: any bytes give a message, and what programs hide in theirs is found."""

from __future__ import annotations

import time

import pytest

from rapport.engines.mail.reading import Message, read_message
from tests.mail.corpus import all_of_it, bounce, calendar, nested, plain, tnef, with_tnef

pytestmark = pytest.mark.once


def test_no_bytes_stop_a_mailbox() -> None:
    """A thousand broken messages: each one is read, in bounded time, into text that a database takes."""
    count = 0
    for data in all_of_it(1_000):
        started = time.monotonic()
        found = read_message(data)
        assert time.monotonic() - started < 5, data[:300]
        assert found.message_id and len(found.message_id) <= 250
        whole = found.subject + found.text + found.html + "".join(found.calendars) + "".join(one.name for one in found.attachments)
        assert "\0" not in whole
        whole.encode()
        assert all("/" not in one.name and "\\" not in one.name for one in found.attachments)
        assert all("@" in one.address and " " not in one.address for one in found.everybody)
        count += 1
    assert count == 1_000


def test_the_words_come_out_whatever_they_are_written_in() -> None:
    """Encoded words cut in the middle of a letter, raw 8-bit headers, wrong charsets, HTML alone."""
    split = read_message(plain(1).replace(b"Subject: Order 1", b"Subject: =?utf-8?b?R3LDvMOf?= =?utf-8?b?ZSDDvGJlciBCw60=?="))
    assert split.subject == "Grüße über Bí"
    cut = read_message(plain(1).replace(b"Order 1", b"=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?="))
    assert cut.subject == "Grüße" and cut.sender is not None and cut.sender.name == "Jörg"
    raw = read_message(plain(1).replace(b"Order 1", b"Gr\xfc\xdfe"))
    assert raw.subject == "Grüße"
    assert read_message(plain(1, b"Content-Type: text/plain; charset=nonsense\r\n", b"Gr\xc3\xbc\xc3\x9fe")).text == "Grüße"
    only_html = read_message(plain(1, b"Content-Type: text/html\r\n", b"<p>Dear&nbsp;Ana</p><script>x()</script><p>see you</p>"))
    assert only_html.text == "Dear Ana\n\nsee you" or only_html.text == "Dear Ana\nsee you"


def test_addresses_are_only_such_as_could_be_written_to() -> None:
    """Names with commas, groups, comments, and an address inside a name that means somebody else."""
    to = b'"Moore, Ben" <ben@x.example>, Team: cem@x.example, dea@x.example;, (a) eva@x.example (b), undisclosed-recipients:;, "ana@bank.example" <thief@evil.example>, nobody'
    found = read_message(plain(1).replace(b"Ana <ana@fernhill.example>", to))
    assert [one.address for one in found.to] == ["ben@x.example", "cem@x.example", "dea@x.example", "eva@x.example", "thief@evil.example"]
    assert found.to[0].name == "Moore, Ben"


def test_a_delivery_report_says_whom_and_why() -> None:
    """The address, hard or soft by its code, and the message it is about; in words only too."""
    hard, soft, full = bounce(1), bounce(2, b"4.4.1", b"delayed"), bounce(3, b"5.2.2")
    assert _report(hard) == ("gone@kunde.example", "hard", "5.1.1", "sent.1@fernhill.example")
    assert _report(soft)[1] == "soft" and _report(full)[1] == "soft"
    words = plain(4, b"", b"Delivery to <gone@kunde.example> failed: 550 5.1.1 unknown user").replace(b"joerg@kunde", b"mailer-daemon@kunde")
    assert _report(words)[:3] == ("gone@kunde.example", "hard", "5.1.1")
    assert read_message(plain(5)).reports == []


def _report(data: bytes) -> tuple[str, str, str, str]:
    found = read_message(data)
    assert found.automatic == "report"
    one = found.reports[0]
    return one.address, one.severity, one.status, one.about


@pytest.mark.parametrize(
    ("header", "kind"),
    [(b"Auto-Submitted: auto-replied", "reply"), (b"Auto-Submitted: no", ""), (b"Precedence: bulk", "bulk"), (b"List-Id: <a.example>", "list"), (b"X-Auto-Response-Suppress: All", "bulk"), (b"Return-Path: <>", "report"), (b"X-Autoreply: yes", "reply"), (b"Precedence: list", "list"), (b"Precedence: auto_reply", "reply"), (b"X-Other: 1", "")],
)  # fmt: skip
def test_automatic_mail_is_known(header: bytes, kind: str) -> None:
    """What no program may answer."""
    assert read_message(plain(1, header + b"\r\n")).automatic == kind


def test_files_come_out_of_the_envelope_others_put_them_in() -> None:
    """winmail.dat gives its files under their long names; a calendar part is found; a message inside is a file."""
    found = read_message(with_tnef(1, tnef(long_name="Grundriß Halle.pdf")))
    assert [(one.name, one.data) for one in found.attachments] == [("Grundriß Halle.pdf", b"%PDF-1.4 plan")]
    assert found.calendars == [] and "METHOD:REQUEST" in read_message(calendar(1)).calendars[0]
    inner = read_message(plain(1, b"Content-Type: message/rfc822\r\n", plain(2)))
    assert [one.name for one in inner.attachments] == ["Order 2.eml"] and b"Hello" in inner.attachments[0].data


def test_what_was_quoted_is_told_from_what_is_new() -> None:
    """In text and HTML, in several languages; an answer between the lines stays whole."""
    quoted = b"Yes, please.\r\n\r\nOn Mon, 2 Nov 2026 at 09:15, Ana Silva <ana@fernhill.example> wrote:\r\n> Shall we?\r\n"
    assert read_message(plain(1, b"", quoted)).fresh_text == "Yes, please."
    german = b"Gern.\r\n\r\nAm 02.11.2026 um 09:15 schrieb Ana Silva:\r\n> Wollen wir?\r\n"
    assert read_message(plain(1, b"", german)).fresh_text == "Gern."
    between = b"> Shall we?\r\nYes.\r\n> When?\r\nMonday."
    found = read_message(plain(1, b"", between))
    assert "Monday." in found.fresh_text and found.quoted_text == ""
    html = read_message(plain(1, b"Content-Type: text/html\r\n", b'<p>Yes</p><div class="gmail_quote">On Monday</div>'))
    assert html.html[: html.quote_at] == "<p>Yes</p>"


def test_who_sent_it_is_taken_from_the_topmost_verdict() -> None:
    """A sender may write such a header too; the server's stands above it and names the server."""
    two = b"Authentication-Results: mx.fernhill.example; spf=pass smtp.mailfrom=x; dkim=fail (bad) header.d=x; dmarc=fail\r\nAuthentication-Results: evil.example; dmarc=pass\r\n"
    found = read_message(plain(1, two)).verdicts
    assert (found.server, found.spf, found.dkim, found.dmarc) == ("mx.fernhill.example", "pass", "fail", "fail")


def test_size_depth_and_parts_are_bounded() -> None:
    """What is too much is cut and named."""
    deep: Message = read_message(nested(100))
    assert "too_deep" in deep.problems and deep.subject == "Order 7"
    parts = read_message(plain(1, b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n\r\na\r\n" * 40_000))
    assert "too_many_parts" in parts.problems
