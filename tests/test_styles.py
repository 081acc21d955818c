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


def test_no_style_names_left_or_right() -> None:
    found = []
    for path in sorted([*STYLES.glob("*.css"), *(STYLES / "styles").glob("*.css")]):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for match in PHYSICAL.finditer(re.sub(r"/\*.*?\*/", "", line)):
                found.append(f"{path.name}:{number} {match[0]}")
    assert not found, f"use inline-start and inline-end: {found[:10]} ({len(found)} in all)"
