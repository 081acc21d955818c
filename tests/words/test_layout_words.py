"""Headings of layouts in several languages, and fields that a layout leaves out of the whole page."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from rapport.kernel.access.models import User
from rapport.kernel.errors import Invalid
from tests.cast import Cast, first_stage_id
from tests.words.test_layouts import form, lay


def test_a_heading_has_a_wording_in_each_language(cast: Cast) -> None:
    """Whoever reads German sees the German one, also in the editor; saving there keeps the heading what it is."""
    row = lay(cast, shown="# In numbers\nname\nkind\nturnover")
    ctx = cast.ctx("ana")
    with pytest.raises(Invalid):
        ctx.create("wording", name="Nirgends", on_type="customer", on_field="# Nowhere", language="de")
    ctx.create("wording", name="In Zahlen", on_type="customer", on_field="# In numbers", language="de")
    assert "In numbers" in form(cast, "ana") and "In Zahlen" not in form(cast, "ana")
    User.objects.filter(pk=cast.ana.pk).update(language="de")
    with override("de"):
        assert "In Zahlen" in form(cast, "ana")
        page = form(cast, "ana", "/settings/layouts/customer")
        assert "In Zahlen" in page and "on_field=%23+In+numbers" in page
        items = ["#", "In Zahlen", "name", "kind", "turnover", "phones", "-", "|"]
        assert cast.client("ana").post("/settings/layouts/customer", {"item": items, "do": "save"}).status_code == 302
    row.refresh_from_db()
    assert "# In numbers" in row.shown.splitlines() and "In Zahlen" not in row.shown


def test_what_is_left_out_leaves_header_cards_and_panels(cast: Cast) -> None:
    """A field that a layout leaves out stands nowhere on the page, its header, its figures, a card or a panel; lists have it."""
    ctx = cast.ctx("ana")
    made = ctx.create("customer", name="Aran Ltd", kind="company", phones="+353 1 555 0142", tags=["Canary"], turnover="98765.00")
    deal = cast.ctx("ana").create("deal", name="Roof", stage=first_stage_id(), amount="7391.55", customer=made.pk)
    client = cast.client("ana")
    page = client.get(f"/customer/{made.pk}").content.decode()
    assert "Canary" in page and "tel:" in page and "98,765" in page and "7,391" in page
    lay(cast, shown="# Who\nname\nkind", left_out="tags,phones,turnover")
    cast.ctx("ana").create("page_layout", name="Deals", on_type="deal", shown="# Deal\nname\nstage", left_out="amount,owner")
    page = client.get(f"/customer/{made.pk}").content.decode()
    assert "Canary" not in page and "tel:" not in page and "98,765" not in page
    assert "7,391" not in client.get(f"/deal/{deal.pk}").content.decode()
    card = client.get("/deal/board").content.decode().split(f"card-{deal.pk}")[1].split("</article>")[0]
    assert "7,39" not in card
    assert "7,391" in client.get("/deal/?columns=name,amount").content.decode()
