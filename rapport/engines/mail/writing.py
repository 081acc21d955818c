"""A queued message as bytes: headers that nothing typed can break out of, plain text and a simple HTML beside it."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Mapping, Sequence
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from rapport.engines.mail.models import OutgoingMail
from rapport.kernel.files.store import path_of

_LINK = re.compile(r"https?://[^\s<>\"'()]{1,2000}[^\s<>\"'().,;:!?]")
_MOST_REFERENCES = 20


def message_bytes(mail: OutgoingMail, *, sender: tuple[str, str], at: dt.datetime, with_bcc: bool = False) -> bytes:
    """The message as it goes over the wire; with its Bcc only for our own copy. `sender` is (address, name)."""
    people = [sender[0], *(one["address"] for some in (mail.to, mail.cc, mail.bcc) for one in some)]
    made = EmailMessage(policy=SMTP if all(one.isascii() for one in people) else SMTPUTF8)
    made["From"] = _header_address(*sender)
    for name, some in (("To", mail.to), ("Cc", mail.cc), ("Bcc", mail.bcc if with_bcc else [])):
        if some:
            made[name] = [_header_address(one["address"], one.get("name", "")) for one in some]
    made["Subject"] = one_line(mail.subject)
    made["Date"] = format_datetime(at.astimezone(dt.UTC).replace(microsecond=0))
    made["Message-ID"] = f"<{mail.message_id}>"
    if mail.in_reply_to:
        made["In-Reply-To"] = f"<{mail.in_reply_to}>"
    if references := mail.references or ([mail.in_reply_to] if mail.in_reply_to else []):
        kept = references if len(references) <= _MOST_REFERENCES else [references[0], *references[1 - _MOST_REFERENCES :]]
        made["References"] = " ".join(f"<{one}>" for one in kept)
    if mail.is_automatic:
        made["Auto-Submitted"] = "auto-replied" if mail.in_reply_to else "auto-generated"
        made["X-Auto-Response-Suppress"] = "All"
    made.set_content(mail.text or "\n", cte="quoted-printable")
    if mail.html:
        made.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    if mail.calendar:
        _add_calendar(made, mail)
    for one in mail.files:
        kind, _slash, sub = str(one.get("type") or "application/octet-stream").partition("/")
        is_safe = bool(re.fullmatch(r"[a-z0-9.+-]{1,60}", kind) and re.fullmatch(r"[a-z0-9.+-]{1,90}", sub)) and kind not in (
            "message", "multipart"
        )  # fmt: skip
        maintype, subtype = (kind, sub) if is_safe else ("application", "octet-stream")
        data = path_of(str(one["key"])).read_bytes()
        made.add_attachment(data, maintype=maintype, subtype=subtype, filename=one_line(str(one.get("name") or "file")))
    return made.as_bytes()


def _add_calendar(made: EmailMessage, mail: OutgoingMail) -> None:
    """As iMIP (RFC 6047) has it: a way of reading the message, by which calendars know it; and a file, for those that do not."""
    method = re.sub(r"[^A-Z]", "", mail.calendar_method) or "REQUEST"
    made.add_alternative(mail.calendar, subtype="calendar", cte="base64", params={"method": method})
    made.add_attachment(mail.calendar.encode(), maintype="application", subtype="ics", filename="invite.ics")


def _header_address(address: str, name: str) -> HeaderAddress:
    local, _at, domain = address.rpartition("@")
    return HeaderAddress(one_line(name)[:120], local, domain)


def one_line(text: str) -> str:
    """Text for a header: nothing in it ends the line."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text).strip()


def html_of(text: str) -> str:
    """A plain HTML of a plain text: paragraphs, links, and quotes as quotes."""
    parts: list[str] = []
    depth = 0
    for line in text.split("\n"):
        bare = re.sub(r"^(?:> ?)+", "", line)
        wanted = min(len(line[: len(line) - len(bare)].replace(" ", "")), 10)
        parts.append("</blockquote>" * (depth - wanted) + '<blockquote type="cite">' * (wanted - depth))
        depth = wanted
        parts.append(_linked(bare) + "<br>\n")
    body = "".join(parts) + "</blockquote>" * depth
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{body}</body></html>'


def _linked(text: str) -> str:
    found, at = [], 0
    for match in _LINK.finditer(text):
        found += [html.escape(text[at : match.start()]), f'<a href="{html.escape(match[0])}">{html.escape(match[0])}</a>']
        at = match.end()
    return "".join(found) + html.escape(text[at:])


def receivers_of(mail: OutgoingMail) -> list[str]:
    """Everybody it goes to, each once."""
    some: Sequence[Mapping[str, str]] = [*mail.to, *mail.cc, *mail.bcc]
    return list(dict.fromkeys(one["address"] for one in some))
