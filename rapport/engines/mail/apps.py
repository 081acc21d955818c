"""The mail engine as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class MailConfig(ModuleConfig):
    """Label "mailroom": the module of the messages is called "mail"."""

    name = "rapport.engines.mail"
    label = "mailroom"
