"""Subjects with placeholders from a short list. No template language: what is in braces is one of these words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid

#: All there is: what the record is called, the date the rule counts from, the owner's name, the years since the date.
PLACEHOLDERS = ("name", "date", "owner", "years")
_BRACES = re.compile(r"\{([^{}]*)\}")
_MOST = 200


def check_subject(text: str) -> None:
    """Raise Invalid for a placeholder that does not exist or a brace that stands alone."""
    able = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    for name in _BRACES.findall(text):
        if name not in PLACEHOLDERS:
            raise Invalid(
                _("There is no {%(name)s}; a subject may hold: %(able)s.") % {"name": name[:40], "able": able}, field="subject"
            )
    if re.search(r"[{}]", _BRACES.sub("", text)):
        raise Invalid(_("A brace stands alone; a subject may hold: %(able)s.") % {"able": able}, field="subject")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The subject with its placeholders filled, as one line that fits. What is put in is never looked at again."""
    one = _BRACES.sub(lambda found: values.get(found[1], ""), text)
    return re.sub(r"\s+", " ", one).strip()[:_MOST]
