"""All addresses: health for machines, the API, then the pages."""

from __future__ import annotations

from django.urls import include, path

from rapport.project import health

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("api/v1/", include("rapport.surfaces.api.urls")),
    path("", include("rapport.surfaces.web.urls")),
]
