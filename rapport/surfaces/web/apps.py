"""The web surface as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in

from rapport.kernel.kinds import markup


class WebConfig(AppConfig):
    """Label "web"."""

    name = "rapport.surfaces.web"
    label = "web"

    def ready(self) -> None:
        """Tell the kinds where the icons of the front-end build lie; mark every session that starts here as local."""
        from rapport.surfaces.web.assets import sprite_url
        from rapport.surfaces.web.signing_in import entering

        user_logged_in.connect(entering.mark_local, dispatch_uid="rapport.local_sign_in")

        markup.use_sprite(sprite_url)
