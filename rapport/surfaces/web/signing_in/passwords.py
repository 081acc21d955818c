"""New passwords: what is wrong with one, and storing its hash."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from rapport.kernel.access.models import Account


def wrong_password(password: str, account: Account) -> str:
    """What is wrong with a new password, or an empty text."""
    try:
        validate_password(password, account)
    except ValidationError as wrong:
        return " ".join(wrong.messages)
    return ""


def set_password(account: Account, password: str) -> None:
    """Store the hash."""
    account.set_password(password)
    account.save(update_fields=["password"])
