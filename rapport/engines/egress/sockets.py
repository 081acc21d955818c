"""The same one way out for what is no HTTP (mail servers): a socket to an address that has been checked."""

from __future__ import annotations

import os
import socket
import ssl
import time

from rapport.engines.egress import Resolver, _checked, _connect, _Target, _Wish, resolve


def open_socket(
    host: str, port: int, *, timeout: float = 20, tls: bool = False, context: ssl.SSLContext | None = None,
    resolver: Resolver | None = None,
) -> socket.socket:  # fmt: skip
    """Connect to a server somebody named, with TLS from the start where asked. Raises EgressRefused, with one sentence for
    a forbidden address, a name without one, and a server that does not answer."""
    wish = _Wish(
        "CONNECT", f"{host}:{port}", {}, None, time.monotonic() + timeout, 0,
        os.environ.get("RAPPORT_ALLOW_PRIVATE_EGRESS") == "1", resolver or resolve, context,
    )  # fmt: skip
    # With the scheme "https" a proxy is asked for a tunnel and TLS begins at once; "tunnel" is neither.
    target = _Target("https" if tls else "tunnel", host, port, "/")
    found = _connect(target, _checked(target, wish), wish).sock
    assert found is not None
    found.settimeout(timeout)
    return found
