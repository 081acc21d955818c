"""Bytes to `Message`: whatever comes, something comes out, within bounds of size, depth and number of parts."""

from __future__ import annotations

import contextlib
import email.policy
import hashlib
from email.message import Message as Raw
from email.parser import BytesHeaderParser, BytesParser

from rapport.engines.mail.reading import headers
from rapport.engines.mail.reading.message import Attachment, Message
from rapport.engines.mail.reading.quoted import quote_start, split_text, text_from
from rapport.engines.mail.reading.reports import automatic, delivery_reports, verdicts
from rapport.engines.mail.reading.tnef import SIGNATURE, read_tnef
from rapport.kernel.kinds.file import file_name

MOST_BYTES = 30 * 1024 * 1024
_MOST_PARTS = 500
_MOST_DEPTH = 40
#: Lines that look like a boundary; more of them are a bomb, and the library would take minutes over it.
_MOST_BOUNDARIES = 5_000
_MOST_ATTACHMENTS = 200
_LONGEST_TEXT = 400_000
_LONGEST_HTML = 2_000_000
_LONGEST_SUBJECT = 500
_POLICY = email.policy.compat32


def read_message(data: bytes) -> Message:
    """Read a message. Never raises: what cannot be read is named in `problems`."""
    found = Message(message_id="", digest=hashlib.sha256(data).hexdigest(), size=len(data))
    kept = data[:MOST_BYTES]
    if len(data) > MOST_BYTES:
        found.problems.append("too_large")
    message = _parsed(kept, found)
    # Foreign bytes find their way into every corner of the library; each step stands alone, so that one bad header costs
    # that header and not the message.
    for step in (_read_head, _read_body, _read_signs):
        try:
            step(message, found)
        except Exception as problem:  # any bytes may come, and one message must not stop a mailbox
            found.problems.append(f"{step.__name__.strip('_')}: {type(problem).__name__}")
    if not found.message_id:
        found.message_id = f"{found.digest}@missing.invalid"
    return found


def _parsed(data: bytes, found: Message) -> Raw:
    if data.count(b"\n--") > _MOST_BOUNDARIES:
        found.problems.append("too_many_parts")
        return _head_alone(data)
    try:
        return BytesParser(policy=_POLICY).parsebytes(data)
    except Exception as problem:  # nested so deep that the library gives up
        found.problems.append(f"structure: {type(problem).__name__}")
        return _head_alone(data)


def _head_alone(data: bytes) -> Raw:
    """The headers only; the body stands as it came."""
    head = data[:1_000_000].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    try:
        message = BytesHeaderParser(policy=_POLICY).parsebytes(head + b"\n\n")
    except Exception:  # not even that: an empty message with the bytes kept in the mailbox
        message = Raw(policy=_POLICY)
    for name in ("Content-Type", "Content-Transfer-Encoding"):
        with contextlib.suppress(Exception):
            del message[name]
    return message


def _read_head(message: Raw, found: Message) -> None:
    given = headers.ids(headers.raw(message, "Message-ID"))
    found.message_id = given[0] if given else ""
    found.subject = headers.decoded(headers.raw(message, "Subject"))[:_LONGEST_SUBJECT]
    found.sent_at = headers.moment(headers.raw(message, "Date"))
    if found.sent_at is None and (received := headers.raw(message, "Received")):
        found.sent_at = headers.moment(received.rpartition(";")[2].strip())
    sender = headers.addresses(headers.raw(message, "From")) or headers.addresses(headers.raw(message, "Sender"))
    found.sender = sender[0] if sender else None
    for name, kept in (("To", found.to), ("Cc", found.cc), ("Bcc", found.bcc), ("Reply-To", found.reply_to)):
        kept += headers.addresses(", ".join(headers.all_raw(message, name)))
    for name in ("Delivered-To", "X-Original-To", "Envelope-To"):
        found.delivered_to += headers.addresses(", ".join(headers.all_raw(message, name)))
    found.references = headers.references(message)


