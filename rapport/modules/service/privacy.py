"""Personal data in service: what was written in tickets goes, that there was a ticket and how long it took stays."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rapport.engines.privacy.registry import DELETE, EMPTY, on_erasure

on_erasure("ticket_entry", DELETE, with_parent=True)
on_erasure("ticket_file", DELETE, with_parent=True)
on_erasure("ticket", EMPTY, why=_("State, queue and times stay for the figures; the words go."))
on_erasure("complaint", EMPTY, why=_("The cause and what was paid stay for the figures; the words go."))
