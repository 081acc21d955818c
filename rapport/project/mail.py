"""Where mails go: to the SMTP server of RAPPORT_MAIL_URL, else as files into the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class Mail:
    """Django's e-mail settings; `reaches_people` is false while mails are only written to files."""

    backend: str
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    use_ssl: bool = False
    use_tls: bool = False
    reaches_people: bool = True


class WrongMailUrl(Exception):
    """RAPPORT_MAIL_URL cannot be read; the message says how it should look."""


def mail_settings(url: str, data: Path) -> Mail:
    """Settings from the address of a mail server. `smtp://` talks TLS whenever a password is sent; `?tls=0` forbids it."""
    if not url:
        (data / "mail").mkdir(exist_ok=True, mode=0o700)
        return Mail("django.core.mail.backends.filebased.EmailBackend", reaches_people=False)
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise WrongMailUrl("RAPPORT_MAIL_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465.")
    plain = "tls=0" in parts.query
    is_smtps = parts.scheme == "smtps"
    return Mail(
        "django.core.mail.backends.smtp.EmailBackend", parts.hostname, parts.port or _PORTS[parts.scheme],
        unquote(parts.username or ""), unquote(parts.password or ""),
        use_ssl=is_smtps, use_tls=not is_smtps and not plain and bool(parts.username or "tls=1" in parts.query),
    )  # fmt: skip
