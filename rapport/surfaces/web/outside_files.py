"""Files of people outside: kept when they come, and sealed, so that a form that is refused comes back with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from rapport.kernel.errors import Invalid
from rapport.kernel.files.attaching import WAITS
from rapport.kernel.files.store import keep

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: People outside bring less than people of the house do.
MOST, LARGEST = 10, 20 * 1024 * 1024
_SALT = "rapport.outside.file"
Kept = list[tuple[str, Mapping[str, object]]]


def kept_files(request: HttpRequest, ctx: Context, whose: str, *, most: int = MOST, largest: int = LARGEST) -> tuple[Kept, str]:
    """The files of a form with a sealed text of each, and a sentence about one that could not be taken.

    What came with a form that was refused comes again as its sealed text, which counts for the same account or form (`whose`)
    and for as long as such files are kept.
    """
    found: Kept = []
    for text in request.POST.getlist("kept")[:most]:
        try:
            mark, facts = signing.loads(text, salt=_SALT, max_age=WAITS)
        except (signing.BadSignature, ValueError):
            continue
        if mark == whose:
            found.append((text, facts))
    wrong = ""
    for given in request.FILES.getlist("files"):
        if len(found) >= most:
            wrong = _("At most %(most)d files go along at once.") % {"most": most}
            break
        try:
            if (given.size or 0) > largest:
                raise Invalid(_("This file is larger than %(most)d MB; choose a smaller one.") % {"most": largest // 2**20})
            facts = keep(ctx, given)
        except Invalid as problem:
            wrong = f"{given.name}: {problem.sentence}"
            continue
        found.append((signing.dumps([whose, facts], salt=_SALT), facts))
    return found, wrong
