"""Doubles through the API and on the command line."""

from __future__ import annotations

import pytest

from rapport.engines.duplicates.models import DuplicatePair
from rapport.kernel.records.registry import registry
from rapport.surfaces.cli.main import main
from tests.cast import Cast
from tests.duplicates.test_scanning import fill

pytestmark = pytest.mark.django_db
CUSTOMER = registry.get("customer")


def test_through_the_api(cast: Cast) -> None:
    """Listed, kept apart, merged with picks, taken back; strangers find nothing and wrong words are told."""
    ids = fill(cast)
    one, other = ids["Maya Jensen"], ids["Jensen, Maja"]
    assert main(["duplicates", "scan", "--workspace", str(cast.home.pk)]) == 0
    api = cast.api("ben")
    found = api.get("/api/v1/duplicates?type=customer&limit=1").json()
    assert found["items"][0]["reasons"][:2] == ["same e-mail", "same phone"] and found["next"]
    assert {found["items"][0]["one"], found["items"][0]["other"]} == {str(one), str(other)}
    following = api.get(f"/api/v1/duplicates?type=customer&cursor={found['next']}").json()
    pair = following["items"][0]["id"]
    assert len(following["items"]) == 1
    parted = post(cast, "ben", f"/api/v1/duplicates/{pair}/apart", {})
    assert parted.json()["state"] == "apart" and len(api.get("/api/v1/duplicates").json()["items"]) == 1
    for who in ("cem", "dea"):
        assert cast.api(who).get("/api/v1/duplicates").json()["items"] == []
        assert post(cast, who, f"/api/v1/duplicates/{pair}/apart", {}).status_code == 404
        assert post(cast, who, f"/api/v1/customer/{one}/merge", {"other": str(other)}).status_code == 404
    assert post(cast, "ben", f"/api/v1/customer/{one}/merge", {"other": "x"}).status_code == 400
    assert post(cast, "ben", f"/api/v1/customer/{one}/merge", {"other": str(other), "picks": {"nonsense": "one"}}).status_code == 422
    made = post(cast, "ben", f"/api/v1/customer/{one}/merge", {"other": str(other), "picks": {"name": "other"}}).json()
    assert made["item"]["name"] == "Jensen, Maja" and made["merge"]["state"] == "done"
    assert post(cast, "cem", f"/api/v1/customer/{one}/unmerge", {}).status_code == 404
    back = post(cast, "ben", f"/api/v1/customer/{one}/unmerge", {"merge": made["merge"]["id"]}).json()
    assert back["item"]["name"] == "Maya Jensen" and back["merge"]["state"] == "undone"
    assert post(cast, "ben", f"/api/v1/customer/{one}/unmerge", {}).status_code == 404


def post(cast: Cast, who: str, url: str, body: dict[str, object]):  # type: ignore[no-untyped-def]
    """A POST with JSON."""
    return cast.api(who).post(url, body, content_type="application/json")


def test_on_the_command_line(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    """Scan all, then only what changed; list for pipes."""
    fill(cast)
    here = ["--workspace", str(cast.home.pk)]
    assert main(["duplicates", "scan", *here]) == 0
    assert "26 customers read" in capsys.readouterr().out
    assert main(["duplicates", "scan", *here]) == 0
    assert "0 customers changed since the last scan" in capsys.readouterr().out
    assert main(["duplicates", "list", *here]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0].split("\t")[3].startswith("same e-mail, same phone")
    assert main(["duplicates", "list", "deal", *here]) == 1
    assert "Nothing says what identifies “deal”" in capsys.readouterr().err
    assert DuplicatePair.objects.filter(workspace=cast.home).count() == 2
