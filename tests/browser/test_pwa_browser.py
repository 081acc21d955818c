"""Rapport can be installed, and without a network it says so; its worker keeps nothing about anybody."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_manifest_names_icons_that_are_there(live: Any, committed_cast: Cast, open_page: Callable[..., Any]) -> None:
    page = open_page()
    found = page.request.get(f"{live.url}/manifest.webmanifest")
    assert found.headers["content-type"] == "application/manifest+json"
    made = json.loads(found.text())
    assert made["display"] == "standalone" and made["start_url"] == "/" and {"any", "maskable"} == {i["purpose"] for i in made["icons"]}
    for one in made["icons"]:
        picture = page.request.get(live.url + one["src"])
        width, height = struct.unpack(">II", picture.body()[16:24])
        assert picture.ok and f"{width}x{height}" == one["sizes"]
    assert "Kunden" in Client().get("/manifest.webmanifest", headers={"accept-language": "de"}).json()["description"]


def test_without_a_network_the_app_says_so_and_the_cache_knows_nobody(
    live: Any, committed_cast: Cast, open_page: Callable[..., Any], sign_in: Callable[..., None]
) -> None:
    page = open_page(390, service_workers="allow")
    sign_in(page, live, committed_cast.ana.account)
    page.goto(live.url)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{live.url}/customer/")
    page.context.set_offline(True)
    page.goto(f"{live.url}/deal/")
    page.get_by_role("heading", name="No connection").wait_for()
    kept = page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((n) => caches.open(n).then((c) => c.keys()))))"
        ".then((lists) => lists.flat().map((r) => new URL(r.url).pathname))"
    )
    assert "/offline" in kept and all(path == "/offline" or path.startswith("/static/") for path in kept), kept
    page.context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    page.locator("h1").first.wait_for()
    assert page.evaluate("document.querySelector('main.panel') !== null")
    page.complaints.clear()
