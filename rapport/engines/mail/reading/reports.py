"""What mail servers and programs say: delivery reports (RFC 3464), automatic mail (RFC 3834), who really sent it (RFC 8601)."""

from __future__ import annotations

import re
from email.message import Message as Raw

from rapport.engines.mail.reading.headers import addresses, all_raw, ids, raw
from rapport.engines.mail.reading.message import Report, Verdicts

_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_IN_TEXT = re.compile(r"[<\s]([^\s<>@]{1,64}@[^\s<>@,;:]{3,200})")
_SYSTEM_NAMES = ("mailer-daemon@", "postmaster@", "mail-daemon@")
_MOST = 100


def delivery_reports(message: Raw, parts: list[Raw], text: str) -> list[Report]:
    """What became of each receiver; empty when the message is no report."""
    about = _about(parts)
    found = []
    for part in parts:
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        payload = part.get_payload()
        for block in payload if isinstance(payload, list) else []:
            if isinstance(block, Raw) and (one := _block(block, about)) and len(found) < _MOST:
                found.append(one)
    if found or not _from_the_system(message):
        return found
    return _unstructured(text, about)


def _block(block: Raw, about: str) -> Report | None:
    given = raw(block, "Final-Recipient") or raw(block, "Original-Recipient")
    receiver = addresses(given.partition(";")[2] or given)
    if not receiver:
        return None
    status = _STATUS.search(raw(block, "Status"))
    action = raw(block, "Action").lower().split(" ")[0]
    said = raw(block, "Diagnostic-Code").partition(";")[2].strip()[:500]
    return Report(receiver[0].address, action if action in _ACTIONS else "failed", status.group(1) if status else "", said, about)


def _about(parts: list[Raw]) -> str:
    """The Message-ID of the message that came back with the report."""
    for part in parts:
        kind, payload = part.get_content_type(), part.get_payload()
        if kind in ("message/rfc822", "message/global") and isinstance(payload, list) and payload:
            inner = payload[0]
            found = ids(raw(inner, "Message-ID")) if isinstance(inner, Raw) else []
        elif kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers") and isinstance(payload, str):
            line = re.search(r"^message-id:\s*(<[^<>\s]{1,250}>)", payload, re.IGNORECASE | re.MULTILINE)
            found = ids(line.group(1)) if line else []
        else:
            continue
        if found:
            return found[0]
    return ""


def _unstructured(text: str, about: str) -> list[Report]:
    """Servers that report in words only: the first address and the first status code of the text."""
    receiver, status = _IN_TEXT.search(" " + text[:20_000]), _STATUS.search(text[:20_000])
    if receiver is None or status is None:
        return []
    address = addresses(receiver.group(1).rstrip(".>):"))
    return [Report(address[0].address, "failed", status.group(1), "", about)] if address else []


def _from_the_system(message: Raw) -> bool:
    sender = addresses(raw(message, "From"))
    return bool(sender) and sender[0].address.startswith(_SYSTEM_NAMES)


def automatic(message: Raw, reports: list[Report]) -> str:
    """Why no program may answer this: report, reply, list or bulk; "" for what a person wrote to a person."""
    path = [one.strip() for one in all_raw(message, "Return-Path")]
    if reports or message.get_content_type() == "multipart/report" or "<>" in path or _from_the_system(message):
        return "report"
    submitted = raw(message, "Auto-Submitted").lower()
    precedence = raw(message, "Precedence").lower().strip()
    if (submitted and not submitted.startswith("no")) or precedence == "auto_reply":
        return "reply"
    if any(raw(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder")):
        return "reply"
    if any(raw(message, name) for name in ("List-Id", "List-Unsubscribe", "List-Post", "List-Help")) or precedence == "list":
        return "list"
    if precedence in ("bulk", "junk") or raw(message, "X-Auto-Response-Suppress") or raw(message, "Feedback-ID"):
        return "bulk"
    return ""


def verdicts(message: Raw) -> Verdicts:
    """The topmost Authentication-Results: servers put theirs on top of what was there."""
    text = raw(message, "Authentication-Results")
    if not text:
        return Verdicts()
    server = text.partition(";")[0].strip().split(" ")[0].lower()[:200]
    bare = re.sub(r"\([^()]{0,500}\)", " ", text)
    found = dict(re.findall(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]{1,12})", bare.lower())[::-1])
    return Verdicts(server, found.get("spf", ""), found.get("dkim", ""), found.get("dmarc", ""))
