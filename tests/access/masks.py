"""What differs between any two answers and means nothing: ids, tokens, nonces, times. Everything else must be equal."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile

from django.db import connection
from django.http import HttpResponse

from rapport.kernel.access.current import unscoped
from rapport.kernel.changes.models import WRITES

_MASKS = [
    (r'name="csrfmiddlewaretoken" value="[^"]*"', "CSRF"),
    (r'(nonce|data-csrf|csrf-token)="[^"]*"', r"\1"),
    (r'&#34;X-CSRFToken&#34;: ?&#34;\w+&#34;|"X-CSRFToken": ?"\w+"', "CSRF"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"\b[0-9a-f]{32}\b", "HEX"),
    # A page mark is the place in the list: a value of the viewer's own row and its id, in base64.
    (r'((?:cursor=|"next": ?")[A-Za-z0-9_-]{8,})', "CURSOR"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "TIME"),
    (r"\b\d{1,2}:\d\d(:\d\d)?\b", "CLOCK"),
    # Where an entry of now stands in the calendar: the same clock as a class.
    (r"\bch-\d+ cm-\d+\b", "CLOCK"),
    # Numbers in the change log count the changes of the whole workspace; docs and SECURITY.md say so.
    (r'"number": ?\d+', "NUMBER"),
    (r"before=\d+", "NUMBER"),
    # The change feed goes on from such a number (docs/decisions/0016-programs.md).
    (r'"next": ?\d+', "NUMBER"),
    # A moment as a workbook counts it: days, with the time as their fraction.
    (r"<v>\d{5}\.\d+</v>", "TIME"),
    (r"just now|\d+ (second|minute)s? ago|in \d+ (second|minute)s?", "NOW"),
]
_COMPILED = [(re.compile(pattern), by) for pattern, by in _MASKS]

#: Columns and tables that answering a request may touch without a write: sessions, sign-in counts, the last use of a token.
TOUCHED = {
    "kernel_apitoken": ("last_used_at",),
    "kernel_workspace": ("change_number", "change_hash"),
    # An event between two writes takes a number, and the chain goes through it.
    "kernel_change": ("number", "hash"),
}
PASSING = {"django_session", "web_signintries", "surfaces_web_signintries"}


#: Archives, and workbooks, which are such.
_PACKED = ("application/zip", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def text_of(answer: HttpResponse) -> str:
    """The body, also of a streamed answer (which is read once and kept); of an archive what is in it."""
    if not hasattr(answer, "kept_body"):
        streams = getattr(answer, "streaming", False)
        body = b"".join(answer.streaming_content) if streams else answer.content  # type: ignore[attr-defined]
        answer.kept_body = _unpacked(body) if answer.get("Content-Type") in _PACKED else body  # type: ignore[attr-defined]
    return answer.kept_body.decode("utf-8", "replace")  # type: ignore[attr-defined]


def _unpacked(body: bytes) -> bytes:
    """Names and contents of an archive, one after the other: its own bytes hold times and lengths."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return body  # it only says so
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return b"\n".join(name.encode() + b"\n" + archive.read(name) for name in archive.namelist())


def everything_of(answer: HttpResponse) -> str:
    """Body and headers, for looking for what must not occur."""
    return "\n".join([*(f"{k}: {v}" for k, v in answer.headers.items()), text_of(answer)])


def masked(answer: HttpResponse) -> str:
    """Status, telling headers and body with what means nothing masked."""
    told = ["Content-Type", "Location", "HX-Redirect", "HX-Trigger", "HX-Reswap", "ETag", "Allow", "Content-Disposition"]
    head = "\n".join(f"{name}: {answer.headers[name]}" for name in told if name in answer.headers)
    text = f"{answer.status_code}\n{head}\n{text_of(answer)}"
    for pattern, by in _COMPILED:
        text = pattern.sub(by, text)
    return text


def database_hash() -> dict[str, str]:
    """A hash of every table, but for what a mere visit may touch: entries of the audit log that are no writes, too."""
    found = {}
    with unscoped("a test compares whole tables"), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in PASSING:
                continue
            cursor.execute(f'SELECT * FROM "{table}"')  # table names come from the database itself
            names = [column[0] for column in cursor.description]
            skip = {names.index(name) for name in TOUCHED.get(table, ())}
            every = cursor.fetchall()
            if table == "kernel_change":
                every = [row for row in every if row[names.index("verb")] in WRITES]
            rows = sorted(repr([v for at, v in enumerate(row) if at not in skip]) for row in every)
            found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found
