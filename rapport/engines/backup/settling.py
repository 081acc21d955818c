"""What must not be as it was at the time of the backup: sessions end, revoked tokens are revoked, erased people erased."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session

from rapport.engines.backup.tokens import revoke_again
from rapport.engines.mail.forgetting import doubt_all
from rapport.engines.portal.models import PortalLink, PortalSession
from rapport.engines.privacy.journal import journal_path
from rapport.engines.privacy.reapply import reapply
from rapport.kernel.access.current import unscoped


def settle() -> Iterator[str]:
    """One line per thing done."""
    with unscoped("a restore ends every session of the installation"):
        ended, _by_type = Session.objects.all().delete()
        ended += PortalSession.objects.all().delete()[0]
        # A link that was used since the backup must not open again.
        PortalLink.objects.all().delete()
    yield f"{ended} sessions ended: everybody signs in anew"
    yield f"{revoke_again(Path(settings.DATA))} API tokens revoked again, as they were here"
    if doubted := doubt_all():
        yield f"{doubted} e-mails that waited may have gone out since: each waits in its writer's outbox to be sent by hand"
    erased = sum(1 for _one in reapply(journal_path()))
    yield f"{erased} people erased again, as the journal of erasures says"
