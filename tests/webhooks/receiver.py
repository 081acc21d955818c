"""A receiver of webhooks on this machine: keeps what came, answers what the test says, checks signatures by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Receiver:
    """A small web server in a thread."""

    def __init__(self) -> None:
        """Start on a free port; it takes everything until told otherwise."""
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer: Callable[[dict[str, object]], int] = lambda _body: 204
        keeper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status = keeper.answer(json.loads(body))
                keeper.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(status)
                if status in (301, 302):
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "5" if status != 204 else "0")
                self.end_headers()
                if status != 204:
                    self.wfile.write(b"hello")

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @property
    def bodies(self) -> list[dict[str, object]]:
        """What came, read."""
        return [json.loads(body) for _headers, body in self.got]

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver for a block."""
    made = Receiver()
    try:
        yield made
    finally:
        made.close()


def is_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """What the Standard Webhooks libraries do, by hand."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(f"v1,{wanted}", one) for one in headers["webhook-signature"].split(" "))
