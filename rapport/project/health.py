"""Health answers for machines that watch this one; they tell strangers nothing but yes or no."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from rapport.engines.backup.record import proof_age
from rapport.engines.upgrade.plan import open_migrations

#: What a proxy adds: then the caller is not this machine, whatever the address says.
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP")
log = logging.getLogger(__name__)


@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; no database is asked, so a slow database never gets a healthy process killed."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and has every migration of this code. To this very machine it also tells how old the last
    proof of a backup is; that alone makes nothing unready, for taking the server away would mend nothing."""
    try:
        ready = not has_open_migrations()
    except DatabaseError:
        log.exception("The database does not answer.")
        ready = False
    if ready:
        return HttpResponse(f"ok\n{_proof(request)}", content_type="text/plain")
    return HttpResponse("not ready\n", content_type="text/plain", status=503)


def _proof(request: HttpRequest) -> str:
    if request.META.get("REMOTE_ADDR") not in ("127.0.0.1", "::1") or any(name in request.META for name in _FORWARDED):
        return ""
    age = proof_age()
    return f"backup-proof-age-seconds {int(age.total_seconds()) if age else 'never'}\n"


def has_open_migrations() -> bool:
    """Is there a migration in this code that the database does not have?"""
    return bool(open_migrations())
