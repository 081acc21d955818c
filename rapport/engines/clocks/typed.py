"""Working hours as people type them."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _t

from rapport.engines.clocks.hours import Span
from rapport.kernel.errors import Invalid

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d{2}))?")


def spans(text: str) -> tuple[Span, ...]:
    """Hours as they are typed, "9-12:30, 13:30-17:00"; raises Invalid with one sentence."""
    found: list[Span] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _SPAN.fullmatch(part)
        if match is None:
            raise Invalid(_t("“%(text)s” is no time of day; write 09:00-12:30, 13:30-17:00.") % {"text": part[:40]}, code="hours")
        first, last = (int(match[at]) * 60 + int(match[at + 1] or 0) for at in (1, 3))
        if not (found[-1][1] if found else 0) <= first < last <= 24 * 60:
            raise Invalid(_t("“%(text)s” does not come after what stands before it.") % {"text": part[:40]}, code="hours")
        found.append((first, last))
    return tuple(found)
