"""Second factors of an account, on top of allauth's: code apps (TOTP) and recovery codes.

Codes are spent in the database, not in a cache of one process: the same code never works twice, wherever it is tried.
"""

from __future__ import annotations

import hmac
import logging
import re

from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.safestring import SafeString

from rapport.surfaces.web.signing_in.sealing import Unreadable

log = logging.getLogger(__name__)
_TYPES = Authenticator.Type


def of(account: AbstractBaseUser, *types: str) -> list[Authenticator]:
    """The authenticators of an account."""
    return list(Authenticator.objects.filter(user_id=account.pk, type__in=types or list(_TYPES)).order_by("pk"))


def is_asked(account: AbstractBaseUser) -> bool:
    """Whether a password alone does not do for this account."""
    return bool(of(account, _TYPES.TOTP, _TYPES.WEBAUTHN))


def new_totp_secret() -> str:
    """A fresh key for a code app."""
    from allauth.mfa.totp.internal.auth import generate_totp_secret

    return generate_totp_secret()


def totp_picture(account: AbstractBaseUser, secret: str) -> SafeString:
    """The key as a QR code: an SVG without any style, drawn in the colour of text."""
    from allauth.mfa.adapter import get_adapter

    adapter = get_adapter()
    svg = adapter.build_totp_svg(adapter.build_totp_url(account, secret))
    path = re.search(r'\bd="([^"]+)"', svg)
    box = re.search(r'viewBox="([^"]+)"', svg)
    assert path and box
    return SafeString(f'<svg class="qr" viewBox="{box[1]}" role="img" aria-label="QR"><path d="{path[1]}"/></svg>')


def totp_fits(secret: str, code: str) -> int | None:
    """The time step a code belongs to, or None when it is wrong."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    typed = re.sub(r"\s", "", code)
    for counter in yield_hotp_counters_from_time():
        if hmac.compare_digest(format_hotp_value(hotp_value(secret, counter)).encode(), typed.encode()):
            return counter
    return None


def add_totp(account: AbstractBaseUser, secret: str, code: str) -> bool:
    """Turn the code app on once it has shown a right code; that code is spent."""
    from allauth.mfa.totp.internal.auth import TOTP

    counter = totp_fits(secret, code)
    if counter is None:
        return False
    with transaction.atomic():
        Authenticator.objects.filter(user_id=account.pk, type=_TYPES.TOTP).delete()
        made = TOTP.activate(account, secret).instance
        made.data["last_step"] = counter
        made.save(update_fields=["data"])
    return True


def code_holds(account: AbstractBaseUser, code: str) -> bool:
    """Whether a code of the app or a recovery code is right; either way it is used up by this."""
    return _totp_holds(account, code) or _recovery_holds(account, code)


def _totp_holds(account: AbstractBaseUser, code: str) -> bool:
    from allauth.mfa.utils import decrypt

    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(user_id=account.pk, type=_TYPES.TOTP).first()
        if row is None:
            return False
        try:
            step = totp_fits(decrypt(row.data["secret"]), code)
        except Unreadable:
            log.warning("A code app cannot be checked: it was sealed with another secret key.")
            return False
        if step is None or step <= row.data.get("last_step", 0):
            return False
        row.data["last_step"] = step
        row.save(update_fields=["data"])
        row.record_usage()
    return True


def _recovery_holds(account: AbstractBaseUser, code: str) -> bool:
    row = Authenticator.objects.filter(user_id=account.pk, type=_TYPES.RECOVERY_CODES).first()
    if row is None:
        return False
    try:
        return bool(row.wrap().validate_code(re.sub(r"[\s-]", "", code)))
    except Unreadable:
        log.warning("Recovery codes cannot be checked: they were sealed with another secret key.")
        return False


def make_recovery_codes(account: AbstractBaseUser) -> list[str]:
    """Fresh codes in the place of the old ones; the only time they are shown."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    with transaction.atomic():
        Authenticator.objects.filter(user_id=account.pk, type=_TYPES.RECOVERY_CODES).delete()
        return RecoveryCodes.activate(account).generate_codes()


def recovery_codes_left(account: AbstractBaseUser) -> int:
    """How many recovery codes were not used yet."""
    row = Authenticator.objects.filter(user_id=account.pk, type=_TYPES.RECOVERY_CODES).first()
    try:
        return len(row.wrap().get_unused_codes()) if row else 0
    except Unreadable:
        return 0


def needs_recovery_codes(account: AbstractBaseUser) -> bool:
    """Whether this account has a second factor and no way in without it."""
    return is_asked(account) and not of(account, _TYPES.RECOVERY_CODES)


def drop_useless_recovery_codes(account: AbstractBaseUser) -> None:
    """Without a second factor there is nothing to recover."""
    if not is_asked(account):
        Authenticator.objects.filter(user_id=account.pk).delete()
