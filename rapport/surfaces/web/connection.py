"""Where a request comes from. A forwarded header counts only as far as the operator's own proxies wrote it."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address at the other end: of the connection, or what the outermost of n trusted proxies saw."""
    direct = request.META.get("REMOTE_ADDR", "")
    proxies = settings.TRUSTED_PROXIES
    if proxies < 1:
        return direct
    # Each proxy adds what it saw at the right end; everything further left was written by who knows whom.
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if len(seen) < proxies:
        return direct
    return str(_parsed(seen[-proxies]) or direct)


def network_of(request: HttpRequest) -> str:
    """The address as it is counted: an IPv6 caller owns a whole /64, so that counts as one."""
    found = _parsed(address_of(request))
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or "")


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def base_url(request: HttpRequest) -> str:
    """What links in mails begin with: RAPPORT_BASE_URL; the Host header only counts on one's own computer."""
    if settings.BASE_URL:
        return str(settings.BASE_URL)
    host = request.get_host()
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return f"http://{host}" if name in ("localhost", "127.0.0.1", "[::1]") else "http://localhost"
