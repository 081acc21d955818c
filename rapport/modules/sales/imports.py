"""What a line of a file can become: a deal of the company or the person in the same line."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rapport.engines.imports.shapes import Shape, register_shape

register_shape(
    Shape(
        "deal", "deal", _("Deal"), "handshake", links={"customer": ("company", "person")},
        names={"deal": "name", "deal name": "name", "opportunity": "name", "opportunity name": "name", "deal title": "name"},
        prefers=("stage", "amount", "close_on", "closed_on", "reason"), eager=1,
    )
)  # fmt: skip
