"""The few mails that Rapport writes itself. Plain text (beside it HTML, if given), one reader each; names of people can put
nothing into a header."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

log = logging.getLogger(__name__)


def one_line(text: object) -> str:
    """Whatever a person typed, as one line without control characters."""
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029\s]+", " ", str(text)).strip()[:150]


def send(to: str, subject: str, body: str, *, headers: Mapping[str, str] | None = None, html: str = "") -> bool:
    """Send one mail; False when the mail server did not take it (the log says why, without the mail)."""
    given = {"Auto-Submitted": "auto-generated", **(headers or {})}
    message = EmailMultiAlternatives(one_line(subject), body, settings.DEFAULT_FROM_EMAIL, [to], headers=given)
    if html:
        message.attach_alternative(html, "text/html")
    try:
        return message.send() == 1
    except (OSError, ValueError) as problem:  # smtplib's errors are OSErrors; ValueError: an address that is none
        log.warning("A mail could not be sent: %s", type(problem).__name__)
        return False
