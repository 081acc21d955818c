"""Handing one message to an SMTP server, through the one way out, and knowing at each point whether it was taken.

The last line of a message goes out by itself: until then nobody has it, from then on only the server's answer tells.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import TypeVar

from rapport.engines.egress import EgressRefused
from rapport.engines.egress.sockets import open_socket
from rapport.engines.mail.imap import Server
from rapport.engines.mail.problems import MailProblem

TIMEOUT = 60
#: For the message itself: a large one over a slow line takes its time.
_LONG = 600
T = TypeVar("T")


class SendProblem(MailProblem):
    """A message did not go out. `later`: it may at another time; `unknown`: nobody knows whether it did."""

    def __init__(self, code: str, said: str = "", *, later: bool = False, unknown: bool = False) -> None:
        super().__init__(code, said)
        self.later, self.unknown = later, unknown


class _Connection(smtplib.SMTP):
    """The library's client on a socket that has been through the one way out."""

    def __init__(self, server: Server) -> None:
        self._server = server
        # A name of ours that gives away nothing about the machine.
        super().__init__(server.host, server.port, local_hostname="[127.0.0.1]", timeout=TIMEOUT)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return open_socket(self._server.host, self._server.port, timeout=timeout, tls=self._server.security == "tls")


class SmtpSession:
    """One connection, signed in. Raises SendProblem and nothing else."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client = _guarded(self._open)

    def __enter__(self) -> SmtpSession:
        return self

    def __exit__(self, *_more: object) -> None:
        try:
            self._client.quit()
        except (OSError, smtplib.SMTPException):
            self._client.close()

    def _open(self) -> _Connection:
        server = self._server
        client = _Connection(server)
        try:
            client.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                if not client.has_extn("starttls"):
                    raise SendProblem("unsafe")
                code, said = client.starttls(context=ssl.create_default_context())
                if code != 220:
                    raise _answered(code, said, "protocol")
                client.ehlo()
            self._sign_in(client)
        except BaseException:
            client.close()
            raise
        return client

    def _sign_in(self, client: _Connection) -> None:
        server = self._server
        if not client.has_extn("auth"):
            return  # a server that asks nobody, in the company's own network
        what = "token" if server.access_token else "password"
        try:
            code, said = self._answer(client)
        except smtplib.SMTPAuthenticationError as problem:
            code, said = problem.smtp_code, problem.smtp_error
        if code not in (235, 503):
            raise _answered(code, said if isinstance(said, bytes) else str(said).encode(), what)

    def _answer(self, client: _Connection) -> tuple[int, bytes]:
        server, ways = self._server, client.esmtp_features["auth"].upper().split()
        if server.access_token:
            answer = f"user={server.user}\x01auth=Bearer {server.access_token}\x01\x01"
            return client.auth("XOAUTH2", lambda _challenge=None: answer)
        if "PLAIN" in ways:
            return _auth(client, "PLAIN", lambda _challenge=None: f"\0{server.user}\0{server.password}")
        client.user, client.password = server.user, server.password
        return _auth(client, "LOGIN", client.auth_login)

    def send(self, sender: str, receivers: Sequence[str], data: bytes, *, before_last: Callable[[], None]) -> str:
        """Hand over a message; returns what the server said. `before_last` runs when all but the last line is out; what it
        raises stops the message, which nobody has then."""

        def hand_over() -> str:
            client = self._client
            wide = [] if _is_plain(sender, receivers) else ["SMTPUTF8"]
            if wide and not client.has_extn("smtputf8"):
                raise SendProblem("receiver", "The server takes only addresses in Latin letters.")
            options = [*wide, *(["BODY=8BITMIME"] if client.has_extn("8bitmime") else [])]
            most = client.esmtp_features.get("size", "")
            if most.isdigit() and 0 < int(most) < len(data):
                raise SendProblem("too_large", most)
            if wide:
                client.command_encoding = "utf-8"
            self._demand(client.mail(sender, options), "refused")
            for one in receivers:
                code, said = client.rcpt(one)
                if code not in (250, 251):
                    # All or nobody: half a delivery would have to be explained to somebody.
                    raise _answered(code, f"{one}: ".encode() + said, "receiver")
            code, said = client.docmd("DATA")
            if code != 354:
                raise _answered(code, said, "refused")
            assert client.sock is not None
            client.sock.settimeout(_LONG)
            client.sock.sendall(_dotted(data))
            client.sock.settimeout(TIMEOUT * 2)
            before_last()
            try:
                client.sock.sendall(b".\r\n")
                code, said = client.getreply()
            except (OSError, smtplib.SMTPException, EOFError) as problem:
                raise SendProblem("uncertain", str(problem)[:200], unknown=True) from problem
            if code == -1:
                raise SendProblem("uncertain", unknown=True)
            if code != 250:
                raise _answered(code, said, "refused")
            return _text(said)

        return _guarded(hand_over)

    def _demand(self, answer: tuple[int, bytes], code: str) -> None:
        if answer[0] != 250:
            raise _answered(answer[0], answer[1], code)


def _auth(client: _Connection, way: str, answer: Callable[..., str]) -> tuple[int, bytes]:
    try:
        return client.auth(way, answer)
    except UnicodeEncodeError:  # the library sends ASCII; servers take UTF-8 (RFC 4616)
        import base64

        first = base64.b64encode(answer().encode()).decode() if way == "PLAIN" else ""
        if not first:
            raise
        return client.docmd("AUTH", f"{way} {first}")


def _is_plain(sender: str, receivers: Sequence[str]) -> bool:
    return all(one.isascii() for one in (sender, *receivers))


def _dotted(data: bytes) -> bytes:
    """Lines end as the protocol wants it, and a dot at the start of a line is no end."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _answered(code: int, said: bytes, what: str) -> SendProblem:
    """A refusal: for now (4xx) or for good (5xx)."""
    later = 400 <= code < 500 or code == -1
    if what == "password" and later:
        what = "unreachable"
    return SendProblem(what, f"{code} {_text(said)}".strip() if code > 0 else _text(said), later=later)


def _text(said: bytes) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", said.decode("utf-8", "replace")).strip()[:400]


def _guarded(work: Callable[[], T]) -> T:
    # The library's errors are OSErrors too, so the particular ones come first.
    try:
        return work()
    except SendProblem:
        raise
    except ssl.SSLError as problem:  # also a certificate that nobody vouches for, which the library calls a ValueError
        raise SendProblem("unreachable", str(problem)[:200], later=True) from problem
    except smtplib.SMTPConnectError as problem:
        raise SendProblem("unreachable", str(problem)[:200], later=problem.smtp_code < 500) from problem
    except smtplib.SMTPServerDisconnected as problem:
        raise SendProblem("unreachable", str(problem)[:200], later=True) from problem
    except (smtplib.SMTPException, ValueError, UnicodeError) as problem:
        raise SendProblem("protocol", str(problem)[:200], later=True) from problem
    except (EgressRefused, OSError, EOFError) as problem:
        raise SendProblem("unreachable", str(problem)[:200], later=True) from problem
