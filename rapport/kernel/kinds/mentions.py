"""People named in a text: stored as `@[Ana Silva](user:<id>)`, shown as a chip, read by whoever tells them of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from django.utils.safestring import SafeString

from rapport.kernel.ids import as_id
from rapport.kernel.kinds.markup import esc

_TOKEN = re.compile(r"@\[([^\[\]\n]{1,150})\]\(user:([0-9a-fA-F-]{32,36})\)")


def token(name: str, user_id: UUID) -> str:
    """The token of a person in a text."""
    return f"@[{re.sub(r'[][]', '', name)}](user:{user_id})"


def mentioned(text: str | None) -> list[UUID]:
    """Who is named in a text, each once, in their order."""
    found = [as_id(match[2]) for match in _TOKEN.finditer(text or "")]
    return list(dict.fromkeys(one for one in found if one is not None))


def plain(text: str) -> str:
    """The text as one reads it: "@Ana Silva"."""
    return _TOKEN.sub(r"@\1", text) if "@[" in text else text


def chips(text: str) -> SafeString:
    """The text as HTML, everything escaped, each name as a chip."""
    if "@[" not in text:
        return esc(text)
    parts, at = [], 0
    for match in _TOKEN.finditer(text):
        parts += [esc(text[at : match.start()]), f'<span class="mention">@{esc(match[1])}</span>']
        at = match.end()
    return SafeString("".join([*parts, esc(text[at:])]))


def named(text: str, people: Mapping[UUID, str]) -> str:
    """The text with "@Ana Silva" turned into her token, for each of these people; the longest names first."""
    for user_id, name in sorted(people.items(), key=lambda pair: -len(pair[1])):
        text = re.sub(rf"@{re.escape(name)}(?!\w)", lambda _found, n=name, pk=user_id: token(n, pk), text)
    return text
