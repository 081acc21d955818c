"""Pictures of the pages for the documentation: `python -m tests.screens [folder]` makes docs/screens/*.png anew.

It makes an invented company of 600 customers (always the same ones) in a folder of its own, serves it, signs in as one of
its people and photographs the pages, 1440 x 900 and 390 x 844.
"""

from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.platform.programs import find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parent.parent
CUSTOMERS, SEED = 600, 1
#: What somebody writes down in the picture of it.
LINE = "Dara Whelan from Whelan & Daughters Deli, dara@whelan-deli.ie, met at the Galway food fair, wants 2 trainers, call Monday at 9"
#: Whose day the pictures show: the owner sees every amount.
WHO = "ana@"
DESK, PHONE = (1440, 900), (390, 844)
#: The largest picture that may lie in the repository.
MOST_BYTES = 300_000


def main() -> int:
    """Make all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="rapport-screens-") as data, sync_playwright() as playwright:
        rapport(data, "migrate")
        with served(data) as (url, setup_link):
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            shoot_setup(browser, setup_link, folder)
            email, password = sign_in_of(rapport(data, "sample", "--customers", str(CUSTOMERS), "--seed", str(SEED), "--new-workspace"))
            state = signed_in(browser, url, email, password)
            shoot_desk(browser.new_context(**window(DESK), storage_state=state), url, folder)
            shoot_phone(browser.new_context(**window(PHONE), storage_state=state), url, folder)
            dark = browser.new_context(**window(DESK, scheme="dark"), storage_state=state)
            take(dark.new_page(), f"{url}/", folder / "home-dark.png")
            take(dark.new_page(), f"{url}{busiest(dark.new_page(), url)}", folder / "record-dark.png")
            contact_sheet(browser, folder)
            browser.close()
    too_large = [one.name for one in folder.glob("*.png") if one.stat().st_size > MOST_BYTES]
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}" + (f"; too large: {too_large}" if too_large else ""))
    return 1 if too_large else 0


def window(size: tuple[int, int], scheme: str = "light") -> dict[str, object]:
    """What every browser window of the pictures is like."""
    return {
        "viewport": {"width": size[0], "height": size[1]}, "color_scheme": scheme, "reduced_motion": "reduce",
        "locale": "en-GB", "timezone_id": "Europe/Dublin", "has_touch": size is PHONE, "is_mobile": size is PHONE,
    }  # fmt: skip


def shoot_setup(browser: Browser, url: str, folder: Path) -> None:
    """The first page of an installation without a workspace, at the link that `rapport serve` printed."""
    take(browser.new_context(**window(DESK)).new_page(), url, folder / "setup.png")


def shoot_desk(context: BrowserContext, url: str, folder: Path) -> None:
    """The pages on a desk, and two dialogs over them."""
    page = context.new_page()
    take(page, f"{url}/", folder / "home.png")
    take(page, f"{url}/customer/", folder / "list.png")
    take(page, f"{url}{busiest(page, url)}", folder / "record.png")
    take(page, f"{url}/deal/board", folder / "board.png")
    take(page, f"{url}/calendar", folder / "calendar.png")
    take(page, f"{url}/calendar?view=month", folder / "calendar-month.png")
    take(page, f"{url}/customer/new", folder / "form.png")
    take(page, f"{url}/settings/roles", folder / "roles.png")
    take(page, f"{url}/settings/layouts/customer", folder / "layout.png")
    take(page, f"{url}/settings/fields/customer", folder / "fields.png")
    page.locator("a[href$='/kind']").first.click()
    page.locator("#f-to").wait_for()
    take(page, "", folder / "field-kind.png")
    take(page, f"{url}/settings/follow-ups/new?preset=no_contact", folder / "follow-up-rule.png")
    take(page, f"{url}/settings/import", folder / "import.png")
    take(page, f"{url}/notices", folder / "notices.png")
    take(page, f"{url}/duplicates/customer/review", folder / "duplicates.png")
    take(page, f"{url}/settings/webhooks/new", folder / "webhook.png")
    page.goto(f"{url}/article/?filter=title+contains+delivered")
    article = page.locator("a[href^='/article/0']").first.get_attribute("href")
    take(page, f"{url}{article}", folder / "article.png")
    public = page.locator("a[href^='/help/']").first.get_attribute("href")
    take(page, f"{url}{public}", folder / "help-article.png")
    take(page, f"{url}{str(public).partition('article/')[0]}", folder / "help-centre.png")
    page.goto(f"{url}/ticket/?filter=kind+is+complaint+and+state+is+open")
    take(page, f"{url}{page.locator('table.list td.first a').first.get_attribute('href')}", folder / "ticket.png")
    take(page, f"{url}/docs/api?type=deal", folder / "api-reference.png")
    page.goto(f"{url}/lead/?filter=company+is+not+empty+and+state+is+any+of+(new,+working)")
    lead = page.locator("table.list td.first a").first.get_attribute("href")
    page.goto(f"{url}{lead}")
    page.locator(f"a[href='{lead}/do/convert']").first.click()
    page.locator("#dialog-body form").wait_for()
    take(page, "", folder / "convert.png")
    page.goto(f"{url}/customer/")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+k")
    page.keyboard.type("aero", delay=40)
    page.locator("#palette-hits a[href*='/customer/0']").nth(3).wait_for()
    take(page, "", folder / "search.png")
    take(page, f"{url}/deal/?group=stage", folder / "list-grouped.png")
    take(page, f"{url}/deal/board?lanes=owner", folder / "board-lanes.png")
    page.goto(f"{url}/quick-add?{urlencode({'text': LINE})}")
    take(page, "", folder / "write-it-down.png")


def shoot_phone(context: BrowserContext, url: str, folder: Path) -> None:
    """The same on a phone."""
    page = context.new_page()
    for name, address in (("home", "/"), ("list", "/customer/"), ("board", "/deal/board"), ("calendar", "/calendar?view=agenda"), ("record", busiest(page, url))):
        take(page, f"{url}{address}", folder / f"{name}-mobile.png")


def contact_sheet(browser: Browser, folder: Path) -> None:
    """All pictures small on one, to see at a glance whether they are of one hand."""
    page = browser.new_page(viewport={"width": 1480, "height": 900})
    names = sorted(one.name for one in folder.glob("*.png"))
    figures = "".join(
        f"<figure><img src='data:image/png;base64,{base64.b64encode((folder / name).read_bytes()).decode()}'>"
        f"<figcaption>{name.removesuffix('.png')}</figcaption></figure>"
        for name in names
    )
    style = "body{font:13px sans-serif;margin:16px;display:flex;flex-wrap:wrap;gap:16px;background:#ecebe8}figure{margin:0}"
    page.set_content(f"<style>{style}img{{height:216px;display:block;border:1px solid #ccc}}</style>{figures}")
    page.screenshot(path=folder / "contact-sheet.jpg", full_page=True, type="jpeg", quality=72)


def busiest(page: Page, url: str) -> str:
    """The address of the company that was spoken to last and has a next step: its page is full of life."""
    text = "kind is company and stage is customer and next_step_on >= today and last_contact_at < today and has deals"
    page.goto(f"{url}/customer/?{urlencode({'filter': text, 'sort': '-last_contact_at'})}")
    return str(page.locator("table.list td.first a").first.get_attribute("href"))


def take(page: Page, address: str, path: Path) -> None:
    """Open an address (or keep what is open), wait until nothing moves any more, take the picture."""
    if address:
        answer = page.goto(address)
        if answer is None or not answer.ok:
            raise SystemExit(f"{address} answered {answer.status if answer else 'nothing'}; no picture was taken.")
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.screenshot(path=path, animations="disabled")


def signed_in(browser: Browser, url: str, email: str, password: str) -> object:
    """The cookies of somebody who has signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/sign-in/")
    page.fill("input[type=email]", email)
    page.fill("input[type=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{url}/")
    return context.storage_state()


