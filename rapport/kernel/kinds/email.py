"""E-mail addresses: several with labels, or one in a plain EmailField."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from email_validator import EmailNotValidError, validate_email

from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.base import DASH, Cleaning, Format, Kind, kind
from rapport.kernel.kinds.lists import LabelledKind, ListField
from rapport.kernel.kinds.markup import esc
from rapport.kernel.kinds.normal import excerpt, filter_text, one_line
from rapport.kernel.kinds.text import Words
from rapport.kernel.text_folding import fold

#: Providers whose domain says nothing about the company.
FREE_MAIL = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "yahoo.com",
        "yahoo.de",
        "yahoo.fr",
        "yahoo.co.uk",
        "outlook.com",
        "hotmail.com",
        "hotmail.de",
        "hotmail.fr",
        "hotmail.co.uk",
        "live.com",
        "msn.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "gmx.at",
        "gmx.ch",
        "web.de",
        "t-online.de",
        "freenet.de",
        "mail.com",
        "mail.ru",
        "yandex.ru",
        "yandex.com",
        "proton.me",
        "protonmail.com",
        "pm.me",
        "tutanota.com",
        "tuta.io",
        "zoho.com",
        "fastmail.com",
        "orange.fr",
        "wanadoo.fr",
        "free.fr",
        "laposte.net",
        "sfr.fr",
        "libero.it",
        "virgilio.it",
        "tiscali.it",
        "eircom.net",
        "btinternet.com",
        "sky.com",
        "comcast.net",
        "verizon.net",
        "att.net",
        "qq.com",
        "163.com",
        "126.com",
        "naver.com",
        "wp.pl",
        "o2.pl",
        "interia.pl",
        "onet.pl",
        "seznam.cz",
        "bluewin.ch",
        "telenet.be",
        "skynet.be",
        "ziggo.nl",
        "kpnmail.nl",
        "rediffmail.com",
        "uol.com.br",
        "bol.com.br",
    ]
)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_COMMON = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:{_LABEL}\.)+[A-Za-z]{{2,63}})")
_NAMED = re.compile(r"[^<>]*<([^<>\s]+)>")


class EmailsField(ListField):
    """E-mail addresses as a JSON list of {"value": "maya@example.org", "label": "work"}."""


@lru_cache(maxsize=65536)
def read_email(text: str) -> str | None:
    """The address, domain in lower case; None when it is none. email-validator sees only what is of no usual shape."""
    if found := _COMMON.fullmatch(text):
        if len(found[1]) <= 64 and len(text) <= 254:
            return f"{found[1]}@{found[2].lower()}"
        return None
    if len(text) > 254:
        return None
    try:
        return validate_email(text, check_deliverability=False).normalized
    except (EmailNotValidError, ValueError):
        return None


def checked(text: str) -> str:
    """The address in a text, also of "Maya <maya@example.org>"; raises Invalid with what to mend."""
    if named := _NAMED.fullmatch(text):
        text = named[1]
    address = read_email(text.removeprefix("mailto:"))
    if address is None:
        before, at, domain = text.rpartition("@")
        if not at:
            raise Invalid(
                _("“%(text)s” is not an e-mail address; the @ is missing.") % {"text": excerpt(text, 40)},
                code="not_an_email",
            )
        if before and domain and "." not in domain and domain.isalnum():
            raise Invalid(_("Add the part after the dot, such as .ie"), code="not_an_email")
        raise Invalid(_("“%(text)s” is not an e-mail address.") % {"text": excerpt(text, 40)}, code="not_an_email")
    return address


def address_keys(address: str) -> list[str]:
    """The address without case, and "@domain" unless it is a provider's."""
    key = address.casefold()[:200]
    domain = key.rpartition("@")[2]
    return [key] if domain in FREE_MAIL else [key, f"@{domain}"]


def link(address: str) -> str:
    """A mailto: link."""
    target = address.replace("%", "%25").replace("?", "%3F").replace("&", "%26")
    return f'<a class="link" href="mailto:{esc(target)}">{esc(address)}</a>'


@kind
class EmailKind(LabelledKind):
    """Up to 20 e-mail addresses, each with an optional label."""

    key = "email"
    label = gettext_lazy("E-mail")
    stores = (EmailsField,)
    operators: ClassVar[tuple[str, ...]] = (
        "is",
        "is_not",
        "contains",
        "not_contains",
        "starts",
        "ends",
        "in",
        "not_in",
        "empty",
        "not_empty",
    )
    icon = "mail"
    becomes = ("text", "longtext")
    input_attrs = 'inputmode="email" autocomplete="email" autocapitalize="off" spellcheck="false"'
    split = re.compile(r"[;,\n\r]+")

    def one(self, text: str, cleaning: Cleaning) -> dict[str, str]:
        """A checked address; nothing is asked of the network."""
        return {"value": checked(text)}

    def same(self, entry: Mapping[str, str]) -> object:
        """Case makes no second address."""
        return entry["value"].casefold()

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """The first address as a link, and how many more there are."""
        if not value:
            return DASH
        more = f' <span class="t3">+{len(value) - 1}</span>' if len(value) > 1 else ""
        return SafeString(link(value[0]["value"]) + more)

    def key_query(self, op: str, value: object, cleaning: Cleaning) -> Q:
        """Without case; "ends" with a whole domain uses the domain's own key."""
        key = filter_text(value).casefold()
        if op == "ends":
            domain = key.removeprefix("@")
            whole = (
                Q(key__endswith=f"@{domain}") if key.startswith("@") or domain in FREE_MAIL else Q(key__endswith=key)
            )
            return Q(key=f"@{domain}") | whole
        return Q(**{f"key__{ {'is': 'exact', 'contains': 'contains', 'starts': 'startswith'}[op] }": key})

    def searched_as(self, op: str, value: object, cleaning: Cleaning) -> str:
        """A part of an address is part of what is searched."""
        return fold(filter_text(value)) if op == "contains" else ""

    def index_keys(self, value: object) -> list[str]:
        """Addresses without case, and their companies' domains."""
        return list(dict.fromkeys(key for entry in value or () for key in address_keys(entry["value"])))


@kind
class OneEmailKind(Words):
    """One e-mail address in a column of its own (models.EmailField)."""

    key = "one_email"
    label = gettext_lazy("E-mail address")
    stores = (models.EmailField,)
    icon = "mail"
    max_length = 254
    becomes = ("email", "text", "longtext")

    @classmethod
    def from_model(cls, model_field: models.Field) -> Kind:
        """No options."""
        return cls()

    def parse(self, text: str, cleaning: Cleaning) -> str | None:
        """A checked address."""
        given = one_line(text, 300)
        return checked(given) if given else None

    def clean(self, value: object, cleaning: Cleaning) -> str | None:
        """A checked address."""
        return None if value is None else self.parse(one_line(value, 300), cleaning)

    def cell(self, value: object, fmt: Format) -> SafeString | str:
        """A mailto: link."""
        return SafeString(link(value)) if value else DASH

    def widget(
        self, field: object, value: object, fmt: Format, *, name: str, error: str = "", autofocus: bool = False
    ) -> SafeString:
        """The e-mail keyboard and the browser's own addresses."""
        return self.input_html(
            field,
            self.shown(value, fmt),
            name=name,
            error=error,
            autofocus=autofocus,
            type_="email",
            attrs='autocomplete="email" maxlength="254"',
        )

    def index_keys(self, value: object) -> list[str]:
        """The address without case, and its domain."""
        return address_keys(value) if value else []
