"""What a page costs the person who opens it: bytes, paint, shifts and the answer to a key, measured in Chromium.

Against the real server, which sends packed files. Bytes and layout shifts are promised; times are printed only.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.platform.ready_made import Ready

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.process]
ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_VISIT = 150_000
WATCH = """
window.seen = {lcp: 0, cls: 0, inp: 0};
const on = (type, then, more) => new PerformanceObserver((l) => l.getEntries().forEach(then)).observe({type, buffered: true, ...more});
on('largest-contentful-paint', (e) => (seen.lcp = e.startTime));
on('layout-shift', (e) => { if (!e.hadRecentInput) seen.cls += e.value; });
on('event', (e) => (seen.inp = Math.max(seen.inp, e.duration)), {durationThreshold: 16});
"""


def _command(data: Path, *words: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("RAPPORT_", "DJANGO_", "DATABASE_URL"))}
    done = subprocess.run(
        [sys.executable, "-m", "rapport", *words], cwd=ROOT, env={**environment, "RAPPORT_DATA": str(data)},
        check=True, text=True, capture_output=True,
    )  # fmt: skip
    return done.stdout


def test_pages_are_light_and_stand_still(
    tmp_path: Path, ready: Ready, rapport: Callable[..., Any], open_page: Callable[..., Page], record_property: pytest.RecordProperty
) -> None:
    data = tmp_path / "data"
    ready.database(data / "rapport.sqlite3")
    found = re.search(r"^(ana@\S+)\s+(\S+)", _command(data, "sample", "--customers", "60", "--new-workspace"), re.MULTILINE)
    assert found, "the sample names who may sign in"
    server = rapport(data=data)
    for width in (1440, 390):
        page = open_page(width)
        page.add_init_script(WATCH)
        page.goto(f"{server.url}/sign-in/")
        page.fill("input[type=email]", found[1])
        page.fill("input[type=password]", found[2])
        page.click("button[type=submit]")
        page.locator("main.panel").wait_for()
        for path in ("", "customer/", "deal/board", "customer/?view=companies"):
            _measure(page, f"{server.url}/", path, width, record_property)


def _measure(page: Page, url: str, path: str, width: int, record_property: pytest.RecordProperty) -> None:
    received: list[int] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.clearBrowserCache")
    wire.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    weights = []
    for _visit in ("first", "repeat"):
        received.clear()
        page.goto(url + path)
        page.wait_for_load_state("networkidle")
        weights.append(sum(received))
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    # The observers report with the next frames.
    page.evaluate("new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
    seen = page.evaluate("seen")
    wire.detach()
    record_property(
        "measured",
        f"/{path} at {width}: {weights[0]:,} bytes first, {weights[1]:,} repeat; LCP {seen['lcp']:.0f} ms, INP {seen['inp']:.0f} ms,"
        f" CLS {seen['cls']:.3f}",
    )
    assert weights[0] < FIRST_VISIT, f"/{path} brings {weights[0]:,} bytes"
    assert weights[1] < weights[0] * 0.6, "a repeat visit fetches the built files again"
    assert seen["cls"] < 0.02, f"/{path} shifts by {seen['cls']:.3f} at {width}"
