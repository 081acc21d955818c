"""The way out: nothing inside is ever reached, however its address is spelt, and what is allowed works.

A real listener stands on this machine; it counts who knocks.
"""

from __future__ import annotations

import datetime as dt
import http.server
import ipaddress
import os
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rapport.engines import egress
from rapport.engines.egress import EgressRefused, fetch, is_forbidden, session

pytestmark = pytest.mark.once


class Listener:
    """A web server on this machine that keeps what it was asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Start it on a free port."""
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.connections = 0
        keeper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                keeper.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                keeper.answer(self)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *words: object) -> None:
                """Silent."""

        class Server(http.server.ThreadingHTTPServer):
            def get_request(self) -> object:
                keeper.connections += 1
                return super().get_request()

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """What each path says."""
        path = handler.path
        if path.startswith("/to?"):
            handler.send_response(302)
            handler.send_header("Location", path[4:])
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(200)
        body = b"x" * 5000 if path == "/large" else b"hello"
        if path != "/slow":
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if path == "/slow":
            for _time in range(100):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.05)
        else:
            handler.wfile.write(body)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.server.shutdown()
    made.server.server_close()


HOSTS = (
    "127.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1.", "localhost",
    "LOCALHOST", "localhost.", "0", "0.0.0.0", "127.127.127.127", "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "127.0.0.1%00", "[::1]",
    "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:0001::1]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]",
    "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[2001::1]", "[2001:db8::1]", "[100::1]", "[3fff::1]", "[4000::1]", "10.0.0.1", "172.16.0.1",
    "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "169.254.169.254", "169.254.0.1", "192.0.0.192", "192.0.2.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "0.1.2.3",
    "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518", "10.1", "0300.0250.1",
)  # fmt: skip
TRICKS = (
    "http://example.com@127.0.0.1:{port}/", "http://127.0.0.1:{port}@example.com/", "http://a:b@127.0.0.1:{port}/", "http:///127.0.0.1:{port}/",
    "http:\\\\127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@example.com/", "http://127.0.0.1:{port}\t/", " http://127.0.0.1:{port}/",
    "http://127.0.0.1\n:{port}/", "//127.0.0.1:{port}/", "ftp://127.0.0.1:{port}/", "file:///etc/passwd", "gopher://127.0.0.1:{port}/_x",
    "dict://127.0.0.1:{port}/", "javascript:alert(1)", "data:text/plain,x", "http://", "", "http://127.0.0.1:99999/", "http://127.0.0.1:0/",
    "http://[::1", "http://[127.0.0.1]:{port}/", "http://127.0.0.1:{port}#@example.com/", "http://127.0.0.1:{port}?@example.com/",
    "jar:http://127.0.0.1:{port}/!/", "HTTP://127.0.0.1:{port}/", "http://%31%32%37.0.0.1:{port}/", "http://127.0.0.1 .example.com:{port}/",
    "http://no-such-name.invalid:{port}/", "http://" + "a" * 5000 + ".example/",
)  # fmt: skip


def test_nothing_inside_is_ever_knocked_at(listener: Listener, record_property: pytest.RecordProperty) -> None:
    """Every spelling of every inner address, by both ways, and tricks with the address itself: 0 connections."""
    urls = [f"http://{host}:{listener.port}/" for host in HOSTS] + [one.replace("{port}", str(listener.port)) for one in TRICKS]
    for url in urls:
        with pytest.raises(EgressRefused):
            fetch("GET", url, timeout=3)
    plain = session(timeout=3)
    for url in urls[:20]:
        with pytest.raises(Exception) as problem:
            plain.get(url)
        assert type(problem.value).__name__ in ("EgressRefused", "InvalidURL", "InvalidSchema", "MissingSchema", "LocationParseError")
    assert listener.connections == 0 and not listener.asked
    assert len(urls) >= 90
    record_property("measured", f"{len(urls)} targets refused, {listener.connections} connections to the listener")


