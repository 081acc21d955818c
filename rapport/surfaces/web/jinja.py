"""The template environment of all pages: escaping on, translations, icons and addresses at hand."""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, npgettext, pgettext
from jinja2 import Environment, StrictUndefined

from rapport.kernel import format as shown_as
from rapport.kernel.foreign_html import framed
from rapport.kernel.kinds.markup import avatar as mark_html
from rapport.kernel.kinds.markup import hue, initials
from rapport.kernel.kinds.mentions import chips
from rapport.surfaces.web.actors import actor_words
from rapport.surfaces.web.assets import asset, sprite_url


def environment(**options: object) -> Environment:
    """Made once per process by Django's Jinja backend."""
    options["autoescape"] = True
    options["undefined"] = StrictUndefined
    options["extensions"] = ["jinja2.ext.i18n", "jinja2.ext.do"]
    options["trim_blocks"] = options["lstrip_blocks"] = True
    env = Environment(**options)  # type: ignore[arg-type]
    env.install_gettext_callables(  # type: ignore[attr-defined]
        translated, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals.update(
        icon=icon, asset=asset, url=reverse, url_if=url_if, fmt=shown_as, mark=mark, hue=hue, initials=initials,
        actor=actor_words, framed=framed,
    )
    env.filters["capital"] = shown_as.capital
    env.filters["chips"] = chips
    return env


def translated(message: str) -> str:
    """`gettext`, remembered per language: a page asks for the same few hundred words at every turn."""
    return _translated(get_language() or "", message)


@lru_cache(maxsize=20_000)
def _translated(_language: str, message: str) -> str:
    return gettext(message)


def csrf_once(request: HttpRequest) -> dict[str, object]:
    """Context processor: one masked token per page. Masking one for each of a page's 15 forms cost 2 ms."""
    return {"csrf_input": SimpleLazyObject(lambda: csrf_input(request))}


def icon(name: str, cls: str = "i") -> SafeString:
    """A Lucide icon out of the built sprite; decoration only, the label stands beside it or in `aria-label`."""
    return _icon(sprite_url(), name, cls)


@lru_cache(maxsize=2048)
def _icon(sprite: str, name: str, cls: str) -> SafeString:
    return SafeString(f'<svg class="{cls}" aria-hidden="true"><use href="{sprite}#{name}"/></svg>')


def mark(text: object, shape: str = "org", size: int = 24) -> SafeString:
    """The mark of a record or person: initials on its hue, square or round."""
    return _mark(str(text), shape, size)


@lru_cache(maxsize=8192)
def _mark(text: str, shape: str, size: int) -> SafeString:
    made = mark_html(text, shape)
    return SafeString(made.replace(" av-20", "" if size == 24 else f" av-{size}", 1))


def url_if(name: str, *args: object, **kwargs: object) -> str:
    """The address of a page if this installation has it, else an empty text (links to parts that came later)."""
    try:
        return reverse(name, args=args or None, kwargs=kwargs or None)
    except NoReverseMatch:
        return ""
