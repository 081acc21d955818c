"""What a message is once it is read: plain values, bounded, without anything of the library that read it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Address:
    """One mailbox address in lower case, with the name its writer gave it."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What stands after the @."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True)
class Attachment:
    """A file that came along. Name and type are what the sender says; nobody believes them."""

    name: str
    type: str
    data: bytes = field(repr=False)
    #: The id by which the HTML names a picture inside the message; "" for a plain attachment.
    content_id: str = ""


@dataclass(frozen=True)
class Report:
    """What a mail server says about one receiver of a message that was sent (RFC 3464)."""

    address: str
    #: failed, delayed, delivered, relayed or expanded.
    action: str
    #: "5.1.1"; "" when the server gave none.
    status: str
    said: str = ""
    #: The Message-ID of the message it is about; "" when the report does not say.
    about: str = ""

    @property
    def severity(self) -> str:
        """ "hard" when the address is no good, "soft" when it may work later, "" when nothing went wrong."""
        if self.action in ("delivered", "relayed", "expanded"):
            return ""
        # A full mailbox, a message too large and a refusal by rules say nothing about the address itself.
        passing = self.status.startswith(("4.", "5.2.2", "5.2.3", "5.3.", "5.4.", "5.5.", "5.6.", "5.7."))
        return "soft" if self.action == "delayed" or passing or not self.status else "hard"


@dataclass(frozen=True)
class Verdicts:
    """What a server wrote about who sent it (RFC 8601), and the name of that server. Anybody may write such a header, so
    only those of a server the mailbox names count."""

    server: str = ""
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""


@dataclass
class Message:
    """One message, read."""

    message_id: str
    #: sha256 of the bytes.
    digest: str
    size: int
    subject: str = ""
    sent_at: dt.datetime | None = None
    sender: Address | None = None
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    bcc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    #: Where the message says it was delivered (shared addresses, signed parts).
    delivered_to: list[Address] = field(default_factory=list)
    #: Message-IDs it answers, oldest first.
    references: list[str] = field(default_factory=list)
    text: str = ""
    #: The part of the text that its writer wrote, without what they quote.
    fresh_text: str = ""
    quoted_text: str = ""
    html: str = ""
    #: Where the quoted part of the HTML begins; its length when there is none.
    quote_at: int = 0
    attachments: list[Attachment] = field(default_factory=list)
    #: The text of each calendar part (iTIP).
    calendars: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    #: "" for a person's mail, else why no program may answer it: report, reply, list, bulk.
    automatic: str = ""
    verdicts: Verdicts = Verdicts()
    #: What could not be read, for the ledger.
    problems: list[str] = field(default_factory=list)

    @property
    def everybody(self) -> list[Address]:
        """Sender and receivers, each address once."""
        found = [*([self.sender] if self.sender else []), *self.to, *self.cc, *self.bcc]
        return list({one.address: one for one in reversed(found)}.values())[::-1]