@pytest.mark.parametrize("address", ["::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "fe80::1", "224.0.0.1", "::127.0.0.1", "169.254.169.254", "x", ""])
def test_these_stay_forbidden_even_in_ones_own_network(address: str) -> None:
    """Allowing the company's network opens no side door."""
    assert is_forbidden(address, allow_private=True)


def test_the_lists_agree_with_numbers() -> None:
    """Public addresses pass; the first and last of each network on the lists do not."""
    for public in ("1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "2606:4700::1111", "2a00::1"):
        assert not is_forbidden(public), public
    for network in (*egress.PRIVATE, *egress.NEVER):
        for one in (network[0], network[-1]):
            assert is_forbidden(str(ipaddress.ip_address(one))), one


def test_a_name_that_changes_its_address_gains_nothing(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: the name is asked once per hop, and the connection goes to what was checked."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []
    went: list[object] = []

    def no_network(address: object, **_more: object) -> object:
        went.append(address)
        raise OSError

    monkeypatch.setattr(egress.socket, "create_connection", no_network)

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    with pytest.raises(EgressRefused):
        fetch("GET", f"http://rebind.example:{listener.port}/", resolver=resolver, timeout=0.5)
    assert asked == ["rebind.example"] and went == [("93.184.216.34", listener.port)]
    with pytest.raises(EgressRefused):
        fetch("GET", f"http://both.example:{listener.port}/", resolver=lambda h, p: ["93.184.216.34", "127.0.0.1"], timeout=1)
    assert len(went) == 1, "one bad address among several refuses the name"


def _names(**addresses: str) -> egress.Resolver:
    return lambda host, port: [addresses[host.split(".")[0]]]


def test_each_redirect_is_checked_anew(listener: Listener) -> None:
    """The first server may be reached (here: by allowing it), where it points to may not; too many are too many."""
    where = f"http://127.0.0.1:{listener.port}"
    for inner in ("http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "file:///etc/passwd", "http://a@b/", "//224.0.0.1/"):
        with pytest.raises(EgressRefused):
            fetch("GET", f"{where}/to?{inner}", allow_private=True, timeout=2)
    assert len(listener.asked) == 6
    for name in ("user@", "user:secret@", "@"):
        with pytest.raises(EgressRefused, match="not a web address"):
            fetch("GET", f"http://{name}127.0.0.1:{listener.port}/", allow_private=True)
    loop = f"/to?{where}/to?" * 5
    with pytest.raises(EgressRefused, match="too often"):
        fetch("GET", f"{where}{loop}{where}/", allow_private=True)
    assert len(listener.asked) == 6 + 4


def test_an_allowed_fetch_works_and_secrets_stay_with_their_server(listener: Listener) -> None:
    """Method, headers and body arrive; a redirect to another name carries no credentials."""
    names = _names(one="127.0.0.1", two="127.0.0.1")
    url = f"http://one.example:{listener.port}/x?y=1"
    answer = fetch("POST", url, headers={"Authorization": "Bearer s", "X-Kind": "k"}, body=b"data", allow_private=True, resolver=names)
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"hello", "5")
    method, path, headers = listener.asked[-1]
    assert (method, path, headers["host"]) == ("POST", "/x?y=1", f"one.example:{listener.port}")
    assert headers["authorization"] == "Bearer s" and headers["content-length"] == "4"
    for host, kept in (("one", True), ("two", False)):
        there = f"http://one.example:{listener.port}/to?http://{host}.example:{listener.port}/end"
        fetch("GET", there, headers={"Authorization": "Bearer s", "Cookie": "c=1"}, allow_private=True, resolver=names)
        assert ("authorization" in listener.asked[-1][2], "cookie" in listener.asked[-1][2]) == (kept, kept)


def test_size_and_time_are_bounded(listener: Listener) -> None:
    """Too much, and a server that sends a byte now and then."""
    where = f"http://127.0.0.1:{listener.port}"
    assert len(fetch("GET", f"{where}/large", allow_private=True, max_bytes=5000).body) == 5000
    with pytest.raises(EgressRefused, match="too large"):
        fetch("GET", f"{where}/large", allow_private=True, max_bytes=4999)
    began_at = time.monotonic()
    with pytest.raises(EgressRefused):
        fetch("GET", f"{where}/slow", allow_private=True, timeout=0.5)
    with pytest.raises(EgressRefused):
        fetch("GET", "http://slow.example/", resolver=lambda h, p: time.sleep(3) or ["93.184.216.34"], timeout=0.3)
    assert time.monotonic() - began_at < 2


def test_proxies_of_the_environment_are_not_asked(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only RAPPORT_EGRESS_PROXY counts, and even by way of it inner addresses are refused."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
    other = Listener()
    assert fetch("GET", f"http://127.0.0.1:{other.port}/", allow_private=True).body == b"hello"
    other.server.shutdown()
    other.server.server_close()
    assert listener.connections == 0 and other.connections == 1
    monkeypatch.setenv("RAPPORT_EGRESS_PROXY", f"http://127.0.0.1:{listener.port}")
    assert fetch("GET", "http://one.example/y", resolver=_names(one="93.184.216.34")).body == b"hello"
    assert listener.asked[-1][1] == "http://one.example:80/y"
    with pytest.raises(EgressRefused):
        fetch("GET", "http://169.254.169.254/")


def test_the_session_for_libraries_goes_the_same_way(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """requests: an allowed one works, redirects inside are refused, the environment is not asked."""
    where = f"http://127.0.0.1:{listener.port}"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    allowed = session(allow_private=True)
    answer = allowed.post(f"{where}/x", data={"a": "1"})
    assert (answer.status_code, answer.text) == (200, "hello")
    assert allowed.get(f"{where}/to?{where}/x").text == "hello"
    with pytest.raises(EgressRefused):
        allowed.get(f"{where}/to?http://169.254.169.254/latest")
    monkeypatch.setenv("RAPPORT_ALLOW_PRIVATE_EGRESS", "1")
    assert session().get(f"{where}/x").text == "hello"
    assert os.environ["http_proxy"]


def test_tls_is_for_the_name_though_the_connection_goes_to_a_number(tmp_path: Path) -> None:
    """The certificate must be of the name that was asked for."""
    server, trusted = _certificate("safe.example", tmp_path)
    listener = Listener(server)
    try:
        names = _names(safe="127.0.0.1", other="127.0.0.1")
        good = fetch("GET", f"https://safe.example:{listener.port}/", allow_private=True, resolver=names, tls=trusted)
        assert good.body == b"hello"
        for url, tls in ((f"https://other.example:{listener.port}/", trusted), (f"https://safe.example:{listener.port}/", None)):
            with pytest.raises(EgressRefused):
                fetch("GET", url, allow_private=True, resolver=names, tls=tls, timeout=2)
        with pytest.raises(EgressRefused, match="safe connection"):
            fetch("GET", f"https://safe.example:{listener.port}/to?http://safe.example/", allow_private=True, resolver=names, tls=trusted)
    finally:
        listener.server.shutdown()
        listener.server.server_close()


def _certificate(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))
