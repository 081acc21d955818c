"""Foreign HTML in a real browser: the whole corpus on one page opens no dialog, loads nothing and goes nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from rapport.kernel.foreign_html import PLACEHOLDER, framed, sanitise
from tests.access.xss_corpus import GADGETS, PAYLOADS

_WRONG = re.compile(r"<(script|style|svg|math|iframe|object|form|meta|link|base|template)\b|\s(on\w+|style|hx-|data-|id|class|name|srcset|background)[\w:-]*=", re.IGNORECASE)


@pytest.mark.once
def test_little_is_left_and_it_is_what_was_said() -> None:
    """Words, tables and links stay; nothing that a browser, a style sheet or htmx could take up does."""
    kept = sanitise('<p>Dear <b>Ann</b>,<br>see <a href="https://x.example/?a=1&b=2" onclick="x()">this</a></p><table><tr><td colspan="2">1</td></tr></table>').html
    assert _ordered(kept) == _ordered(
        '<p>Dear <b>Ann</b>,<br>see <a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">this</a></p>'
        '<table><tbody><tr><td colspan="2">1</td></tr></tbody></table>'
    )
    assert len(PAYLOADS) >= 500 and len(set(PAYLOADS)) == len(PAYLOADS) and len(GADGETS) == 40
    for payload in PAYLOADS:
        clean = sanitise(payload).html
        tags = " ".join(re.findall(r"<[a-zA-Z][^>]*>", clean))
        assert not _WRONG.search(re.sub(r'"[^"]*"', '""', tags)), (payload, clean)
        links = re.findall(r'href="([^"]*)', tags)
        assert all(link.lower().startswith(("http://", "https://", "mailto:", "tel:")) for link in links), (payload, links)
        assert _ordered(sanitise(clean).html) == _ordered(clean), "what is clean stays as it is"


def _ordered(html: str) -> str:
    """Attributes in the order of their names: nh3 gives them in any."""
    attribute = re.compile(r'[\w-]+="[^"]*"')
    return re.sub(r'<(\w+)((?: [\w-]+="[^"]*")+)>', lambda m: f"<{m[1]} {sorted(attribute.findall(m[2]))}>", html)


@pytest.mark.once
def test_pictures_wait_until_somebody_asks() -> None:
    """Thirty references to elsewhere: none is left but a grey point, and they are counted."""
    text = "".join(f'<img src="https://t{n}.example/p.gif" alt="a">' for n in range(30))
    held = sanitise(text)
    assert held.pictures_held_back == 30 and held.html.count(PLACEHOLDER) == 30 and "example" not in held.html
    shown = sanitise(text, pictures=True)
    assert shown.pictures_held_back == 0 and shown.html.count("https://t") == 30
    assert "src" not in sanitise('<img src="data:image/svg+xml,<svg/>"><img src="/sign-out/"><img src="file:///x">', pictures=True).html


@pytest.mark.once
@pytest.mark.browser
def test_the_cleaned_corpus_is_inert_even_on_a_page_without_any_wall(open_page: Callable[..., Any]) -> None:
    """No policy, no sandbox: cleaning alone must hold, and what it gives must not change when it is parsed again."""
    page = open_page()
    seen = _watch(page)
    page.set_content("<!doctype html><body><h1>all</h1></body>")
    for at in range(0, len(PAYLOADS), 40):
        html = "".join(f"<section>{sanitise(one).html}</section>" for one in PAYLOADS[at : at + 40])
        page.evaluate("html => { document.body.innerHTML = html; document.body.innerHTML = document.body.innerHTML }", html)
        page.evaluate("() => document.querySelectorAll('*').forEach(e => { e.focus && e.focus(); e.dispatchEvent(new Event('mouseover')) })")
    page.wait_for_timeout(300)
    assert seen == []


@pytest.mark.browser
def test_the_whole_corpus_in_frames_on_one_page_does_nothing(live: Any, open_page: Callable[..., Any], record_property: pytest.RecordProperty) -> None:
    """On a page of ours with its policy: cleaned and framed, and for the second wall alone also framed without cleaning."""
    page = open_page()
    page.goto(f"{live.url}/sign-in/")
    seen = _watch(page)
    frames = "".join(str(framed(sanitise(one), title="Mail", nonce="n")) for one in PAYLOADS)
    page.evaluate("html => { document.body.insertAdjacentHTML('beforeend', html.replaceAll('loading=\"lazy\"', '')) }", frames)
    page.wait_for_timeout(1500)
    assert len(page.frames) == len(PAYLOADS) + 1
    # The icon of the page itself may come late.
    assert [one for one in seen if not one.startswith(f"{live.url}/static/")] == [] and page.url == f"{live.url}/sign-in/"
    page.evaluate("() => document.querySelectorAll('iframe').forEach(e => e.remove())")
    page.evaluate(
        "all => all.forEach(one => { const f = document.createElement('iframe'); f.setAttribute('sandbox', ''); f.srcdoc = one; document.body.append(f) })",
        PAYLOADS,
    )
    page.wait_for_timeout(1500)
    gone_out = [one for one in seen if "evil.example" in one or one.startswith("dialog")]
    assert gone_out == [] and page.url == f"{live.url}/sign-in/"
    page.complaints.clear()  # the raw corpus is refused loudly; that is what the policy is for
    record_property("measured", f"{len(PAYLOADS)} payloads in frames on one page: {len(gone_out)} dialogs or requests")


def _watch(page: Any) -> list[str]:
    """Dialogs, requests and navigations from now on; nothing leaves the machine."""
    seen: list[str] = []
    page.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: seen.append(request.url) if not request.url.startswith(("data:", "about:")) else None)
    page.on("popup", lambda other: seen.append(f"popup {other.url}"))
    page.route("**/*", lambda route: route.abort())
    return seen
