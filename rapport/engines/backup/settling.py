"""What must not be as it was at the time of the backup: sessions end, erased people are erased again."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.sessions.models import Session

from rapport.engines.privacy.journal import journal_path
from rapport.engines.privacy.reapply import reapply
from rapport.kernel.access.current import unscoped


def settle() -> Iterator[str]:
    """One line per thing done."""
    with unscoped("a restore ends every session of the installation"):
        ended, _by_type = Session.objects.all().delete()
    yield f"{ended} sessions ended: everybody signs in anew"
    erased = sum(1 for _one in reapply(journal_path()))
    yield f"{erased} people erased again, as the journal of erasures says"
