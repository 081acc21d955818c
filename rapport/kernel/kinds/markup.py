"""The few pieces of HTML that several kinds show, always escaped: text, icon, dot, tag, avatar, control attributes.

`esc` does what django.utils.html.escape does without its lazy-text wrapper, which costs more than the escaping
(1.1 against 0.3 microseconds a cell).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache
from html import escape as _escape
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString

from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.kinds.base import Title
    from rapport.kernel.records.field import Field

HUES = ("ink", "sky", "teal", "green", "olive", "amber", "rose", "violet", "grey")


def esc(text: object) -> SafeString:
    """Text made safe for HTML bodies and quoted attributes."""
    return SafeString(_escape(str(text)))


_sprite: Callable[[], str] | None = None


def use_sprite(address: Callable[[], str]) -> None:
    """Where the icons lie: the surface that builds them says so when it starts."""
    global _sprite
    _sprite = address


def icon(name: str, size: int = 14) -> SafeString:
    """A Lucide icon from the sprite; `name` is a constant of the caller."""
    return SafeString(
        f'<svg class="i i-{size}" aria-hidden="true"><use href="{_sprite() if _sprite else ""}#{name}"/></svg>'
    )


@lru_cache(maxsize=8192)
def hue(text: str) -> str:
    """One of the nine tag hues, the same for the same text for ever."""
    return HUES[zlib.crc32(fold(text).encode()) % len(HUES)]


@lru_cache(maxsize=4096)
def initials(text: str) -> str:
    """Up to two letters that stand for a name."""
    words = [word for word in text.split() if word[:1].isalnum()]
    if not words:
        return "?"
    return (words[0][:2] if len(words) == 1 else words[0][0] + words[-1][0]).upper()


def avatar(text: str, shape: str) -> str:
    """The mark of a record: round for people, square for everything else; nothing without a shape."""
    if not shape:
        return ""
    square = "" if shape == "person" else " org"
    return f'<span class="av{square} av-20 {hue(text)}" aria-hidden="true">{_escape(initials(text))}</span>'


def record_link(title: Title, shape: str | None = None) -> SafeString:
    """A link to a record with its mark; an address that is neither local nor http is dropped."""
    mark = avatar(title.text, title.shape if shape is None else shape)
    url = title.url if title.url.startswith(("/", "https://", "http://")) and not title.url.startswith("//") else ""
    name = f'<span class="trunc">{_escape(title.text)}</span>'
    if not url:
        return SafeString(f'<span class="row row-6">{mark}{name}</span>')
    return SafeString(f'<a class="row row-6" href="{_escape(url)}">{mark}{name}</a>')


def control(field: Field, *, name: str, error: str, autofocus: bool, suffix: str = "") -> str:
    """The attributes that every control carries: id, name, required, focus and the pointer to its error."""
    parts = [f'id="f-{_escape(name)}{suffix}" name="{_escape(name)}"']
    if field.required:
        parts.append("required")
    if autofocus:
        parts.append("autofocus")
    if error:
        parts.append(f'aria-invalid="true" aria-describedby="e-{_escape(name)}"')
    return " ".join(parts)
