"""The torture corpus: mail as bad programs and bad people write it, made anew from a seed."""

from __future__ import annotations

import base64
import random
import struct
from collections.abc import Iterator

HEAD = b"From: =?utf-8?q?J=C3=B6rg?= <joerg@kunde.example>\r\nTo: Ana <ana@fernhill.example>\r\nDate: Mon, 2 Nov 2026 09:15:00 +0100\r\nMessage-ID: <%d@kunde.example>\r\nSubject: Order %d\r\nMIME-Version: 1.0\r\n"
_ZEROES = b"\x00" * 64


def plain(number: int, more: bytes = b"", body: bytes = b"Hello\r\n") -> bytes:
    """A simple message."""
    return HEAD % (number, number) + more + b"\r\n" + body


def nested(depth: int, *, closed: bool = True) -> bytes:
    """Multiparts inside each other."""
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    ends = b"".join(b"\r\n--b%d--" % n for n in reversed(range(depth))) if closed else b""
    return HEAD % (7, 7) + opened + b"Content-Type: text/plain\r\n\r\ndeep\r\n" + ends


def tnef(name: str = "plan.pdf", content: bytes = b"%PDF-1.4 plan", *, long_name: str = "") -> bytes:
    """A winmail.dat with one file."""

    def attribute(level: int, number: int, value: bytes) -> bytes:
        return struct.pack("<BII", level, number, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    made = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x0002800C, b"Body in the envelope\0")
    made += attribute(2, 0x00069002, b"\x01" + b"\0" * 13) + attribute(2, 0x00018010, name.encode() + b"\0")
    made += attribute(2, 0x0006800F, content)
    if long_name:
        text = long_name.encode("utf-16-le") + b"\0\0"
        value = struct.pack("<IHHII", 1, 0x1F, 0x3707, 1, len(text)) + text + b"\0" * (-len(text) % 4)
        made += attribute(2, 0x00069005, value)
    return made


def with_tnef(number: int, data: bytes) -> bytes:
    """A message that carries a winmail.dat."""
    body = b'--x\r\nContent-Type: text/plain\r\n\r\nSee file\r\n--x\r\nContent-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return plain(number, b"Content-Type: multipart/mixed; boundary=x\r\n", body + base64.encodebytes(data) + b"--x--\r\n")


def bounce(number: int, status: bytes = b"5.1.1", action: bytes = b"failed", about: bytes = b"<sent.1@fernhill.example>") -> bytes:
    """A delivery report as RFC 3464 has it."""
    more = b'Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\nAuto-Submitted: auto-replied\r\nReturn-Path: <>\r\n'
    body = (
        b"--r\r\nContent-Type: text/plain\r\n\r\nSorry\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.kunde.example\r\n\r\nFinal-Recipient: rfc822; gone@kunde.example\r\nAction: " + action
        + b"\r\nStatus: " + status + b"\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n"
        b"--r\r\nContent-Type: message/rfc822\r\n\r\nFrom: ana@fernhill.example\r\nMessage-ID: " + about + b"\r\nSubject: Offer\r\n\r\nHi\r\n--r--\r\n"
    )
    return plain(number, more, body)


def calendar(number: int) -> bytes:
    """An invitation."""
    body = b"--c\r\nContent-Type: text/plain\r\n\r\nMeeting\r\n--c\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n--c--\r\n"
    return plain(number, b"Content-Type: multipart/alternative; boundary=c\r\n", body)


