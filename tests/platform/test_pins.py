"""What is installed is pinned, hashed, explained, and downloadable from wherever a person's tools look."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "requirements"
LOCK = json.loads((ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8"))


def wishes(name: str) -> list[str]:
    """The lines of a list that ask for a package."""
    lines = (REQUIREMENTS / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "-r"))]


def package_name(wish: str) -> str:
    return re.split(r"[\[<>=~!; ]", wish)[0].lower().replace("_", "-")


def pins(name: str) -> dict[str, str]:
    """Package and version of a lock file."""
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ \\;]+)", text, re.MULTILINE))


def test_the_package_asks_for_what_the_core_list_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    same = [re.sub(r"\s+", " ", wish.replace("'", '"')) for wish in project["dependencies"]]
    assert same == wishes("core")


@pytest.mark.parametrize("name", ["core", "dev", "frontend"])
def test_every_pin_has_hashes_and_no_address(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert {package_name(wish) for wish in wishes(name)} <= set(pins(name))


def test_the_development_pins_contain_the_core_pins() -> None:
    assert pins("core").items() <= pins("dev").items()


def test_every_dependency_has_a_reason_a_licence_and_a_way_out() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    package = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
    names = [package_name(wish) for list_name in ("core", "dev", "frontend") for wish in wishes(list_name)]
    names += [*package["dependencies"], *package["devDependencies"]]
    rows = {row.split("|")[1].strip(): row.split("|") for row in text.splitlines() if row.startswith("| ")}
    assert [name for name in names if name not in rows] == []
    assert [name for name in names if len([cell for cell in rows[name][1:-1] if cell.strip()]) < 4] == []


def test_npm_packages_are_exact_and_carry_no_address() -> None:
    package = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
    wanted = package["dependencies"] | package["devDependencies"]
    assert [name for name, version in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    entries = {name: entry for name, entry in LOCK["packages"].items() if name}
    assert [name for name, entry in entries.items() if "resolved" in entry] == []
    assert [name for name, entry in entries.items() if "integrity" not in entry and not entry.get("inBundle")] == []


def test_every_platform_package_is_locked() -> None:
    # With Tailwind 4.3.5 the lock lacked eight platform packages, and `npm ci` failed on those platforms.
    locked = {name.rpartition("node_modules/")[2] for name in LOCK["packages"]}
    wanted = {name for entry in LOCK["packages"].values() for name in entry.get("optionalDependencies", {})}
    assert wanted - locked == set()


def test_no_npm_package_runs_code_at_installation() -> None:
    npm = next(line for line in (ROOT / "frontend" / "build.py").read_text().splitlines() if '["ci", ' in line)
    assert "--ignore-scripts" in npm
