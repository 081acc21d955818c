"""Talking to an IMAP server: only reading, never a flag touched, through the one way out. The one thing written is a copy of
what was sent from here, laid into the folder of sent mail."""

from __future__ import annotations

import base64
import datetime as dt
import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from rapport.engines.egress import EgressRefused
from rapport.engines.egress.sockets import open_socket
from rapport.engines.mail.problems import MailProblem

TIMEOUT = 30
#: Bytes of messages asked for at once.
_AT_ONCE = 4 * 1024 * 1024
_UID = re.compile(rb"\bUID (\d{1,10})")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})")
_LIST = re.compile(rb'^\((?P<flags>[^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (?P<name>.*)$', re.DOTALL)
T = TypeVar("T")
_SENT_NAMES = ("sent", "sent items", "sent messages", "gesendet", "gesendete elemente", "envoyés", "enviados")


@dataclass(frozen=True)
class Server:
    """Where a mailbox lies and how to sign in; the secrets live as long as the connection."""

    host: str
    port: int
    security: str
    user: str
    password: str = ""
    access_token: str = ""


@dataclass(frozen=True)
class Head:
    """What a message is known by before it is fetched."""

    uid: int
    size: int
    received_at: dt.datetime | None
    message_id: str


@dataclass(frozen=True)
class Selected:
    """A folder that is open, to be looked at only."""

    uidvalidity: int
    count: int
    next_uid: int


class _Connection(imaplib.IMAP4):
    """The library's client on a socket that has been through the one way out."""

    def __init__(self, server: Server) -> None:
        self._server = server
        super().__init__(server.host, server.port, TIMEOUT)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return open_socket(self._server.host, self._server.port, timeout=timeout or TIMEOUT, tls=self._server.security == "tls")


