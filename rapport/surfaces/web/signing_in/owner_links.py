"""Break glass: a one-time link into an owner's account, made on the server's own terminal."""

from __future__ import annotations

import datetime as dt
import secrets

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import events
from rapport.kernel.access.accounts import users_of
from rapport.kernel.access.models import User
from rapport.kernel.access.tokens import digest_of
from rapport.surfaces.web import sign_in_limit
from rapport.surfaces.web.models import SignInLink
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.signing_in import entering

LIVES = dt.timedelta(minutes=15)


def make_link(owner: User, base: str) -> str:
    """A link that signs this owner in once, without password and second step; older unused ones stop working."""
    assert owner.account is not None
    secret = secrets.token_urlsafe(32)
    SignInLink.objects.filter(account=owner.account, used_at=None).delete()
    SignInLink.objects.create(
        digest=digest_of(secret), account=owner.account, expires_at=dt.datetime.now(dt.UTC) + LIVES
    )
    events.note("owner_link_made", user=owner, account=owner.account, surface="cli")
    return f"{base.rstrip('/')}/sign-in/link/{secret}"


@never_cache
@require_http_methods(["GET", "POST"])
def use(request: HttpRequest, secret: str) -> HttpResponse:
    """Looking uses nothing up (mail scanners and previews look); the button signs in and leads to the security page."""
    now = dt.datetime.now(dt.UTC)
    rows = SignInLink.objects.filter(digest=digest_of(secret), used_at=None, expires_at__gt=now, account__is_active=True)
    row = rows.select_related("account").first() if secret.isascii() and len(secret) < 100 else None
    if row is None or not users_of(row.account):
        return render(request, "sign_in/dead_link.html", {"what": "owner"}, status=404)
    if request.method == "GET":
        return render(request, "sign_in/link.html", {"email": row.account.email})
    if not rows.update(used_at=now):
        return render(request, "sign_in/dead_link.html", {"what": "owner"}, status=404)
    sign_in_limit.forget(request, row.account.email)
    entering.enter(request, row.account, "owner link")
    return HttpResponseRedirect("/settings/security")