def hand_made() -> Iterator[bytes]:
    """Every sort of trouble once."""
    yield from (b"", b"\r\n", b"\x00", b"\xff\xfe\x00" * 50, b"From", b":\r\n\r\n", b"\r\n\r\n\r\n", b"Subject: x", b"\n" * 100)
    yield from (nested(3), nested(100), nested(100, closed=False), nested(3000, closed=False), nested(900))
    yield from (with_tnef(1, tnef()), with_tnef(2, tnef()[:40]), with_tnef(3, tnef()[:-5] + _ZEROES), with_tnef(4, tnef(long_name="Grundriß Halle.pdf")))
    yield from (bounce(1), bounce(2, b"4.4.1", b"delayed"), bounce(3, b"x", b"?"), bounce(4, about=b"none"), calendar(1))
    for charset in (b"utf-8", b"iso-8859-1", b"windows-1252", b"koi8-r", b"nonsense-99", b"rot13", b"unicode_escape", b"punycode", b"utf-7", b"utf-16", b'"', b"\xff", b"hex", b"zlib", b"idna", b"x" * 9000):
        yield plain(1, b"Content-Type: text/plain; charset=" + charset + b"\r\n", b"Gr\xc3\xbc\xdfe \x00 \x80 +AGE- \\u0041")
    for how in (b"base64", b"quoted-printable", b"x-uuencode", b"uuencode", b"8bit", b"binary", b"nonsense", b"\xff", b"yenc"):
        yield plain(1, b"Content-Transfer-Encoding: " + how + b"\r\n", b"=ZZ=\r\n begin 644 x\r\n#$%&\r\n!!!!==\x00\xff")
    for name in (b"Subject", b"From", b"To", b"Cc", b"Date", b"Message-ID", b"References", b"Content-Type", b"Content-Disposition", b"Return-Path", b"Authentication-Results", b"Received", b"List-Id", b"MIME-Version"):
        for value in (b"", b"\xff\xfe\x80", b"=?utf-8?b?", b"=?utf-8?b?!!!?=", b"=?x?q?=FF?=", b"\x00", b"<" * 3000, b'"' * 3001, b"," * 70000, b"a@b.c, " * 3000, b"(" * 5000, b"=?utf-8?q?a?= " * 3000, b"<a@b>" * 3000, b"x; y*0*=a''b; y*1=c; name*=nope'x'%FF%", b"multipart/mixed", b"multipart/mixed; boundary=", b"multipart/report; boundary=\x00", b"text/" + b"a" * 3000, b"Mon, 99 Foo 99999 99:99:99 +9999", b"\r\n " * 2000 + b"x", b"message/rfc822", b"message/external-body", b"message/partial; id=x", b"application/ms-tnef", b'attachment; filename="../../etc/passwd"'):
            yield name + b": " + value + b"\r\n" + HEAD % (9, 9) + b"\r\nbody\r\n--\r\n--x\r\n"
    yield plain(1, b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n\r\na\r\n" * 40_000)
    yield plain(1, b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n\r\na\r\n" * 3_000)
    yield plain(1, b"Content-Type: multipart/mixed; boundary=x\r\n", b"no boundary at all")
    yield plain(1, b"Content-Type: text/html\r\n", b"<" * 50_000 + b"<div>" * 20_000 + b"<!--" * 5000 + b"<![x" + b"&" * 9000)
    yield plain(1, b"", b"> q\r\n" * 50_000 + b"On x " * 20_000)
    loop: bytes = plain(1)
    for _again in range(60):
        loop = plain(2, b"Content-Type: message/rfc822\r\n", loop)
    yield loop


def all_of_it(count: int, seed: int = 7) -> Iterator[bytes]:
    """The hand-made ones, and then the shorter of them with bytes turned, cut, doubled and mixed until there are so many."""
    drawn = random.Random(seed)
    made = list(hand_made())
    yield from made
    short = [one for one in made if 20 < len(one) < 6000]
    for _number in range(max(count - len(made), 0)):
        data = bytearray(drawn.choice(short))
        for _turn in range(drawn.randint(1, 12)):
            at = drawn.randrange(len(data) or 1)
            how = drawn.randrange(5)
            if how == 0:
                data[at : at + 1] = bytes([drawn.randrange(256)])
            elif how == 1:
                del data[at : at + drawn.randint(1, 60)]
            elif how == 2:
                data[at:at] = data[at : at + drawn.randint(1, 60)]
            elif how == 3:
                other = drawn.choice(short)
                start = drawn.randrange(len(other))
                data[at:at] = other[start : start + drawn.randint(1, 200)]
            else:
                data[at:at] = drawn.choice([b"\r\n", b"\n\n", b"\x00", b"--x\r\n", b"\xff", b"=?utf-8?b?", b"; ", b'"', b"<", b"Content-Type: message/rfc822\r\n\r\n"])
        yield bytes(data)
