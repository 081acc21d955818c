"""The content policy in a real browser: every page of every type breaks it nowhere, and it does forbid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rapport.kernel.records.registry import registry
from tests.access.addresses import REVIEWED, filled, routes
from tests.access.people import full_record
from tests.cast import Cast

pytestmark = pytest.mark.browser


def _pages(cast: Cast) -> list[str]:
    """Every GET address of the web, with a record of every type that has all its fields filled."""
    records = {info.key: full_record(cast, "ana", info).pk for info in list(registry.shipped().values())}
    found = ["/sign-in/", "/setup/wrong", "/no/such/page/"]
    types = list(registry.shipped().values())
    for at, route in enumerate(routes()):
        one = REVIEWED[route]
        if "GET" not in one.methods or route.startswith("api/") or one.is_public or "file/" in route or route.endswith((".csv", ".zip", ".json", "export.<slug:format>")):
            continue
        # One template serves all types: its record page is opened for each, every other page for each third in turn.
        is_core = route == "<slug:type_key>/<uuid:record_id>"
        chosen = types[:1] if one.about == "page" else types if is_core else types[at % 3 :: 3]
        for info in chosen:
            found += filled(route, info, records[info.key])[:2]
    return found


def test_no_page_breaks_the_policy_or_writes_an_error(
    live: Any, open_page: Callable[..., Any], sign_in: Callable[..., None], committed_cast: Cast, record_property: pytest.RecordProperty
) -> None:
    """All pages: 0 violations, 0 errors of scripts."""
    page = open_page()
    sign_in(page, live, committed_cast.ana.account)
    pages, problems = _pages(committed_cast), []
    for path in pages:
        answer = page.goto(f"{live.url}{path}", wait_until="load")
        expected = answer is not None and answer.status in (400, 403, 404, 405, 409, 422)
        told = [one for one in page.complaints if not (expected and "Failed to load resource" in str(one))]
        problems += [f"{path}: {one}" for one in told]
        page.complaints.clear()
    assert not problems, "\n".join(problems[:20])
    assert len(pages) > 100
    record_property("measured", f"{len(pages)} pages opened in Chromium, {len(problems)} violations or errors")


def test_the_policy_forbids_what_it_says(live: Any, open_page: Callable[..., Any]) -> None:
    """Inline script and style, eval, foreign frames, scripts, pictures and connections, workers: each is refused."""
    page = open_page()
    page.goto(f"{live.url}/sign-in/")
    for harm in (
        "() => { const s = document.createElement('script'); s.textContent = 'window.hit = 1'; document.body.append(s) }",
        "() => { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 1\">') }",
        "() => { document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>') }",
        "() => { const f = document.createElement('iframe'); f.src = 'https://evil.example/'; document.body.append(f) }",
        "() => { const i = new Image(); i.src = 'https://evil.example/x.png' }",
        "() => fetch('https://evil.example/').catch(() => 1)",
        "() => { try { new Worker(URL.createObjectURL(new Blob(['1']))) } catch (e) { console.error('CSP: ' + e) } }",
        "() => { const f = document.createElement('form'); f.action = 'https://evil.example/'; document.body.append(f); f.submit() }",
        "() => { const s = document.createElement('script'); s.textContent = \"try { eval('1') } catch (e) { console.error('CSP: ' + e) }\";"
        " s.nonce = document.querySelector('script[nonce]') ? document.querySelector('script[nonce]').nonce : ''; document.body.append(s) }",
    ):
        page.complaints.clear()
        page.evaluate(harm)
        page.wait_for_timeout(120)
        assert any("CSP" in str(one) or "Content Security Policy" in str(one) for one in page.complaints), harm
    assert page.evaluate("() => window.hit === undefined") and page.url == f"{live.url}/sign-in/"
    page.complaints.clear()
