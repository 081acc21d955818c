"""API tokens and one-time links: shown once, stored as hashes, looked up by hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace

from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.kept_row import KeptRow
from rapport.kernel.access.models import ApiToken, SetupLink, User
from rapport.kernel.access.viewer import Viewer
from rapport.kernel.records.registry import registry

#: Writing "last used" more often than this would turn every read into a write.
_USE_SHOWN_EVERY = dt.timedelta(minutes=5)
#: What a read-only token may do.
_LOOKING = ("view", "export")
_MARK = "0" * 64
_BY_DIGEST = KeptRow(
    lambda: ApiToken.objects.select_related("workspace", "user__role", "user__account").filter(digest=_MARK, revoked_at=None),
    _MARK,
)


def digest_of(secret: str) -> str:
    """SHA-256 of a secret with 256 bits of entropy (no slow hash needed: it cannot be guessed)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(
    user: User, name: str, *, expires_at: dt.datetime | None = None, is_read_only: bool = False,
    types: Collection[str] | None = None,
) -> str:  # fmt: skip
    """A new token for a user; the only time it is known in clear."""
    secret = "rap_" + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        workspace_id=user.workspace_id, user=user, name=name, digest=digest_of(secret), expires_at=expires_at,
        is_read_only=is_read_only, types=None if types is None else sorted(types),
    )  # fmt: skip
    return secret


def narrowed(viewer: Viewer, read_only: bool, types: Collection[str] | None) -> Viewer:
    """The same viewer with less: only looking, only some types. Never with more, whatever the token says.

    "*" is spelled out over all types. A type that lives under another and is not named by the role keeps following its
    parent (it belongs to the parent's types); cut off, it is named with nothing.
    """
    if not read_only and types is None:
        return viewer
    rights: dict[str, Mapping[str, str]] = {}
    for info in registry.all():
        parent = info.fields[info.declared.under].to if info.declared.under else ""
        follows = bool(parent) and not viewer.named(info.key)
        if types is not None and info.key not in types and not (follows and parent in types):
            rights[info.key] = {}
        elif not follows:
            rights[info.key] = _looking(viewer, info.key) if read_only else _granted(viewer, info.key)
    return replace(viewer, rights=rights)


def _granted(viewer: Viewer, key: str) -> Mapping[str, str]:
    return viewer.rights.get(key, viewer.rights.get("*", {}))


def _looking(viewer: Viewer, key: str) -> dict[str, str]:
    return {verb: viewer.scope(key, verb) for verb in _LOOKING}


def find_token(secret: str) -> ApiToken | None:
    """The living token of a secret, with its workspace, user, role and account in one query; its last use is noted.

    None for a wrong, expired or revoked one. Whether its user may still work is for the caller to check.
    """
    now = dt.datetime.now(dt.UTC)
    with unscoped("the workspace of a token is known by the token only"):
        token = _BY_DIGEST.find(digest_of(secret))
    if token is None or (token.expires_at and token.expires_at <= now):
        return None
    if token.last_used_at is None or now - token.last_used_at > _USE_SHOWN_EVERY:
        with use_workspace(token.workspace_id):
            ApiToken.objects.filter(pk=token.pk, workspace_id=token.workspace_id).update(last_used_at=now)
    return token


def create_setup_secret() -> str:
    """A fresh one-time set-up secret; older unused ones stop working."""
    secret = secrets.token_urlsafe(24)
    SetupLink.objects.filter(used_at=None).delete()
    SetupLink.objects.create(digest=digest_of(secret))
    return secret


def setup_secret_holds(secret: str) -> bool:
    """Whether the secret of a set-up link is right and not used."""
    return SetupLink.objects.filter(digest=digest_of(secret), used_at=None).exists()


def use_setup_secret(secret: str) -> bool:
    """Use the link up; True for exactly one caller."""
    now = dt.datetime.now(dt.UTC)
    return bool(SetupLink.objects.filter(digest=digest_of(secret), used_at=None).update(used_at=now))
