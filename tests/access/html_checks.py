"""Reading a page as a browser would, to see whether what somebody typed became markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from tests.access.payloads import MARK

_RUNS = {"iframe", "object", "embed", "base", "math", "style", "frame", "frameset", "applet", "marquee", "xss", "animate", "link", "meta", "template"}
_ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "data", "poster", "srcset", "hx-get", "hx-post", "data-url", "data-href"}
#: Schemes of links that pages make themselves.
_SCHEMES = {"http", "https", "mailto", "tel", "sms", "geo"}
#: Attributes in which what somebody typed may stand: they are text to the browser.
_TEXT = {"value", "title", "aria-label", "placeholder", "alt", "content", "href", "data-title", "data-text", "data-name", "hx-confirm", "label", "name"}


class Page(HTMLParser):
    """Collects every element and attribute, and what is wrong with them."""

    def __init__(self, nonce: str) -> None:
        super().__init__(convert_charrefs=True)
        self.nonce = nonce
        self.shape: set[tuple[str, str]] = set()
        self.wrong: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check one element."""
        given = {name.lower(): value or "" for name, value in attrs}
        self.shape |= {(tag, name) for name in given} | {(tag, "")}
        self.inside = tag if tag in ("script", "style") else self.inside
        ours = given.get("src", "").startswith("/static/") or (bool(self.nonce) and given.get("nonce") == self.nonce)
        if tag == "script" and given.get("type") != "application/json" and not ours:
            self.wrong.append(f"a script without the nonce: {given}")
        if MARK in tag or (tag in _RUNS and MARK in str(given)):
            self.wrong.append(f"<{tag} {given}>")
        for name, value in given.items():
            self._check(tag, name, value)

    def _check(self, tag: str, name: str, value: str) -> None:
        if name.startswith(("on", "hx-on", "data-hx", "x-", "@")) or name == "srcdoc" or (name == "style" and MARK in value):
            self.wrong.append(f"<{tag} {name}={value[:80]!r}>")
        if MARK in name or (MARK in value and name not in _TEXT and not name.startswith("data-") and name not in _ADDRESSES):
            self.wrong.append(f"<{tag} {name}={value[:120]!r}>: typed text where a name stands")
        if name in _ADDRESSES and not name.startswith("data"):
            plain = re.sub(r"[\x00-\x20]", "", value).lower()
            scheme = re.match(r"([a-z][a-z0-9+.-]*):", plain)
            if (scheme and scheme[1] not in _SCHEMES) or plain.startswith(("//", "\\", "/\\")):
                self.wrong.append(f"<{tag} {name}={value[:80]!r}>")

    def handle_endtag(self, tag: str) -> None:
        """Leave a script or style."""
        if tag == self.inside:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        """Typed text never stands in script or style."""
        if self.inside and MARK in data:
            self.wrong.append(f"typed text inside <{self.inside}>: {data[:80]!r}")


def read(html: str, nonce: str = "") -> Page:
    """The page, read to its end."""
    page = Page(nonce)
    page.feed(html)
    page.close()
    return page


def nonce_of(policy: str) -> str:
    """The nonce that the content security policy of an answer names."""
    found = re.search(r"'nonce-([\w-]+)'", policy)
    return found[1] if found else ""
