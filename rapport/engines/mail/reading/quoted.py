"""Telling what somebody wrote from what they quote, in plain text and in HTML."""

from __future__ import annotations

import html as html_words
import re

import nh3

from rapport.kernel.foreign_html import WITH_CONTENT

#: The line above a quotation in the languages that programs write it in; it may run over two lines.
_WROTE = re.compile(
    r"^(?:On|Am|Le|El|Il|Op|Em|Den|Dnia|W dniu)\b[^\n]{3,200}\n?[^\n]{0,120}"
    r"(?:wrote|schrieb[^\n:]{0,120}|a écrit"
    r"|escribió|ha scritto|schreef[^\n:]{0,120}|escreveu|skrev[^\n:]{0,120}|napisał\(?a?\)?)\s*:\s*$",
    re.MULTILINE,
)
_RULES = re.compile(
    r"^(?:-{2,} ?(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|Forwarded message) ?-{2,}"
    r"|_{20,}\s*\n(?:From|Von|De|Da): |(?:From|Von|De|Da): [^\n]{3,200}\n(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Inviato): )",
    re.MULTILINE,
)
_HTML_QUOTE = re.compile(
    r"<(?:div|blockquote|hr)[^>]{0,300}?(?:gmail_quote|moz-cite-prefix|type=[\"']?cite|divRplyFwdMsg|yahoo_quoted"
    r"|stopSpelling|OLK_SRC_BODY_SECTION|protonmail_quote)[^>]{0,300}>",
    re.IGNORECASE,
)
_LINE_ENDS = re.compile(r"<(?:/p|/div|/tr|/h[1-6]|/li|/table|br|hr)\b[^<>]{0,200}>", re.IGNORECASE)


def split_text(text: str) -> tuple[str, str]:
    """What is new, and what is quoted from there on. An answer between quoted lines counts as new as a whole."""
    starts = [found.start() for pattern in (_WROTE, _RULES) if (found := pattern.search(text))]
    lines = text.split("\n")
    last_own = len(lines)
    while last_own and (not lines[last_own - 1].strip() or lines[last_own - 1].lstrip().startswith(">")):
        last_own -= 1
    if last_own and any(line.lstrip().startswith(">") for line in lines[last_own:]):
        starts.append(len("\n".join(lines[:last_own])))
    start = min(starts, default=len(text))
    fresh = text[:start].rstrip()
    return (fresh, text[start:].strip("\n")) if fresh else (text.strip(), "")


def quote_start(html: str) -> int:
    """Where the quotation in HTML begins; its length when there is none or nothing stands before it."""
    found = _HTML_QUOTE.search(html)
    if found is None or not text_from(html[: found.start()]).strip():
        return len(html)
    return found.start()


def text_from(html: str) -> str:
    """The words of HTML, line by line."""
    lined = _LINE_ENDS.sub(lambda found: found.group(0) + "\n", re.sub(r"[ \t\r\n]+", " ", html))
    bare = nh3.clean(lined.replace("\0", ""), tags=set(), clean_content_tags=WITH_CONTENT, strip_comments=True)
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in html_words.unescape(bare).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
