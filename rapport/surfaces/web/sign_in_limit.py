"""How fast passwords may be tried: counted per account and address together, per account and per address.

Kept in a small table, because several processes answer. The address is the one of the connection: forwarded headers
may say anything. Behind a proxy every address is the proxy's, so that count alone is generous; the pair and the
account carry the weight. Nobody is ever locked out: the wait is at most a minute.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db.models import F
from django.http import HttpRequest

from rapport.surfaces.web.models import SignInTries

#: Kind of count -> tries that cost nothing.
FREE = {"pair": 5, "account": 20, "address": 100}
LONGEST_WAIT = 60
#: Counts start anew after this long without a failure.
FORGET_AFTER = dt.timedelta(hours=1)


def seconds_to_wait(request: HttpRequest, email: str) -> int:
    """How long this person has to wait before the next try counts; 0 for not at all."""
    now = dt.datetime.now(dt.UTC)
    longest = 0.0
    names = _names(request, email)
    for row in SignInTries.objects.filter(name__in=names.values(), last_at__gt=now - FORGET_AFTER):
        kind = next(k for k, name in names.items() if name == row.name)
        over = row.tries - FREE[kind]
        if over >= 0:
            pause = min(2 ** min(over, 6), LONGEST_WAIT)
            longest = max(longest, pause - (now - row.last_at).total_seconds())
    return max(0, int(longest + 0.999))


def note_failure(request: HttpRequest, email: str) -> None:
    """Count one more failure."""
    now = dt.datetime.now(dt.UTC)
    for name in _names(request, email).values():
        changed = SignInTries.objects.filter(name=name, last_at__gt=now - FORGET_AFTER).update(
            tries=F("tries") + 1, last_at=now
        )
        if not changed:
            SignInTries.objects.update_or_create(name=name, defaults={"tries": 1, "last_at": now})


def forget(request: HttpRequest, email: str) -> None:
    """A right password clears the pair and the account; the address keeps its count."""
    names = _names(request, email)
    SignInTries.objects.filter(name__in=[names["pair"], names["account"]]).delete()
    SignInTries.objects.filter(last_at__lt=dt.datetime.now(dt.UTC) - FORGET_AFTER).delete()


def _names(request: HttpRequest, email: str) -> dict[str, str]:
    """Names of the three counts; hashed, so that the table holds no list of who tried."""
    address = request.META.get("REMOTE_ADDR", "")
    parts = {"pair": f"{email}|{address}", "account": f"{email}|", "address": f"|{address}"}
    return {kind: hashlib.sha256(f"{kind}:{text}".encode()).hexdigest() for kind, text in parts.items()}