def _read_body(message: Raw, found: Message) -> None:
    texts: list[str] = []
    htmls: list[str] = []
    for part in _parts(message, found):
        try:
            _read_part(part, found, texts, htmls)
        except Exception as problem:  # as above: one part costs itself
            found.problems.append(f"part: {type(problem).__name__}")
    found.html = "\n".join(htmls)[:_LONGEST_HTML]
    found.text = ("\n\n".join(texts) or text_from(found.html))[:_LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    found.fresh_text, found.quoted_text = split_text(found.text)
    found.quote_at = quote_start(found.html)


def _read_signs(message: Raw, found: Message) -> None:
    found.reports = delivery_reports(message, list(_parts(message, Message("", "", 0), reports=True)), found.text)
    found.automatic = automatic(message, found.reports)
    found.verdicts = verdicts(message)


def _parts(message: Raw, found: Message, *, reports: bool = False) -> list[Raw]:
    """Every part that holds something, in order, without going into messages inside the message."""
    held: list[Raw] = []
    todo: list[tuple[Raw, int]] = [(message, 0)]
    while todo and len(held) < _MOST_PARTS:
        part, depth = todo.pop()
        payload = part.get_payload()
        is_message = part.get_content_maintype() == "message"
        if isinstance(payload, list) and not is_message:
            if depth >= _MOST_DEPTH:
                found.problems.append("too_deep")
                continue
            inner = [one for one in payload if isinstance(one, Raw)][:_MOST_PARTS]
            if part.get_content_type() == "multipart/alternative" and not reports:
                inner = _best(inner)
            todo += [(one, depth + 1) for one in reversed(inner)]
        else:
            held.append(part)
    if todo:
        found.problems.append("too_many_parts")
    return held


def _best(parts: list[Raw]) -> list[Raw]:
    """Of the ways of saying the same: the first plain text, the last HTML, and whatever is neither."""
    plain = [one for one in parts if one.get_content_type() == "text/plain"][:1]
    html = [one for one in parts if one.get_content_type() == "text/html"][-1:]
    return plain + html + [one for one in parts if one.get_content_type() not in ("text/plain", "text/html")]


def _read_part(part: Raw, found: Message, texts: list[str], htmls: list[str]) -> None:
    kind = part.get_content_type()
    if kind in ("message/delivery-status", "message/global-delivery-status"):
        return
    if part.get_content_maintype() == "message":
        _keep(found, _inner_name(part), kind, _inner_bytes(part), "")
        return
    data = part.get_payload(decode=True)
    data = data if isinstance(data, bytes) else b""
    name, is_file = _name(part), (part.get_content_disposition() or "") == "attachment"
    if kind == "text/calendar":
        found.calendars.append(headers.text_of(data, part.get_content_charset())[:_LONGEST_TEXT])
    elif kind in ("application/ms-tnef", "application/vnd.ms-tnef") or data.startswith(SIGNATURE):
        _open_tnef(data, found, texts, htmls)
    elif kind in ("text/plain", "text/html") and not is_file and not (name and kind == "text/html"):
        (htmls if kind == "text/html" else texts).append(headers.text_of(data, part.get_content_charset()))
    else:
        _keep(found, name or "attachment", kind, data, headers.raw(part, "Content-ID").strip("<> ")[:200])


def _keep(found: Message, name: str, kind: str, data: bytes, content_id: str) -> None:
    if data and len(found.attachments) < _MOST_ATTACHMENTS:
        found.attachments.append(Attachment(file_name(name) or "attachment", kind[:100], data, content_id))


def _open_tnef(data: bytes, found: Message, texts: list[str], htmls: list[str]) -> None:
    inside = read_tnef(data)
    for name, content in inside.files:
        _keep(found, name, "application/octet-stream", content, "")
    if inside.text and not texts:
        texts.append(inside.text)
    if inside.html and not htmls:
        htmls.append(inside.html)


def _name(part: Raw) -> str:
    try:
        given = part.get_filename("") or ""
    except Exception:  # names in RFC 2231 with a charset nobody knows
        return ""
    return headers.decoded(given.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _inner_name(part: Raw) -> str:
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    subject = headers.decoded(headers.raw(inner, "Subject"))[:80] if isinstance(inner, Raw) else ""
    return f"{subject or 'message'}.eml"


def _inner_bytes(part: Raw) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Raw):
        return payload[0].as_bytes(policy=_POLICY)
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""
