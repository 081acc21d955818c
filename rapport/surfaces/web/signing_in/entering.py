"""Starting a session, and what it opens: which way somebody came in decides which workspaces they may enter.

A session remembers two things. `local`: the account proved itself here, by password, passkey or owner link. `sso`: the
workspaces whose own provider vouched, and when. A workspace opens to a local session unless it insists on its provider
(its owners excepted), and to a provider's session only if that very workspace's provider vouched, for a day. What
belongs to the account as a whole (password, factors, other sessions) opens to local sessions only: a provider speaks
for one workspace, never for the person elsewhere.
"""

from __future__ import annotations

import time
from uuid import UUID

from django.contrib.auth import login, logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from rapport.kernel.access import events
from rapport.kernel.access.accounts import user_in, users_of
from rapport.kernel.access.models import Account, User
from rapport.surfaces.web.connection import address_of
from rapport.surfaces.web.signing_in import sessions

WORKSPACE_KEY = "workspace"
LOCAL, SSO, FRESH, METHOD = "local", "sso", "fresh_at", "method"
_BACKEND = "django.contrib.auth.backends.ModelBackend"
#: A provider is asked again after this long, so that somebody it no longer knows is out within a day.
SSO_HOLDS = 24 * 3600
#: How long after proving oneself one may change factors without doing it again.
FRESH_FOR = 10 * 60


def mark_local(sender: object, request: HttpRequest, user: Account, **_more: object) -> None:
    """Whoever calls Django's `login` vouches as this installation; the provider's way in takes it back at once."""
    request.session[LOCAL] = True


def enter(request: HttpRequest, account: Account, method: str, *, sso_workspace: UUID | None = None) -> User | None:
    """Start (or widen) the session of an account that has proved itself; returns the user it begins as."""
    same = request.user.is_authenticated and request.user.pk == account.pk
    was_local = bool(same and request.session.get(LOCAL))
    old_key = request.session.session_key
    login(request, account, backend=_BACKEND)
    session = request.session
    session[LOCAL] = was_local or sso_workspace is None
    session[METHOD] = method
    if sso_workspace is None:
        session[FRESH] = int(time.time())
    else:
        session[SSO] = {**session.get(SSO, {}), str(sso_workspace): int(time.time())}
    user = _first_user(session, account, sso_workspace)
    if user is not None:
        session[WORKSPACE_KEY] = str(user.workspace_id)
    if old_key:
        sessions.forget(old_key)
    sessions.sweep()
    sessions.note_now(request)
    events.note("signed_in", user=user, account=account, address=address_of(request), method=method)
    return user


def _first_user(session: SessionBase, account: Account, wanted: UUID | None) -> User | None:
    """The user of the workspace just vouched for, else of the one chosen before, else the oldest that counts."""
    chosen = wanted or (UUID(session[WORKSPACE_KEY]) if session.get(WORKSPACE_KEY) else None)
    user = user_in(account, chosen) if chosen else None
    if user is not None and counts(session, user):
        return user
    return next((one for one in users_of(account) if counts(session, one)), None)


def leave(request: HttpRequest) -> None:
    """End the session."""
    if request.user.is_authenticated:
        events.note("signed_out", account=request.user, address=address_of(request))
    if request.session.session_key:
        sessions.forget(request.session.session_key)
    logout(request)


def counts(session: SessionBase, user: User) -> bool:
    """Whether the way this session came in opens the workspace of this user."""
    vouched_at = session.get(SSO, {}).get(str(user.workspace_id), 0)
    if vouched_at + SSO_HOLDS > time.time():
        return True
    return bool(session.get(LOCAL)) and local_counts(user)


def local_counts(user: User) -> bool:
    """Whether a password or passkey opens the workspace of this user; an owner's always does."""
    return user.workspace.local_sign_in or (user.role is not None and user.role.key == "owner")


def user_of(request: HttpRequest) -> User | None:
    """The user this request works as: in the workspace chosen, else in the first one that the session opens."""
    account = request.user
    if not account.is_authenticated:
        return None
    chosen = request.session.get(WORKSPACE_KEY)
    user = user_in(account, UUID(chosen)) if chosen else None
    if user is None or not counts(request.session, user):
        user = next((one for one in users_of(account) if counts(request.session, one)), None)
        if user is not None:
            request.session[WORKSPACE_KEY] = str(user.workspace_id)
    return user


def is_local(request: HttpRequest) -> bool:
    """Whether the account itself proved who it is in this session."""
    return bool(request.user.is_authenticated and request.session.get(LOCAL))


def is_fresh(request: HttpRequest) -> bool:
    """Whether that was a moment ago."""
    return is_local(request) and request.session.get(FRESH, 0) + FRESH_FOR > time.time()


def refresh(request: HttpRequest) -> None:
    """The account proved itself once more."""
    request.session[FRESH] = int(time.time())
