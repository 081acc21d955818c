"""Health answers for machines that watch this one; they tell strangers nothing but yes or no."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from rapport.engines.upgrade.plan import open_migrations

log = logging.getLogger(__name__)


@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; no database is asked, so a slow database never gets a healthy process killed."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and has every migration of this code."""
    try:
        ready = not has_open_migrations()
    except DatabaseError:
        log.exception("The database does not answer.")
        ready = False
    if ready:
        return HttpResponse("ok\n", content_type="text/plain")
    return HttpResponse("not ready\n", content_type="text/plain", status=503)


def has_open_migrations() -> bool:
    """Is there a migration in this code that the database does not have?"""
    return bool(open_migrations())
