"""The browsers an account is signed in with: noted every few minutes, listed, ended."""

from __future__ import annotations

import datetime as dt
import re
import time
from importlib import import_module
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.http import HttpRequest

from rapport.kernel.access import events
from rapport.kernel.access.models import Account
from rapport.surfaces.web.connection import address_of
from rapport.surfaces.web.models import SignedInSession

#: Noting "last seen" more often would turn every read into a write.
_NOTED_EVERY = 300
_SEEN = "seen_at"
_BROWSERS = [
    ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("CriOS", "Chrome"),
    ("Safari", "Safari"), ("curl", "curl"),
]  # fmt: skip
_SYSTEMS = [
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
]  # fmt: skip


def note(request: HttpRequest) -> None:
    """Keep the list of browsers true; costs nothing most of the time."""
    if request.session.get(_SEEN, 0) + _NOTED_EVERY < time.time():
        note_now(request)


def note_now(request: HttpRequest) -> None:
    """Write down this browser, or that it was here."""
    session = request.session
    session[_SEEN] = int(time.time())
    if not session.session_key:
        session.save()
    SignedInSession.objects.update_or_create(
        session_key=session.session_key,
        defaults={
            "account": request.user,
            "method": session.get("method", "password"),
            "is_local": bool(session.get("local")),
            "sso_workspace_id": next(iter(session.get("sso", {})), None),
            "browser": browser_of(request.META.get("HTTP_USER_AGENT", "")),
            "address": address_of(request)[:45],
            "last_seen_at": dt.datetime.now(dt.UTC),
        },
    )


def browser_of(agent: str) -> str:
    """Browser and system in words, from what the browser says of itself."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser or system:
        return f"{browser or '?'}, {system}" if system else browser
    return re.sub(r"[^\w ./()-]", "", agent)[:60]


def rows_for(request: HttpRequest) -> QuerySet[SignedInSession]:
    """The living sessions that this one may know of: all of the account, or those the same providers vouched for."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    found = SignedInSession.objects.filter(account=request.user.pk, last_seen_at__gt=since)
    if not request.session.get("local"):
        found = found.filter(is_local=False, sso_workspace_id__in=list(request.session.get("sso", {})))
    return found.order_by("-last_seen_at")


def end(request: HttpRequest, session_id: UUID) -> bool:
    """End one session of the list; False when it is not in the list."""
    row = rows_for(request).filter(pk=session_id).first()
    if row is None:
        return False
    _kill(row)
    events.note("session_ended", account=request.user, address=address_of(request))
    return True


def end_others(request: HttpRequest) -> int:
    """Sign out everywhere else."""
    others = list(rows_for(request).exclude(session_key=request.session.session_key))
    for row in others:
        _kill(row)
    if others:
        events.note("session_ended", account=request.user, address=address_of(request), count=len(others))
    return len(others)


def end_all_of(account: Account) -> None:
    """End every session of an account (its password was set anew by mail)."""
    for row in SignedInSession.objects.filter(account=account):
        _kill(row)


def end_where_it_no_longer_counts(accounts: list[UUID], workspace_id: UUID) -> None:
    """A workspace changed how people sign in to it: forget what its provider said in every session."""
    for row in SignedInSession.objects.filter(account__in=accounts):
        stored = _store(row.session_key)
        vouched = stored.get("sso", {})
        if str(workspace_id) in vouched:
            stored["sso"] = {key: at for key, at in vouched.items() if key != str(workspace_id)}
            stored.save()


def forget(session_key: str) -> None:
    """This key is no longer in use."""
    SignedInSession.objects.filter(session_key=session_key).delete()


def sweep() -> None:
    """Forget sessions that ran out; done at sign-ins, so that no table grows for ever."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    SignedInSession.objects.filter(last_seen_at__lt=since).delete()
    type(_store("")).clear_expired()


def _kill(row: SignedInSession) -> None:
    _store(row.session_key).delete(row.session_key)
    row.delete()


def _store(key: str) -> SessionBase:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)  # type: ignore[no-any-return]
