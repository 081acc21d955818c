"""The meetings module as a Django app."""

from __future__ import annotations

from rapport.kernel.modules import ModuleConfig


class MeetingsConfig(ModuleConfig):
    """Label "meetings"."""

    name = "rapport.modules.meetings"
    label = "meetings"
