"""The mail module as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class MailConfig(ModuleConfig):
    """Label "mail"."""

    name = "rapport.modules.mail"
    label = "mail"