def sign_in_of(printed: str) -> tuple[str, str]:
    """E-mail and password of the person shown, out of what `rapport sample` printed."""
    found = re.search(rf"^({re.escape(WHO)}\S+)\s+(\S+)", printed, re.MULTILINE)
    if not found:
        raise SystemExit(f"`rapport sample` named no sign-in:\n{printed}")
    return found[1], found[2]


def rapport(data: str, *arguments: str) -> str:
    """Run a command of Rapport on the data folder; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "rapport", *arguments], cwd=ROOT, env={**os.environ, "RAPPORT_DATA": data},
        check=True, text=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return done.stdout


@contextmanager
def served(data: str) -> Iterator[tuple[str, str]]:
    """`rapport serve` on a free port while the pictures are taken; gives its address and the link for the set-up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "rapport", "serve", "--data", data, "--port", str(port), "--no-browser"]
    printed = Path(data) / "printed.txt"
    with printed.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output)
    try:
        for _try in range(240):
            if "Stop" in (text := printed.read_text(encoding="utf-8")):
                break
            time.sleep(0.25)
        link = re.search(r"http://\S+/setup/\S+", text)
        if not link:
            raise SystemExit(f"`rapport serve` printed no link for the set-up:\n{text}")
        yield f"http://localhost:{port}", link[0]
    finally:
        process.terminate()
        process.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
