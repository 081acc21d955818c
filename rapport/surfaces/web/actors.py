"""Who did something, in words: people by their names, Rapport itself by what it was doing."""

from __future__ import annotations

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

#: Names under which Rapport works by itself (`system_context`), and how they read.
_WORK = {
    "sample": _("sample data"),
    "set-up": _("set-up"),
    "import": _("an import"),
    "automation": _("an automation"),
}


def actor_words(name: str, surface: str) -> str:
    """How an actor reads in the middle of a sentence."""
    if surface == "rule":
        return _t("the rule “%(name)s”") % {"name": name}
    return str(_WORK.get(name, name)) if surface == "system" else name
