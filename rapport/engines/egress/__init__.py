"""The one way out: every HTTP request Rapport makes to an address that somebody typed goes through here.

A name is resolved once, every address it has is checked as a number against the lists below, and the connection goes
to a checked address, so that neither odd spellings of an address nor a name server that changes its answer lead inside.
Each redirect starts over. Names and spellings are never judged: `0177.0.0.1`, `2130706433` and `①②⑦.0.0.1` are all
127.0.0.1 by the time they are looked at.

Built on http.client of the standard library: the libraries on top of it resolve and connect by themselves, and what
must be pinned here is exactly that. `session()` gives the same way to code that needs `requests`.

RAPPORT_ALLOW_PRIVATE_EGRESS=1  lets it reach the company's own network (never link-local or multicast addresses)
RAPPORT_EGRESS_PROXY            http://host:port of a proxy; the variables of the environment are not read
"""

from __future__ import annotations

import contextlib
import http.client
import io
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit, urlunsplit

from django.utils.translation import gettext as _

from rapport.kernel.errors import RapportError

if TYPE_CHECKING:
    import requests

MOST_REDIRECTS = 3
MOST_BYTES = 10 * 1024 * 1024
_LONGEST_URL = 4000
_REDIRECTS = (301, 302, 303, 307, 308)
#: Headers that only we may set, and such as are for one server only.
_OURS = {"host", "connection", "accept-encoding", "content-length"}
_PERSONAL = {"authorization", "cookie", "proxy-authorization"}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: From name and port to addresses, as text.
Resolver = Callable[[str, int], list[str]]


