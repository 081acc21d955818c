"""Styles hold in both directions of writing: sides are named by where a line begins and ends, never left and right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
STYLES = Path(__file__).resolve().parent.parent / "frontend" / "src"
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)[\w-]*|left|right|border-(?:top|bottom)-(?:left|right)-radius)\s*:"
    r"|text-align:\s*(?:left|right)|float:\s*(?:left|right)"
)


_DARK = re.compile(r'(?::root\[data-theme="dark"\]|:root:not\(\[data-theme\]\)) \{([^}]*)\}')
_COLOUR = re.compile(r"#[0-9a-f]{3,8}|rgb\([^()]*\)|(?:-?\d+(?:px)?\s+){2,4}rgb\([^()]*\)")


def test_the_dark_theme_changes_colours_and_nothing_else() -> None:
    """So that what axe says of a page holds in both themes but for its colours, which are looked at in each."""
    styles = {path.name: path.read_text(encoding="utf-8") for path in sorted(STYLES.rglob("*.css"))}
    dark = _DARK.findall(styles["tokens.css"])
    assert len(dark) == 2
    for block in dark:
        for name, _, value in (one.strip().partition(":") for one in block.split(";") if one.strip()):
            parts = re.split(r",\s*(?![^(]*\))", value.strip())
            assert name == "color-scheme" or (name.startswith("--") and all(_COLOUR.fullmatch(part) for part in parts)), name
    for name, text in styles.items():
        rest = _DARK.sub("", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
        rest = re.sub(r"@media \(prefers-color-scheme: dark\) \{\s*\}|@custom-variant dark [^;]*;", "", rest)
        assert not re.search(r"prefers-color-scheme|data-theme|light-dark\(", rest), name
    for path in (STYLES.parent.parent / "rapport").rglob("*.html"):
        assert not re.search(r"[\"' ]dark:[a-z]", path.read_text(encoding="utf-8")), path.name


def test_no_style_names_left_or_right() -> None:
    found = []
    for path in sorted([*STYLES.glob("*.css"), *(STYLES / "styles").glob("*.css")]):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for match in PHYSICAL.finditer(re.sub(r"/\*.*?\*/", "", line)):
                found.append(f"{path.name}:{number} {match[0]}")
    assert not found, f"use inline-start and inline-end: {found[:10]} ({len(found)} in all)"
