"""Secrets of mailboxes at rest: sealed with the installation's key, written and never shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


def seal(text: str) -> str:
    """Encrypted, so that a copy of the database alone gives nothing away; "" stays ""."""
    return _box((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """What `seal` was given; "" when the key has changed since."""
    from cryptography.fernet import InvalidToken

    if not sealed:
        return ""
    try:
        return _box((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""


def signed(text: str, *, purpose: str) -> str:
    """A short mark that nobody without the installation's key can make for this text."""
    key = hmac.new(settings.SECRET_KEY.encode(), f"rapport mail {purpose}".encode(), hashlib.sha256).digest()
    return base64.b32encode(hmac.new(key, text.encode(), hashlib.sha256).digest()[:10]).decode().lower()


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    # Imported when needed: it costs 40 ms that no page needs.
    from cryptography.fernet import Fernet, MultiFernet

    derived = [hmac.new(key.encode(), b"rapport mailboxes", hashlib.sha256).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(one)) for one in derived])
