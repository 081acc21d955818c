"""Which apps make up Rapport, in the order they may know each other (a later one may import an earlier one)."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent

ENGINES = (
    "timeline", "imports", "exports", "privacy", "views", "followups", "notices", "calendar", "batches", "duplicates",
    "programs", "webhooks", "words", "backup", "upgrade", "telephony", "publishing", "webforms", "portal", "numbers",
    "mail", "booking", "livechat",
)
MODULES = ("customers", "activities", "sales", "mail", "service", "knowledge", "satisfaction", "meetings")


def rapport_apps() -> list[str]:
    """Dotted names of the kernel, the engines, the modules and the web surface."""
    names = [
        "rapport.kernel",
        *(f"rapport.engines.{name}" for name in ENGINES),
        *(f"rapport.modules.{name}" for name in MODULES),
        "rapport.surfaces.web",
    ]
    return [name for name in names if (app_folder(name) / "apps.py").is_file()] + add_ons()


def add_ons() -> list[str]:
    """Modules that live outside of this tree, named in RAPPORT_ADD_ONS and separated by commas."""
    return [name.strip() for name in os.environ.get("RAPPORT_ADD_ONS", "").split(",") if name.strip()]


def template_folders() -> list[Path]:
    """Template folders of the web surface first, then of every engine and module that has one."""
    folders = [PACKAGE / "surfaces" / "web" / "templates", *(app_folder(name) / "templates" for name in rapport_apps())]
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def app_folder(name: str) -> Path:
    """The folder of an app from its dotted name."""
    if not name.startswith("rapport."):
        found = find_spec(name)
        return Path(found.origin).parent if found and found.origin else Path(name)
    return PACKAGE.joinpath(*name.split(".")[1:])
