"""HTML that somebody else wrote (a mail, a pasted text): cut down to what it says, then shown where it can do nothing.

Three walls, each enough by itself: a narrow list of tags and attributes (nh3, a real HTML parser), a frame without scripts
and without an origin (`sandbox`), and the page's own content policy, which holds inside the frame too.
"""

from __future__ import annotations

from dataclasses import dataclass

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString

TAGS = set(
    "a b blockquote br caption center code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre q s small span"
    " strong sub sup table tbody td tfoot th thead tr u ul".split()
)
#: No class, id, style, name, data-* or hx-*: nothing that a script or a style sheet of ours could take up.
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
}
#: Dropped with everything in them; other unknown tags leave their text behind.
WITH_CONTENT = set(
    "applet audio canvas embed frame frameset head iframe link math meta noembed noframes noscript object option"
    " plaintext script select style svg template textarea title video xmp".split()
)
_LINKS = ("http://", "https://", "mailto:", "tel:")
#: Stands where a picture was: one grey point.
PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAIAAAMzMzP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
_LONGEST = 2_000_000
_LOOKS = (
    "html{background:#fff;color:#1b1b1f;color-scheme:light;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "body{margin:12px}img{max-width:100%;height:auto}table{border-collapse:collapse;max-width:100%}td,th{padding:2px 6px}"
    "blockquote{margin:8px 0;padding-left:12px;border-left:3px solid #ccc}pre{white-space:pre-wrap}"
)


@dataclass(frozen=True)
class ForeignHtml:
    """What is left of it, and how many pictures wait for the reader's word."""

    html: str
    pictures_held_back: int


def sanitise(text: str, *, pictures: bool = False) -> ForeignHtml:
    """Cut foreign HTML down to text, tables, links and pictures.

    Pictures from elsewhere tell their sender that, when and where somebody reads; they become a grey point unless the
    reader asked for them (`pictures`, which also needs a page whose policy allows them).
    """
    held_back = 0

    def look(tag: str, name: str, value: str) -> str | None:
        nonlocal held_back
        wanted = value.strip().lower()
        if name == "href":
            return value.strip() if wanted.startswith(_LINKS) else None
        if name == "src":
            if not wanted.startswith(("http://", "https://")):
                return None
            if pictures:
                return value.strip()
            held_back += 1
            return PLACEHOLDER
        if name in ("width", "height", "colspan", "rowspan"):
            return value if value.isascii() and value.isdigit() and int(value[:9]) <= 2000 else None
        return value

    clean = nh3.clean(
        text[:_LONGEST].replace("\0", ""), tags=TAGS, clean_content_tags=WITH_CONTENT, attributes=ATTRIBUTES,
        attribute_filter=look, strip_comments=True, link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto", "tel", "data"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )  # fmt: skip
    return ForeignHtml(clean, held_back)


def framed(clean: ForeignHtml, *, title: str, nonce: str) -> SafeString:
    """A frame that shows sanitised HTML: no scripts, no forms, no origin; links open a new tab.

    `nonce` is that of the page: the frame's few rules for its looks need it, for its policy is the page's.
    """
    document = (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<style nonce="{escape(nonce)}">{_LOOKS}</style></head><body>{clean.html}</body></html>'
    )
    return SafeString(
        f'<iframe class="foreign" title="{escape(title)}" sandbox="allow-popups allow-popups-to-escape-sandbox"'
        f' referrerpolicy="no-referrer" loading="lazy" srcdoc="{escape(document)}"></iframe>'
    )
