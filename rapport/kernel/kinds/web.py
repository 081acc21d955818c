"""Web addresses: http and https only."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.db import models
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import check_length, excerpt, one_line
from rapport.kernel.kinds.text import Words

_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)*[^\W_](?:[\w-]{0,61}[^\W_])?\.?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\d{1,5}(?:[/?#]|$))(//)?")
#: Second levels under which countries register names: acme.co.uk is the company, co.uk is not.
_SHARED = frozenset({"co", "com", "org", "net", "ac", "gov", "edu", "gv", "or", "ne"})


class WebField(models.CharField):
    """A web address, http or https only, as text."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """500 characters by default, blank."""
        kwargs.setdefault("max_length", 500)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)


def read_web(text: str) -> str:
    """The full address of what was typed; raises Invalid for other schemes and for what is no address."""
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise Invalid(_("Only addresses that start with http or https can be kept."), code="bad_scheme")
    full = text if scheme else f"https://{text.lstrip('/')}"
    sentence = _("“%(text)s” is not a web address; write one such as example.com.") % {"text": excerpt(text, 40)}
    try:
        parts = urlsplit(full)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid(sentence, code="not_a_web_address") from None
    if not _HOST.fullmatch(host) or len(host) > 253 or re.search(r"[\s<>\"\\^`{|}]", full) or "@" in parts.netloc:
        raise Invalid(sentence, code="not_a_web_address")
    if "." not in host.rstrip("."):
        raise Invalid(_("Add the part after the dot, such as .ie"), code="not_a_web_address")
    at = f"{host}:{port}" if port is not None else host
    rest = full.split("://", 1)[1][len(parts.netloc) :]
    return f"{parts.scheme.lower()}://{at}{'' if rest == '/' else rest}"


def domain_of(address: str) -> str:
    """The part of a host that a company registers: acme.ie of shop.acme.ie, acme.co.uk of www.acme.co.uk."""
    try:
        labels = (urlsplit(address).hostname or "").rstrip(".").removeprefix("www.").split(".")
    except ValueError:
        return ""
    if len(labels) == 4 and all(label.isdigit() for label in labels):
        return ".".join(labels)
    count = 3 if len(labels) > 2 and labels[-2] in _SHARED and len(labels[-1]) == 2 else 2
    return ".".join(labels[-count:])


@kind
class WebKind(Words):
    """A web address."""

    key = "web"
    label = gettext_lazy("Web address")
    stores = (WebField, models.URLField)
    option_names = ("max_length",)
    icon = "globe"
    becomes = ("text", "longtext")

    def __init__(self, *, max_length: int = 500, **options: object) -> None:
        """`max_length` of the column."""
        super().__init__(max_length=max_length, **options)
        if isinstance(max_length, bool) or not isinstance(max_length, int) or not 20 <= max_length <= 2000:
            raise Invalid(_("The longest length lies between 20 and 2,000."), code="bad_option")
        self.max_length = max_length

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """With the column's length."""
        return cls(max_length=model_field.max_length or 500)

    def parse(self, text: str, cleaning: Cleaning) -> str | None:
        """With https:// added where no scheme was typed."""
        given = one_line(text, self.max_length)
        if not given:
            return None
        full = read_web(given)
        check_length(full, self.max_length)
        return full

    def clean(self, value: object, cleaning: Cleaning) -> str | None:
        """A checked address."""
        return None if value is None else self.parse(one_line(value, self.max_length), cleaning)

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """A link that shows the address without its scheme; the page it opens learns nothing of ours."""
        if not value:
            return DASH
        if not value.startswith(("https://", "http://")):
            return esc(value)
        shown = value.split("://", 1)[1].removeprefix("www.")
        return SafeString(
            f'<a class="link" href="{esc(value)}" target="_blank" rel="noopener noreferrer nofollow">{esc(shown)}</a>'
        )

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """A text input with the keyboard for addresses; type=url would refuse "example.com"."""
        attrs = 'inputmode="url" autocomplete="url" autocapitalize="off" spellcheck="false"'
        return self.input_html(field, self.shown(value, fmt), name=name, error=error, autofocus=autofocus, attrs=attrs)

    def index_keys(self, value: object) -> list[str]:
        """The company's domain."""
        domain = domain_of(value) if value else ""
        return [f"domain:{domain}"[:200]] if domain else []
