"""Passkeys (WebAuthn): asked of the browser by a script, checked here with allauth and fido2.

Every passkey is one that can stand alone: it lives in the device and asks for finger, face or PIN there.
"""

from __future__ import annotations

import json

from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction


def _wrong() -> tuple[type[Exception], ...]:
    """What allauth and fido2 raise for an answer that does not fit."""
    from cryptography.exceptions import InvalidSignature

    return (ValidationError, InvalidSignature, ValueError, TypeError, KeyError, AttributeError)


def registration_options(account: AbstractBaseUser) -> dict:
    """What the browser needs to make a passkey for this account."""
    from allauth.mfa.webauthn.internal import auth

    return auth.begin_registration(account, passwordless=True)


def add(account: AbstractBaseUser, name: str, credential: str) -> Authenticator | None:
    """Keep the passkey the browser made; None when its answer does not fit what was asked."""
    from allauth.mfa.webauthn.internal import auth

    try:
        given = json.loads(credential)
        auth.parse_registration_response(given)
        auth.complete_registration(given)
    except _wrong():
        return None
    with transaction.atomic():
        return auth.WebAuthn.add(account, name, given).instance


def options(account: AbstractBaseUser | None) -> dict:
    """What the browser needs to prove a passkey: of this account, or of whoever has one."""
    from allauth.mfa.webauthn.internal import auth

    return auth.begin_authentication(account)


def proved(credential: str, account: AbstractBaseUser | None = None) -> AbstractBaseUser | None:
    """The account whose passkey answered; None when the answer is wrong, old, or another account's."""
    from allauth.mfa.webauthn.internal import auth

    try:
        given = json.loads(credential)
        auth.parse_authentication_response(given)
        owner = account or auth.extract_user_from_response(given)
        auth.complete_authentication(owner, given).record_usage()
    except _wrong():
        return None
    finally:
        auth.clear_state()  # a challenge is good for one answer, right or wrong
    return owner if owner.is_active else None


def rename(account: AbstractBaseUser, passkey_id: int, name: str) -> bool:
    """Give a passkey of this account another name."""
    row = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.WEBAUTHN, pk=passkey_id).first()
    if row is None:
        return False
    row.wrap().name = name
    row.save(update_fields=["data"])
    return True


def remove(account: AbstractBaseUser, passkey_id: int) -> bool:
    """Take a passkey away; False when there is none of this number."""
    found = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.WEBAUTHN, pk=passkey_id)
    return bool(found.delete()[0])
