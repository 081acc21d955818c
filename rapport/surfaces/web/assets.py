"""Addresses of the built front end, read from vite's manifest: scripts, styles and the icon sprite."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings

_BUILD = Path(__file__).resolve().parent / "static" / "build"
_known: tuple[float, dict[str, dict[str, object]]] | None = None


def manifest() -> dict[str, dict[str, object]]:
    """The manifest, kept in memory; who develops gets a new build at once, everybody else with the next start."""
    global _known
    if _known is not None and not settings.DEBUG:
        return _known[1]
    path = _BUILD / "manifest.json"
    try:
        changed = path.stat().st_mtime
    except OSError:
        return {}
    if _known is None or _known[0] != changed:
        _known = (changed, json.loads(path.read_text(encoding="utf-8")))
    return _known[1]


def asset(entry: str) -> str:
    """The address of a built entry such as "src/app.ts"; an empty text before the first build."""
    found = manifest().get(entry)
    return f"{settings.STATIC_URL}build/{found['file']}" if found else ""


def sprite_url() -> str:
    """The address of the icon sprite."""
    return asset("icons.svg")
