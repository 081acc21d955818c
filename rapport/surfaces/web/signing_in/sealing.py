"""Secrets that must be read again (client secrets, keys of code apps), encrypted at rest with a key from SECRET_KEY."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Unreadable(Exception):
    """The secret was sealed with another key (SECRET_KEY was changed)."""


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    # Loaded when the first secret is opened: a start that waits for it is 50 ms slower.
    from cryptography.fernet import Fernet, MultiFernet
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    made = []
    for key in keys:
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"rapport.sealed-secrets.v1").derive(key.encode())
        made.append(Fernet(base64.urlsafe_b64encode(derived)))
    return MultiFernet(made)


def _current() -> MultiFernet:
    return _box((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def seal(text: str) -> str:
    """Encrypt and sign."""
    return _current().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text again; raises Unreadable when the key is another one."""
    from cryptography.fernet import InvalidToken

    try:
        return _current().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("This secret was encrypted with another secret key.") from None
