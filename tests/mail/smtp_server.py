"""A real SMTP server for the tests, on sockets: takes mail, refuses, hangs up at any point, and asks for a password."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

PASSWORD = "pass-wörd"


@dataclass
class Taken:
    """A message the server said yes to."""

    sender: str
    receivers: list[str]
    data: bytes
    user: str = ""


@dataclass
class SmtpServer:
    """The running server. `answers` maps a command ("MAIL", "RCPT", "RCPT jo@x.example", "DATA", "END") to what is said
    instead of yes; "" hangs up. `before` runs something when a command comes."""

    demands_auth: bool = True
    tls: ssl.SSLContext | None = None
    answers: dict[str, str] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    #: Complete messages that came in, also such as were answered with nothing.
    arrived: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def __enter__(self) -> SmtpServer:
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _Talk(owner, self.request).run()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads = True, True

            def handle_error(self, *_more: object) -> None:
                """A client that is gone."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_more: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class _HungUp(Exception):
    """Enough of this client."""


class _Talk:
    """One connection."""

    def __init__(self, owner: SmtpServer, connection: socket.socket) -> None:
        self.owner, self.connection = owner, connection
        self.connection.settimeout(20)
        self.file = connection.makefile("rb")
        self.user, self.sender = "", ""
        self.receivers: list[str] = []
        self.is_safe = False

    def run(self) -> None:
        try:
            self.say("220 mail.test ready")
            while line := self.file.readline():
                if self.command(line.decode("utf-8", "replace").strip()):
                    return
        except (_HungUp, OSError):
            pass
        finally:
            self.connection.close()

    def say(self, line: str) -> None:
        self.connection.sendall(line.encode() + b"\r\n")

    def answer(self, key: str, usual: str) -> bool:
        """Whether it was a yes."""
        if wait := self.owner.before.get(key):
            wait()
        said = self.owner.answers.get(key, usual)
        if not said:
            raise _HungUp
        self.say(said)
        return said[0] in "23"

    def command(self, line: str) -> bool:
        self.owner.commands.append(line)
        word, _space, rest = line.partition(" ")
        word = word.upper()
        if word in ("EHLO", "HELO"):
            more = ["AUTH PLAIN LOGIN XOAUTH2"] if self.owner.demands_auth else []
            more += ["STARTTLS"] if self.owner.tls and not self.is_safe else []
            lines = ["mail.test", "8BITMIME", "SMTPUTF8", "SIZE 20000000", *more]
            for one in lines[:-1]:
                self.say(f"250-{one}")
            self.say(f"250 {lines[-1]}")
        elif word == "STARTTLS" and self.owner.tls:
            self.say("220 go ahead")
            self.connection = self.owner.tls.wrap_socket(self.connection, server_side=True)
            self.file, self.is_safe = self.connection.makefile("rb"), True
        elif word == "AUTH":
            self.sign_in(rest)
        elif word == "QUIT":
            self.say("221 bye")
            return True
        elif self.owner.demands_auth and not self.user:
            self.say("530 5.7.0 sign in first")
        else:
            self.mail(word, rest)
        return False

    def mail(self, word: str, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if word == "MAIL":
            self.sender, self.receivers = address, []
            self.answer("MAIL", "250 ok")
        elif word == "RCPT":
            key = f"RCPT {address}" if f"RCPT {address}" in self.owner.answers else "RCPT"
            if self.answer(key, "250 ok"):
                self.receivers.append(address)
        elif word == "DATA":
            if self.answer("DATA", "354 go on"):
                self.data()
        elif word in ("RSET", "NOOP"):
            self.say("250 ok")
        else:
            self.say("500 what?")

    def data(self) -> None:
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise _HungUp
            lines.append(line[1:] if line.startswith(b".") else line)
        self.owner.arrived.append(b"".join(lines))
        if self.owner.answers.get("END", "250")[:1] == "2":
            self.owner.taken.append(Taken(self.sender, self.receivers, b"".join(lines), self.user))
        self.answer("END", "250 2.0.0 queued as 1")

    def sign_in(self, rest: str) -> None:
        way, _space, first = rest.partition(" ")
        if way.upper() == "LOGIN":
            self.say("334 " + base64.b64encode(b"Username:").decode())
            user = base64.b64decode(self.file.readline()).decode()
            self.say("334 " + base64.b64encode(b"Password:").decode())
            secret = base64.b64decode(self.file.readline()).decode()
        else:
            if not first:
                self.say("334 ")
                first = self.file.readline().decode().strip()
            told = base64.b64decode(first).decode()
            if way.upper() == "XOAUTH2":
                user, secret = told.partition("\x01")[0].removeprefix("user="), told.partition("Bearer ")[2].strip("\x01")
            else:
                _zero, user, secret = told.split("\0")
        if secret == PASSWORD or secret in self.owner.tokens:
            self.user = user
            self.say("235 welcome")
        else:
            self.say("535 5.7.8 wrong password")
