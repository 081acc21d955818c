"""The web surface as a Django app."""

from __future__ import annotations

from django.apps import AppConfig

from rapport.kernel.kinds import markup


class WebConfig(AppConfig):
    """Label "web"."""

    name = "rapport.surfaces.web"
    label = "web"

    def ready(self) -> None:
        """Tell the kinds where the icons of the front-end build lie."""
        from rapport.surfaces.web.assets import sprite_url

        markup.use_sprite(sprite_url)
