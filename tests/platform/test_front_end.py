"""The front end is built once and again only after a change; pages can find every built file."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from django.test import Client

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent.parent
BUILT = ROOT / "rapport" / "surfaces" / "web" / "static" / "build"


def load(path: Path) -> ModuleType:
    """A Python file that lies in no package."""
    specification = importlib.util.spec_from_file_location("front_end_build", path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, str]]:
    path = BUILT / "manifest.json"
    if not path.is_file():
        pytest.fail("the front end is not built: run .venv/bin/python frontend/build.py")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def build(tmp_path: Path) -> ModuleType:
    """build.py of a small copy of the sources, so that the test may change them."""
    shutil.copytree(ROOT / "frontend", tmp_path / "frontend", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "rapport" / "kernel").mkdir(parents=True)
    (tmp_path / "rapport" / "kernel" / "page.html").write_text('<p class="row">')
    return load(tmp_path / "frontend" / "build.py")


def test_the_manifest_names_script_style_and_icons(manifest: dict[str, dict[str, str]]) -> None:
    assert {"src/app.ts", "src/app.css", "icons.svg"} <= set(manifest)
    for entry in manifest.values():
        assert (BUILT / entry["file"]).is_file()


def test_every_icon_of_the_list_is_in_the_sprite(manifest: dict[str, dict[str, str]]) -> None:
    listed = {line.strip() for line in (ROOT / "frontend" / "icons.txt").read_text().splitlines() if line[:1].isalpha()}
    sprite = (BUILT / manifest["icons.svg"]["file"]).read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)" viewBox="0 0 24 24">', sprite))
    # After an edit of the list, the fast run may still look at the build before it.
    if (BUILT / "stamp.txt").stat().st_mtime > (ROOT / "frontend" / "icons.txt").stat().st_mtime:
        assert drawn == listed


def test_built_files_may_be_kept_for_ever_and_come_packed(client: Client, manifest: dict[str, dict[str, str]]) -> None:
    answer = client.get(f"/static/build/{manifest['src/app.ts']['file']}", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize("changed", ["frontend/src/app.ts", "frontend/icons.txt", "rapport/kernel/page.html"])
def test_a_changed_source_makes_the_build_stale(build: ModuleType, tmp_path: Path, changed: str) -> None:
    build.OUTPUT.mkdir(parents=True)
    build.STAMP.write_text(build.fingerprint())
    assert build.is_fresh()
    with (tmp_path / changed).open("a") as file:
        file.write("\n")
    assert not build.is_fresh()


def test_a_failed_build_keeps_the_one_before(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**options: object) -> None:
        raise build.BuildFailed("Node, which builds the front end, could not be downloaded.")

    monkeypatch.setattr(build, "build", fail)
    monkeypatch.setattr(sys, "argv", ["build.py"])
    assert build.main() == 1
    build.OUTPUT.mkdir(parents=True)
    (build.OUTPUT / "manifest.json").write_text("{}")
    assert build.main() == 0
    assert "The pages built before are used." in capsys.readouterr().err


@pytest.mark.slow
def test_types_of_the_browser_code_are_right() -> None:
    build = load(ROOT / "frontend" / "build.py")
    if not (ROOT / "frontend" / "node_modules" / "typescript").is_dir() and os.environ.get("CI") != "true":
        pytest.skip("TypeScript is missing: .venv/bin/python frontend/build.py --dev")
    assert build.check_types() == ""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("git"), reason="git is missing")
def test_built_files_and_node_stay_out_of_the_repository() -> None:
    for path in (BUILT / "manifest.json", ROOT / "frontend" / "node_modules" / "vite", ROOT / "data" / "secret_key"):
        answer = subprocess.run(["git", "check-ignore", "-q", str(path)], cwd=ROOT, check=False)
        assert answer.returncode == 0, path
