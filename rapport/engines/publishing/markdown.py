"""Markdown into HTML that can do nothing: headings, lists, links, tables, code and the text's own pictures."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

import nh3
from django.utils.safestring import SafeString
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

#: HTML in the text is shown as the signs it is made of; what looks like an address stays text until it is made a link.
_READER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_TAGS = set("a blockquote br code del em h2 h3 h4 h5 h6 hr img li ol p pre s strong table tbody td th thead tr ul".split())
_ATTRIBUTES = {
    "a": {"href", "title"}, "img": {"src", "alt", "title", "loading"}, "ol": {"start"}, "th": {"scope"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
}  # fmt: skip
_LINKS = ("http://", "https://", "mailto:", "tel:", "#")
#: A page of our own: "/help/…", never "//elsewhere" nor "/\\elsewhere".
_OWN = re.compile(r"/(?![/\\])[^\s\\]*")
_MARKS = re.compile(r"<[^>]*>")
_STORED = re.compile(r"\(\s*picture:([A-Za-z0-9_-]{16,64})")
_BLANKS = re.compile(r"\s+")


def render(text: str, pictures: Mapping[str, str] | None = None) -> SafeString:
    """A text as HTML. `pictures` says where the pictures named in it lie, by folded file name; others show their words."""
    tokens = _READER.parse(text)
    _settle_headings(tokens)
    for token in tokens:
        for inner in token.children or ():
            if inner.type == "image":
                _settle_picture(inner, pictures or {})
        if token.type == "th_open":
            token.attrs = {"scope": "col"}
    made = _READER.renderer.render(tokens, _READER.options, {})
    return SafeString(
        nh3.clean(
            made, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_look, link_rel="noopener nofollow",
            url_schemes={"http", "https", "mailto", "tel"},
        )
    )  # fmt: skip


def plain(text: str) -> str:
    """The words of a text without its marks."""
    return _BLANKS.sub(" ", html.unescape(_MARKS.sub(" ", render(text)))).strip()


def picture_names(text: str) -> set[str]:
    """The folded names of the pictures a text shows."""
    return {
        str(inner.attrGet("src") or "").casefold()
        for token in _READER.parse(text)
        for inner in token.children or ()
        if inner.type == "image"
    }


def picture_keys(text: str) -> list[str]:
    """The keys of the stored pictures that a text shows, each once: ![words](picture:key)."""
    shown = picture_names(text) if "picture:" in text else set()
    return [key for key in dict.fromkeys(_STORED.findall(text)) if f"picture:{key}".casefold() in shown]


def pictures_under(base: str, keys: Iterable[str]) -> dict[str, str]:
    """For `render`: the address of each stored picture below a page of ours."""
    return {f"picture:{key}".casefold(): f"{base}{key}" for key in keys}


def _settle_headings(tokens: list[Token]) -> None:
    """The title of the page is its h1, so headings begin with h2 and leave no level out; each gets a name to be led to."""
    levels = sorted({token.tag for token in tokens if token.type == "heading_open"})
    known: set[str] = set()
    for at, token in enumerate(tokens):
        if token.type not in ("heading_open", "heading_close"):
            continue
        token.tag = f"h{min(6, 2 + levels.index(token.tag))}" if token.type == "heading_open" else token.tag
        if token.type == "heading_open":
            name = "s-" + (slugify(tokens[at + 1].content)[:60] or str(at))
            while name in known:
                name += "-2"
            known.add(name)
            token.attrs = {"id": name}
            tokens[at + 2].tag = token.tag


def _settle_picture(token: Token, pictures: Mapping[str, str]) -> None:
    address = pictures.get(str(token.attrGet("src") or "").casefold())
    if address is None:
        token.type, token.tag, token.content = "text", "", token.content
        return
    token.attrs = {"src": address, "alt": token.content, "loading": "lazy"}


def _look(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        wanted = value.strip()
        return wanted if wanted.lower().startswith(_LINKS) or _OWN.fullmatch(wanted) else None
    if name == "src":
        return value if _OWN.fullmatch(value) else None
    return value
