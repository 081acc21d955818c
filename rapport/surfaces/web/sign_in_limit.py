"""How fast secrets may be tried: counted per account and address together, per account and per address.

Kept in a small table, because several processes answer. A try is counted before it is made, so that many at once do
not slip through together; a right one is taken back. Forwarded headers count as connection.py says. Nobody is ever
locked out: the wait is bounded, and a browser that signed in before (it holds a signed cookie) is counted by itself, so
that a stranger who guesses cannot make its owner wait.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rapport.surfaces.web.connection import network_of
from rapport.surfaces.web.models import SignInTries

#: Purpose -> kind of count -> tries that cost nothing.
FREE = {
    "sign_in": {"pair": 5, "account": 20, "address": 100},
    "code": {"pair": 5, "account": 10, "address": 100},
    "reset": {"pair": 3, "account": 5, "address": 30},
    "invitation": {"address": 30},
    "passkey": {"address": 100},
    "sso": {"address": 60},
    # A calendar that is read every few minutes never waits; wrong addresses are counted like wrong passwords.
    "calendar": {"account": 60},
    "calendar_guess": {"address": 30},
    # Visitors of a help centre: three votes on one article, thirty in all; notes of the pages' script.
    "help_vote": {"pair": 3, "address": 30},
    "help_note": {"address": 600},
    # Web forms: what one address sends, what one form takes, and mails to one address.
    "web_form": {"address": 10, "account": 300},
    "form_mail": {"account": 3},
    # Booking pages: what one address books, what one page takes.
    "booking": {"address": 10, "account": 100},
    # Live chat: conversations begun from one address and in one chat, lines in one conversation, wrong secrets.
    "chat_begin": {"address": 10, "account": 300},
    "chat_say": {"account": 120, "address": 1200},
    "chat_guess": {"address": 60},
    # Answers to surveys: from one address (an office may share it), and to one question.
    "rating": {"address": 60, "account": 20},
    "rating_guess": {"address": 30},
    # The portal: links asked for, passwords and links tried, and what one guest writes.
    "portal_link": {"pair": 3, "account": 5, "address": 30},
    "portal_password": {"pair": 5, "account": 20, "address": 100},
    "portal_open": {"address": 60},
    "portal_write": {"account": 60},
}
LONGEST_WAIT = {
    "code": 900, "help_vote": 3600, "help_note": 3600, "web_form": 3600, "form_mail": 3600, "rating": 3600, "rating_guess": 3600,
    "booking": 3600, "portal_write": 3600, "chat_begin": 3600, "chat_say": 300,
}  # fmt: skip
_LONGEST_WAIT = 60
#: Counts start anew after this long without a try.
FORGET_AFTER = dt.timedelta(hours=1)
DEVICE_COOKIE = "device"
_DEVICE_AGE = 180 * 24 * 3600


def take_turn(request: HttpRequest, email: str = "", purpose: str = "sign_in") -> int:
    """Count a try that is about to be made. Returns the seconds to wait instead, when it is too early; then none counts."""
    now = dt.datetime.now(dt.UTC)
    names = _names(request, email, purpose)
    free = {name: FREE[purpose][kind] for kind, name in names.items()}
    with transaction.atomic():
        SignInTries.objects.bulk_create(
            [SignInTries(name=name, tries=0, last_at=now) for name in sorted(free)], ignore_conflicts=True
        )
        rows = list(SignInTries.objects.select_for_update().filter(name__in=free).order_by("name"))
        old = [row.name for row in rows if row.last_at <= now - FORGET_AFTER]
        wait = max((_wait(row, free[row.name], purpose, now) for row in rows if row.name not in old), default=0)
        if wait:
            return wait
        SignInTries.objects.filter(name__in=old).update(tries=0)
        SignInTries.objects.filter(name__in=list(free)).update(tries=F("tries") + 1, last_at=now)
    return 0


def _wait(row: SignInTries, free: int, purpose: str, now: dt.datetime) -> int:
    over = row.tries - free
    if over < 0:
        return 0
    pause = min(2 ** min(over, 12), LONGEST_WAIT.get(purpose, _LONGEST_WAIT))
    return max(0, int(pause - (now - row.last_at).total_seconds() + 0.999))


def forget(request: HttpRequest, email: str = "", purpose: str = "sign_in") -> None:
    """The try was right: it clears the pair and the account; the address gets just this one back."""
    names = _names(request, email, purpose)
    SignInTries.objects.filter(name__in=[names[kind] for kind in names if kind != "address"]).delete()
    if "address" in names:
        SignInTries.objects.filter(name=names["address"], tries__gt=0).update(tries=F("tries") - 1)
    SignInTries.objects.filter(last_at__lt=dt.datetime.now(dt.UTC) - FORGET_AFTER).delete()


def _names(request: HttpRequest, email: str, purpose: str) -> dict[str, str]:
    """Names of the counts; hashed, so that the table holds no list of who tried."""
    device = _device(request)
    if device and email and _mark(email) in device[1:]:
        parts = {"pair": f"{email}|device {device[0]}"}
    else:
        network = network_of(request)
        parts = {"pair": f"{email}|{network}", "account": f"{email}|", "address": f"|{network}"}
    return {
        kind: hashlib.sha256(f"{purpose}:{kind}:{parts[kind]}".encode()).hexdigest()
        for kind in FREE[purpose]
        if kind in parts
    }


def remember_device(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Give this browser the cookie of one that signed in with this address before; it opens nothing."""
    device = _device(request) or [secrets.token_urlsafe(12)]
    marks = [*[one for one in device[1:] if one != _mark(email)][-4:], _mark(email)]
    response.set_cookie(
        DEVICE_COOKIE, signing.dumps([device[0], *marks], salt="rapport.device"), max_age=_DEVICE_AGE, httponly=True,
        samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def _device(request: HttpRequest) -> list[str]:
    try:
        found = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt="rapport.device", max_age=_DEVICE_AGE)
    except signing.BadSignature:
        return []
    return [str(one) for one in found] if isinstance(found, list) else []


def _mark(email: str) -> str:
    return hashlib.sha256(f"device:{email}".encode()).hexdigest()[:20]


def too_many(wait: int) -> str:
    """The sentence for somebody who tries too fast."""
    return _("Too many tries. Wait %(seconds)d seconds, then try again.") % {"seconds": wait}
