"""The template environment of all pages: escaping on, translations, icons and addresses at hand."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, npgettext, pgettext
from jinja2 import Environment, StrictUndefined

from rapport.kernel import format as shown_as
from rapport.kernel.kinds.markup import avatar as mark_html
from rapport.kernel.kinds.markup import hue, initials
from rapport.surfaces.web.assets import asset, sprite_url


def environment(**options: object) -> Environment:
    """Made once per process by Django's Jinja backend."""
    options["autoescape"] = True
    options["undefined"] = StrictUndefined
    options["extensions"] = ["jinja2.ext.i18n", "jinja2.ext.do"]
    options["trim_blocks"] = options["lstrip_blocks"] = True
    env = Environment(**options)  # type: ignore[arg-type]
    env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals.update(
        icon=icon, asset=asset, url=reverse, url_if=url_if, fmt=shown_as, mark=mark, hue=hue, initials=initials
    )
    env.filters["capital"] = capital
    return env


def icon(name: str, cls: str = "i") -> SafeString:
    """A Lucide icon out of the built sprite; decoration only, the label stands beside it or in `aria-label`."""
    return SafeString(f'<svg class="{cls}" aria-hidden="true"><use href="{sprite_url()}#{name}"/></svg>')


def mark(text: object, shape: str = "org", size: int = 24) -> SafeString:
    """The mark of a record or person: initials on its hue, square or round."""
    made = mark_html(str(text), shape)
    return SafeString(made.replace(" av-20", "" if size == 24 else f" av-{size}", 1))


def url_if(name: str, *args: object, **kwargs: object) -> str:
    """The address of a page if this installation has it, else an empty text (links to parts that came later)."""
    try:
        return reverse(name, args=args or None, kwargs=kwargs or None)
    except NoReverseMatch:
        return ""


def capital(text: object) -> str:
    """With a capital first letter: labels are kept small, headings start large."""
    plain = str(text)
    return plain[:1].upper() + plain[1:]