class ImapSession:
    """One connection. Every method raises MailProblem and nothing else."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client = self._guarded(self._open)

    def __enter__(self) -> ImapSession:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._client.logout()
        except (OSError, imaplib.IMAP4.error):
            self._client.shutdown()

    def _open(self) -> _Connection:
        server = self._server
        try:
            client = _Connection(server)
        except EgressRefused as problem:
            raise MailProblem("unreachable") from problem
        if server.security == "starttls":
            if "STARTTLS" not in client.capabilities:
                client.shutdown()
                raise MailProblem("unsafe")
            client.starttls(ssl.create_default_context())
        try:
            if server.access_token:
                answer = f"user={server.user}\x01auth=Bearer {server.access_token}\x01\x01".encode()
                client.authenticate("XOAUTH2", lambda _challenge: answer)
            elif "AUTH=PLAIN" in client.capabilities:  # takes every letter, and nothing can end the command
                client.authenticate("PLAIN", lambda _challenge: f"\0{server.user}\0{server.password}".encode())
            else:
                client.login(_quoted(server.user), _quotable(server.password))
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as problem:
            client.shutdown()
            raise MailProblem("token" if server.access_token else "password") from problem
        return client

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except MailProblem:
            raise
        except (OSError, ssl.SSLError, EOFError) as problem:
            raise MailProblem("unreachable", str(problem)[:200]) from problem
        except (imaplib.IMAP4.error, ValueError, IndexError, UnicodeError, TypeError) as problem:
            raise MailProblem("protocol", str(problem)[:200]) from problem

    def folders(self) -> list[tuple[str, bool]]:
        """The inbox and where sent mail lies, as (name, is for sent mail)."""

        def ask() -> list[tuple[str, bool]]:
            _ok, lines = self._client.list()
            names = [one for line in lines if (one := _listed(line))]
            marked = [name for name, flags in names if b"\\sent" in flags.lower()]
            named = [name for name, _flags in names if name.strip('"').lower().rpartition("/")[2] in _SENT_NAMES]
            return [("INBOX", False), *((name, True) for name in (marked or named)[:1])]

        return self._guarded(ask)

    def select(self, folder: str) -> Selected:
        """Open a folder to look at it (EXAMINE): nothing in it can change by that."""

        def ask() -> Selected:
            ok, count = self._client.select(_mailbox_name(folder), readonly=True)
            if ok != "OK":
                raise MailProblem("folder", folder)
            return Selected(self._number("UIDVALIDITY") or 1, int(count[0] or 0), self._number("UIDNEXT") or 0)

        return self._guarded(ask)

    def _number(self, name: str) -> int:
        _name, found = self._client.response(name)
        return int(found[0]) if found and found[0] else 0

    def uids(self, low: int, high: int | None) -> list[int]:
        """The messages whose uid lies between two, ascending; `high` may be open."""
        found = self._search(f"UID {low}:{'*' if high is None else high}")
        # "n:*" gives the last message even when its uid is below n.
        return [uid for uid in found if uid >= low]

    def uids_with(self, address: str) -> list[int]:
        """The messages that name an address in From, To or Cc."""
        if not re.fullmatch(r'[^\s"\\\x00-\x1f\x7f-\U0010ffff]{3,254}', address):
            return []
        return self._search(f'OR FROM "{address}" OR TO "{address}" CC "{address}"')

    def _search(self, what: str) -> list[int]:
        def ask() -> list[int]:
            _ok, lines = self._client.uid("SEARCH", what)
            return sorted({int(one) for line in lines if isinstance(line, bytes) for one in line.split()})

        return self._guarded(ask)

    def lay_by(self, folder: str, message_id: str, data: bytes) -> bool:
        """Lay a message into a folder, read, unless one with its Message-ID is there; returns whether it was laid there now."""
        self.select(folder)
        if not re.fullmatch(r"[A-Za-z0-9.@_-]{1,250}", message_id) or self._search(f'HEADER Message-ID "<{message_id}>"'):
            return False

        def put() -> bool:
            ok, said = self._client.append(_mailbox_name(folder), "(\\Seen)", "", data)
            if ok != "OK":
                raise MailProblem("folder", repr(said)[:200])
            return True

        return self._guarded(put)

    def heads(self, uids: Sequence[int]) -> list[Head]:
        """Size, time and Message-ID of messages, without fetching them."""
        if not uids:
            return []
        parts = "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"

        def ask() -> list[Head]:
            found = {}
            for line, data in self._fetch(uids, parts):
                uid, size = _UID.search(line), _SIZE.search(line)
                if uid and size:
                    identified = re.search(rb"<([^<>\s]{1,250})>", data)
                    named = identified.group(1).decode("utf-8", "replace") if identified else ""
                    found[int(uid.group(1))] = Head(int(uid.group(1)), int(size.group(1)), _received(line), named)
            return [found[uid] for uid in uids if uid in found]

        return self._guarded(ask)

    def bodies(self, heads: Sequence[Head]) -> Iterator[tuple[Head, bytes]]:
        """The messages themselves, so many at a time as fit into a few megabytes."""
        group: list[Head] = []
        for head in heads:
            if group and sum(one.size for one in group) + head.size > _AT_ONCE:
                yield from self._some(group)
                group = []
            group.append(head)
        if group:
            yield from self._some(group)

    def _some(self, heads: Sequence[Head]) -> Iterator[tuple[Head, bytes]]:
        by_uid = {head.uid: head for head in heads}

        def ask() -> list[tuple[Head, bytes]]:
            found = []
            for line, data in self._fetch(list(by_uid), "(UID BODY.PEEK[])"):
                uid = _UID.search(line)
                if uid and int(uid.group(1)) in by_uid:
                    found.append((by_uid.pop(int(uid.group(1))), data))
            return found

        yield from self._guarded(ask)

    def _fetch(self, uids: Sequence[int], parts: str) -> Iterator[tuple[bytes, bytes]]:
        """One (line, literal) per message; what stands behind the literal belongs to the line."""
        _ok, items = self._client.uid("FETCH", ",".join(map(str, uids)), parts)
        line, data = b"", b""
        for item in [*items, (b"", b"")]:
            if isinstance(item, tuple):
                if line:
                    yield line, data
                line, data = bytes(item[0]), bytes(item[1])
            elif isinstance(item, bytes):
                if line:
                    line += b" " + item
                elif item:  # a message without any literal
                    yield item, b""


def _listed(line: object) -> tuple[str, bytes] | None:
    """Name and flags of a line of LIST; a name with letters that must be sent as a literal is left out."""
    if not isinstance(line, bytes) or (match := _LIST.match(line)) is None:
        return None
    name = match.group("name").strip()
    if name.startswith(b'"') and name.endswith(b'"'):
        name = name[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\")
    return name.decode("ascii", "replace"), match.group("flags")


def _mailbox_name(folder: str) -> str:
    """A folder as the protocol writes it (RFC 3501: modified UTF-7), quoted."""
    coded, held = [], ""

    def flush() -> None:
        nonlocal held
        if held:
            coded.append("&" + base64.b64encode(held.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-")
            held = ""

    already = folder.isascii()  # names as the server lists them are coded already
    for letter in folder:
        if not already and not " " <= letter <= "~":
            held += letter
            continue
        flush()
        coded.append("&-" if letter == "&" and not already else letter)
    flush()
    text = "".join(coded)
    if any(c < " " or c == "\x7f" for c in text):
        raise MailProblem("folder", folder)
    return _quoted(text)


def _quoted(text: str) -> str:
    return '"' + _quotable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quotable(text: str) -> str:
    """What may stand in a quoted string; anything else could end the command."""
    if any(c in "\r\n\0" for c in text):
        raise MailProblem("password")
    return text


def _received(line: bytes) -> dt.datetime | None:
    found = imaplib.Internaldate2tuple(line)
    try:
        return dt.datetime.fromtimestamp(time.mktime(found), dt.UTC) if found else None
    except (ValueError, OverflowError, OSError):
        return None


__all__ = ["Head", "ImapSession", "Selected", "Server"]
