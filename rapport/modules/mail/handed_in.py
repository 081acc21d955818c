"""Mail that colleagues hand in: a copy by Bcc, or a message they pass on, becomes mail of theirs with the people outside.

Only a colleague's own address hands in; where the mailbox names a receiving server, only what that server vouches for. What
was passed on is read for what it was: from the message that hangs on it, or from the head that mail programs write above it.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.mail.models import Mailbox
from rapport.engines.mail.reading import Address, Message, read_message
from rapport.engines.mail.reading.headers import addresses
from rapport.engines.mail.taking import Incoming

if TYPE_CHECKING:
    from rapport.modules.mail.participants import Colleagues

#: The words that mail programs write above a message that is passed on, in the languages of most.
_FROM = r"From|Von|De|Da|Van|Från|Fra|Od|От|Feladó|Lähettäjä"
_TO = r"To|An|À|A|Para|Aan|Till|Til|Do|Кому|Címzett|Vastaanottaja"
_CC = r"Cc|CC|Kopie|Copie|Kopia"
_HEAD = re.compile(rf"^[>\s*]*\**(?:{_FROM})\s?\**:\**\s*(?P<rest>.*)$", re.MULTILINE)
_LINE = re.compile(rf"^[>\s*]*\**(?:(?P<to>{_TO})|(?P<cc>{_CC})|[^\W\d_][\w\s-]{{1,20}})\s?\**:\**\s*(?P<rest>.*)$")
_PREFIX = re.compile(r"^\s*(?:(?:fwd?|wg|tr|rv|i|vs|enc|doorst)\s*:\s*)+", re.IGNORECASE)
_MOST_LINES = 12


def hand_in(mailbox: Mailbox, one: Incoming, ours: Colleagues, *, vouched: str) -> str:
    """Make the message that was handed in of what came; returns why it is left out, or "". `vouched` is what the receiving
    server says of the sender."""
    if "handed_by" in one.prepared:
        return ""
    sender = one.message.sender
    by = person_of(ours, sender.address) if sender is not None else None
    if by is None or one.message.automatic:
        return "stranger"
    if mailbox.trusted_server and vouched != "pass":
        return "unverified"
    one.message = _unwrapped(one.message, mailbox, ours)
    one.prepared["handed_by"] = by
    return ""


def person_of(ours: Colleagues, address: str) -> UUID | None:
    """The colleague behind an address of their own; a team's address and a mere domain are nobody in particular."""
    found = [one for one in ours.principals.get(address, ()) if one.startswith("u:")]
    return UUID(found[0].removeprefix("u:")) if found else None


def _unwrapped(message: Message, mailbox: Mailbox, ours: Colleagues) -> Message:
    """What was passed on, if somebody outside is not among the receivers already (then it is a copy)."""
    if any(not ours.has(one) for one in message.everybody):
        return message
    for one in message.attachments:
        if one.type.startswith("message/"):
            inner = read_message(one.data)
            if any(not ours.has(a) for a in inner.everybody):
                return inner
    return _from_head(message, mailbox) or message


def _from_head(message: Message, mailbox: Mailbox) -> Message | None:
    """A message out of the text of the one it was passed on in."""
    text = message.text
    found = next((m for m in _HEAD.finditer(text) if addresses(m["rest"])), None)
    if found is None:
        return None
    to: list[Address] = []
    cc: list[Address] = []
    lines = text[found.end() :].split("\n")[1 : _MOST_LINES + 1]
    used = 0
    for used, line in enumerate(lines, start=1):  # noqa: B007
        match = _LINE.match(line.rstrip())
        if match is None:
            break
        if match["to"] or match["cc"]:
            (to if match["to"] else cc).extend(addresses(match["rest"]))
    rest = "\n".join(text[found.end() :].split("\n")[used:])
    words = re.sub(r"^> ?", "", rest, flags=re.MULTILINE).strip()
    handed_to = [one for one in message.to if one.address != mailbox.address.lower()]
    receivers = list({one.address: one for one in [*to, *handed_to]}.values())
    return dataclasses.replace(
        message, sender=addresses(found["rest"])[0], to=receivers, cc=cc, bcc=[], subject=_PREFIX.sub("", message.subject),
        text=words, fresh_text=words or message.fresh_text, quoted_text="",
        html="", quote_at=0, references=[],
    )  # fmt: skip