def _networks(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


#: The company's own network; reached only when allowed.
PRIVATE = _networks("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
#: Never. Python's `is_global` is no help: it calls 64:ff9b::/96, 2002::/16, fec0::/10, ::127.0.0.1 and 224/4 global.
NEVER = _networks(
    "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
    "2002::/16", "3fff::/20", "5f00::/16", "fe80::/10", "fec0::/10", "ff00::/8",
)  # fmt: skip
#: Where public IPv6 addresses are given out; whatever lies elsewhere is refused unread.
_PUBLIC_6 = ipaddress.ip_network("2000::/3")


class EgressRefused(RapportError):
    """An address may not be reached, or did not answer as it must. The sentence never says what lies behind a name."""

    default_code = "egress_refused"


@dataclass(frozen=True)
class Answer:
    """What came back, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass
class _Wish:
    """One request, as it changes over redirects."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None
    ends_at: float
    max_bytes: int
    allow_private: bool
    resolver: Resolver
    tls: ssl.SSLContext | None = field(default=None)


@dataclass(frozen=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str


def fetch(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, timeout: float = 10,
    max_bytes: int = MOST_BYTES, allow_private: bool = False, redirects: int = MOST_REDIRECTS,
    resolver: Resolver | None = None, tls: ssl.SSLContext | None = None,
) -> Answer:  # fmt: skip
    """Send one request and read the answer. Raises EgressRefused for a forbidden address, a name without one, an answer
    that is too large, too slow or leads on too often. `timeout` is for the whole of it."""
    wish = _Wish(
        method.upper(), url, dict(headers or {}), body, time.monotonic() + timeout, max_bytes,
        allow_private or os.environ.get("RAPPORT_ALLOW_PRIVATE_EGRESS") == "1", resolver or resolve, tls,
    )  # fmt: skip
    for _hop in range(redirects + 1):
        answer = _once(wish)
        if answer.status not in _REDIRECTS or "location" not in answer.headers or redirects == 0:
            return answer
        _follow(wish, answer)
    raise EgressRefused(_("This address leads on too often."))


def session(*, allow_private: bool = False, timeout: float = 10) -> requests.Session:
    """A `requests` session whose every request and redirect goes this way (for libraries that ask for one)."""
    import requests
    from requests.adapters import BaseAdapter
    from requests.structures import CaseInsensitiveDict

    class Way(BaseAdapter):
        """Hands one prepared request to `fetch`; redirects come back here one by one."""

        def send(self, request: requests.PreparedRequest, **_options: object) -> requests.Response:
            body = request.body.encode() if isinstance(request.body, str) else request.body
            answer = fetch(
                request.method or "GET", request.url or "", headers=dict(request.headers), body=body, timeout=timeout,
                allow_private=allow_private, redirects=0,
            )  # fmt: skip
            found = requests.Response()
            found.status_code, found.url, found.request = answer.status, answer.url, request
            found.headers = CaseInsensitiveDict(answer.headers)
            found.raw = io.BytesIO(answer.body)
            found.encoding = requests.utils.get_encoding_from_headers(found.headers)
            return found

        def close(self) -> None:
            """Nothing is kept open."""

    made = requests.Session()
    made.trust_env, made.max_redirects = False, MOST_REDIRECTS
    made.adapters.clear()
    for scheme in ("https://", "http://"):
        made.mount(scheme, Way())
    return made


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, by the system."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_forbidden(address: str, *, allow_private: bool = False) -> bool:
    """Whether an address may not be reached; what cannot be read as an address may not."""
    try:
        found: Address = ipaddress.ip_address(address)
    except ValueError:
        return True
    if isinstance(found, ipaddress.IPv6Address) and found.scope_id:
        return True
    if any(found in network for network in PRIVATE if network.version == found.version):
        return not allow_private
    if any(found in network for network in NEVER if network.version == found.version):
        return True
    return found.version == 6 and found not in _PUBLIC_6


def _once(wish: _Wish) -> Answer:
    target = _read(wish.url)
    addresses = _checked(target, wish)
    connection = _connect(target, addresses, wish)
    # A server that sends a byte now and then must not hold us: at the end of the time the connection is cut.
    timer = threading.Timer(_left(wish), _cut, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        return _exchange(connection, target, wish)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise EgressRefused(_("This address did not answer as it must, or not in time.")) from problem
    finally:
        timer.cancel()
        connection.close()


def _read(url: str) -> _Target:
    """The parts of an address; refuses whatever two programs could read differently."""
    wrong = EgressRefused(_("This is not a web address that starts with http:// or https://."), code="bad_address")
    if len(url) > _LONGEST_URL or any(c <= " " or c in "\\\x7f" for c in url):
        raise wrong
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode() if ":" not in (parts.hostname or "") else parts.hostname
    except (ValueError, UnicodeError) as problem:
        raise wrong from problem
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or port == 0 or "%" in host:
        raise wrong
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    if not path.isascii():
        raise wrong
    return _Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def _checked(target: _Target, wish: _Wish) -> list[str]:
    """The addresses of the name, if every one of them may be reached. A name that does not resolve is refused too."""
    found: list[str] = []

    def ask() -> None:
        try:
            found.extend(dict.fromkeys(wish.resolver(target.host, target.port)))
        except (OSError, UnicodeError, ValueError):
            found.clear()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(max(_left(wish), 0.001))
    addresses = list(found)
    if asking.is_alive() or not addresses or any(is_forbidden(one, allow_private=wish.allow_private) for one in addresses):
        # One sentence for all three: what lies inside, and whether it is there, is nobody's business.
        raise EgressRefused(_("This address cannot be reached from here."), code="unreachable")
    return addresses


def _connect(target: _Target, addresses: list[str], wish: _Wish) -> http.client.HTTPConnection:
    """A connection to one of the checked addresses; the name serves for TLS and the Host header only."""
    made = http.client.HTTPConnection(target.host, target.port, timeout=_left(wish))
    proxy = _proxy()
    for address in addresses[:4]:
        try:
            plain = socket.create_connection(proxy or (address, target.port), timeout=_left(wish))
            if proxy and target.scheme != "http":
                _tunnel(plain, address, target.port)
            made.sock = _secured(plain, target, wish) if target.scheme == "https" else plain
        except (OSError, ValueError):
            continue
        return made
    raise EgressRefused(_("This address cannot be reached from here."), code="unreachable")


def _secured(plain: socket.socket, target: _Target, wish: _Wish) -> ssl.SSLSocket:
    try:
        return (wish.tls or ssl.create_default_context()).wrap_socket(plain, server_hostname=target.host)
    except (OSError, ValueError):
        plain.close()
        raise


def _proxy() -> tuple[str, int] | None:
    given = os.environ.get("RAPPORT_EGRESS_PROXY", "")
    if not given:
        return None
    parts = urlsplit(given)
    if parts.scheme != "http" or not parts.hostname:
        raise EgressRefused("RAPPORT_EGRESS_PROXY must look like http://host:port .")
    return parts.hostname, parts.port or 3128


def _tunnel(plain: socket.socket, address: str, port: int) -> None:
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    plain.sendall(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n".encode("ascii"))
    said = b""
    while b"\r\n\r\n" not in said and len(said) < 8192 and (more := plain.recv(1)):
        said += more
    if b" 200" not in said[:13]:
        plain.close()
        raise OSError("the proxy refused")


def _exchange(connection: http.client.HTTPConnection, target: _Target, wish: _Wish) -> Answer:
    headers = {k: v for k, v in wish.headers.items() if k.lower() not in _OURS}
    path = target.path
    if _proxy() and target.scheme == "http":
        assert connection.sock is not None
        path = f"http://{connection.host}:{target.port}{path}"
    headers |= {"Accept-Encoding": "identity", "Connection": "close"}  # what is packed could unpack beyond every limit
    connection.request(wish.method, path, body=wish.body, headers=headers)
    came = connection.getresponse()
    body = came.read(wish.max_bytes + 1)
    if len(body) > wish.max_bytes:
        raise EgressRefused(_("The answer of this address is too large."), code="too_large")
    if time.monotonic() > wish.ends_at:
        raise OSError("out of time")
    return Answer(came.status, {k.lower(): v for k, v in came.getheaders()}, body, wish.url)


def _follow(wish: _Wish, answer: Answer) -> None:
    """Turn the wish to where the answer points."""
    before = _read(wish.url)
    wish.url = urljoin(wish.url, answer.headers["location"])
    after = _read(wish.url)
    if before.scheme == "https" and after.scheme == "http":
        raise EgressRefused(_("This address leads from a safe connection to an open one."), code="downgrade")
    if (before.scheme, before.host, before.port) != (after.scheme, after.host, after.port):
        wish.headers = {k: v for k, v in wish.headers.items() if k.lower() not in _PERSONAL}
    if answer.status == 303 or (answer.status in (301, 302) and wish.method == "POST"):
        wish.method, wish.body = "GET", None
        wish.headers = {k: v for k, v in wish.headers.items() if k.lower() != "content-type"}


def _left(wish: _Wish) -> float:
    return max(wish.ends_at - time.monotonic(), 0.001)


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
