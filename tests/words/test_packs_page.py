"""Packs in the settings: seen before they are added, added by a button, taken back by another, from a file and into one."""

from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile

from rapport.engines.words.models import AppliedPack
from rapport.kernel.access.current import use_workspace
from rapport.kernel.context import context_for
from rapport.kernel.records.registry import registry
from tests.cast import Cast


def test_a_pack_is_looked_into_added_and_taken_back(cast: Cast) -> None:
    """The page names what comes; the list of the new type opens at once; taking it back closes it again."""
    client = cast.client("ana")
    assert "Travel agency" in client.get("/settings/packs").content.decode()
    assert "/settings/packs" in client.get("/settings/").content.decode()
    page = client.get("/settings/packs/travel").content.decode()
    assert "Passport valid until" in page and "Travel consultant" in page
    assert client.post("/settings/packs/travel", {"samples": "1"}).status_code == 302
    assert "Azores in June" in client.get("/x_trip/").content.decode()
    row = AppliedPack.objects.get(workspace_id=cast.home.pk)
    assert client.post(f"/settings/packs/{row.pk}/undo").status_code == 302
    assert client.get("/x_trip/").status_code == 404
    assert client.get("/settings/packs/unicorn").status_code == 404


def test_a_set_up_goes_through_a_file(cast: Cast) -> None:
    """Downloaded here, looked into and added in another workspace; a wrong file is told in a sentence."""
    cast.ctx("ana").create("custom_field", label="Colour", kind="text", on_type="customer")
    text = cast.client("ana").get("/settings/packs/export.json").content
    assert json.loads(text)["rapport_pack"] == 1
    dea = cast.client("dea")
    page = dea.post("/settings/packs/file", {"file": SimpleUploadedFile("p.json", text)}).content.decode()
    assert "Colour" in page and 'name="apply"' in page
    assert dea.post("/settings/packs/file", {"pack": text.decode(), "apply": "1"}).status_code == 302
    with use_workspace(cast.away):
        context_for(cast.dea, "test")
        assert "c_colour" in registry.get("customer").fields
    wrong = dea.post("/settings/packs/file", {"file": SimpleUploadedFile("p.json", b"\xff\xfe{")})
    assert wrong.status_code == 422


def test_others_do_not_set_up_the_workspace(cast: Cast) -> None:
    """No page, no file, no line in the settings; a stranger's applied pack is not there."""
    ben = cast.client("ben")
    for address in ("/settings/packs", "/settings/packs/travel", "/settings/packs/export.json"):
        assert ben.get(address).status_code == 403
    assert ben.post("/settings/packs/travel").status_code == 403
    assert "/settings/packs" not in ben.get("/settings/").content.decode()
    cast.client("dea").post("/settings/packs/shop")
    with use_workspace(cast.away):
        row = AppliedPack.objects.get(workspace_id=cast.away.pk)
    assert cast.client("ana").post(f"/settings/packs/{row.pk}/undo").status_code == 404
