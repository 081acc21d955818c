"""Secrets and signatures as Standard Webhooks has them: `whsec_` and base64, HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from rapport.engines.webhooks.models import WebhookState

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

PREFIX = "whsec_"
#: How long the secret before is good beside the new one, for receivers to change over.
OVERLAP = dt.timedelta(hours=24)


def rotate(state: WebhookState, now: dt.datetime) -> str:
    """A new secret, in clear this once; the one before signs too for a day. The caller saves the state's three columns."""
    fresh = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    if state.secret:
        state.old_secret, state.old_secret_until = state.secret, now + OVERLAP
    state.secret = seal(fresh)
    return fresh


def keys_of(state: WebhookState, now: dt.datetime) -> list[str]:
    """The secrets that are good now, the new one first."""
    found = [unseal(state.secret)] if state.secret else []
    if state.old_secret and state.old_secret_until is not None and now < state.old_secret_until:
        found.append(unseal(state.old_secret))
    return found


def headers(keys: Sequence[str], message_id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The three headers by which a receiver knows that a message is ours and fresh."""
    stamp = str(int(at.timestamp()))
    signed = " ".join(f"v1,{signature(key, message_id, stamp, body)}" for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signed}


def signature(key: str, message_id: str, stamp: str, body: bytes) -> str:
    """base64 of HMAC-SHA256 over `id.timestamp.body`."""
    raw = base64.b64decode(key.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(raw, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()


# -- secrets at rest ---------------------------------------------------------------------------------------------------


def seal(text: str) -> str:
    """Encrypted with the installation's key, so that a copy of the database alone gives nothing away."""
    return _box((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What `seal` was given."""
    return _box((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).decrypt(sealed.encode()).decode()


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    # Imported when needed: it costs 40 ms that no page needs.
    from cryptography.fernet import Fernet, MultiFernet

    made = []
    for key in keys:
        derived = hmac.new(key.encode(), b"rapport webhooks", hashlib.sha256).digest()
        made.append(Fernet(base64.urlsafe_b64encode(derived)))
    return MultiFernet(made)
