"""Page layouts: who gets which, what they may leave out, what is never lost, and the page that makes them."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rapport.engines.words import packs
from rapport.engines.words.models import PageLayout
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Role
from rapport.kernel.context import context_for
from rapport.kernel.errors import Invalid
from tests.cast import Cast

SHORT = "# Who\nname\nkind\n# Numbers\nturnover\nphones"


def lay(cast: Cast, role: str = "", **given: object) -> PageLayout:
    """Ana makes a layout of customers, for all roles or for one."""
    found = Role.objects.get(key=role).pk if role else None
    values = {"name": "Layout", "on_type": "customer", "role": found, "shown": SHORT, **given}
    return cast.ctx("ana").create("page_layout", **values)  # type: ignore[return-value]


def fields_of(page: str) -> list[str]:
    """The fields of a form, in the order they stand in."""
    return re.findall(r'data-field="([a-z_0-9]+)"', page)


def form(cast: Cast, who: str, address: str = "/customer/new") -> str:
    """A form as somebody sees it."""
    answer = cast.client(who).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_own_layout_of_a_role_goes_before_that_for_all(cast: Cast) -> None:
    """Ben sells and gets the layout of his role, Ana that for all roles, Dea elsewhere what was shipped."""
    shipped = fields_of(form(cast, "dea"))
    lay(cast, left_out="note,tags")
    lay(cast, "sales", shown="# Only this\nphones\nname", left_out="note,tags,kind")
    assert fields_of(form(cast, "ana"))[:4] == ["name", "kind", "turnover", "phones"] and "note" not in fields_of(
        form(cast, "ana")
    )
    ben = form(cast, "ben")
    assert fields_of(ben)[:2] == ["phones", "name"] and "kind" not in fields_of(ben) and "Only this" in ben
    assert fields_of(form(cast, "dea")) == shipped and "note" in shipped


def test_a_field_that_no_layout_names_is_never_lost(cast: Cast) -> None:
    """What the layout forgets, and what is added after it, stands at the end of the form and of the record page."""
    lay(cast, left_out="note")
    cast.ctx("ana").create("custom_field", label="Colour", kind="text", on_type="customer")
    made = cast.ctx("ana").create("customer", name="Aran Ltd", kind="company")
    keys = fields_of(form(cast, "ana"))
    assert keys[:4] == ["name", "kind", "turnover", "phones"] and keys[-1] == "c_colour" and "website" in keys
    page = form(cast, "ana", f"/customer/{made.pk}")
    assert page.index("Numbers") < page.index("Colour") and "Website" in page


def columns_of(page: str) -> list[str]:
    """The columns of a list, by the marks of its cells' heads."""
    return re.findall(r'<th[^>]* data-key="([a-z_0-9]+)"', page)


def test_a_layout_never_shows_what_a_field_group_hides(cast: Cast) -> None:
    """Turnover stands in the layout, and Ben, who may not see it, meets it nowhere: form, record page, list."""
    made = cast.ctx("ana").create("customer", name="Aran Ltd", kind="company", turnover="500", owner=cast.ben.pk)
    lay(cast, "sales", columns="name,turnover,phones")
    assert "turnover" in fields_of(form(cast, "ben"))
    Role.objects.filter(key="sales").update(field_groups={})
    for address in ("/customer/new", f"/customer/{made.pk}", "/customer/", f"/customer/{made.pk}/edit"):
        page = form(cast, "ben", address)
        assert "turnover" not in page.lower(), address


def test_what_must_be_filled_in_cannot_be_left_out(cast: Cast) -> None:
    """One sentence says so; a field that becomes needed later stands on the form in spite of the layout."""
    ana = cast.ctx("ana")
    with pytest.raises(Invalid, match="“Name” must be filled in"):
        lay(cast, shown="# A\nkind", left_out="name")
    own = ana.create("custom_field", label="VAT", kind="text", on_type="customer")
    lay(cast, left_out="c_vat,note")
    assert "c_vat" not in fields_of(form(cast, "ana"))
    cast.ctx("ana").write(own, is_required=True)
    assert "c_vat" in fields_of(form(cast, "ana"))


def test_a_field_that_is_refused_comes_back_with_the_form(cast: Cast) -> None:
    """What the layout leaves out and the record needs now stands on the form with its sentence, and can be mended."""
    ana = cast.ctx("ana")
    own = ana.create("custom_field", label="Licence", kind="text", on_type="customer")
    lay(cast, left_out="c_licence")
    cast.ctx("ana").write(own, require_when="name is Aran")
    client = cast.client("ana")
    given = {"name": "Aran", "kind": "company"}
    refused = client.post("/customer/new", given)
    assert refused.status_code == 422 and "Licence is needed." in refused.content.decode()
    assert "c_licence" in fields_of(refused.content.decode())
    assert client.post("/customer/new", {**given, "c_licence": "L1"}).status_code == 302


def test_an_address_may_bring_a_field_that_is_left_out(cast: Cast) -> None:
    """A link that starts a record with a value does not lose it."""
    lay(cast, left_out="website,note")
    assert "website" not in fields_of(form(cast, "ana"))
    assert "website" in fields_of(form(cast, "ana", "/customer/new?website=https://a.example"))


def test_a_fresh_list_has_the_columns_of_the_layout(cast: Cast) -> None:
    """An address or a view that names columns still has its own."""
    cast.ctx("ana").create("customer", name="Aran Ltd", kind="company")
    lay(cast, columns="kind,website")
    assert columns_of(form(cast, "ana", "/customer/")) == ["name", "kind", "website"]
    assert columns_of(form(cast, "ana", "/customer/?columns=name,phones")) == ["name", "phones"]


def test_a_layout_that_means_nothing_is_refused(cast: Cast) -> None:
    """By one sentence each."""
    for given, sentence in (
        ({"shown": "# A\nname\nnonsense"}, "There is no field “nonsense”"),
        ({"shown": "# A\nname\nname"}, "one of them stands twice"),
        ({"left_out": "kind"}, "shown and left out"),
        ({"on_type": "unicorn"}, "There is no record type “unicorn”"),
        ({"columns": "name,moon"}, "There is no field “moon”"),
    ):
        with pytest.raises(Invalid, match=sentence):
            lay(cast, **given)
    lay(cast)
    with pytest.raises(Invalid, match="a layout for this role already"):
        lay(cast)


def items(page: str) -> list[str]:
    """What the form of the page would post, in its order."""
    return re.findall(r'name="item" value="([^"]*)"', page)


def test_the_page_moves_saves_and_goes_back_without_a_script(cast: Cast) -> None:
    """Buttons post the whole arrangement; nothing counts until it is saved; the shipped one comes back."""
    client = cast.client("ana")
    shipped = fields_of(form(cast, "ana"))
    address = "/settings/layouts/customer"
    now = items(client.get(address).content.decode())
    assert now[:2] == ["#", "About"] and now.index("kind") < now.index("stage") < now.index("-") < now.index("|") < now.index(".")
    moved = client.post(address, {"item": now, "do": "up:form:stage"}).content.decode()
    assert items(moved).index("stage") < items(moved).index("kind") and 'value="up:form:stage" data-step="up"' in moved
    away = items(client.post(address, {"item": items(moved), "do": "away:form:website"}).content.decode())
    assert away.index("-") < away.index("website")
    assert fields_of(form(cast, "ana")) == shipped
    assert client.post(address, {"item": away, "do": "save"}).status_code == 302
    keys = fields_of(form(cast, "ana"))
    assert keys.index("stage") < keys.index("kind") and "website" not in keys
    row = PageLayout.objects.get()
    assert row.shown.startswith("# About\n") and row.left_out == "website"
    assert client.post(address, {"do": "reset"}).status_code == 302
    assert fields_of(form(cast, "ana")) == shipped


def test_the_page_refuses_with_a_sentence_and_keeps_what_was_done(cast: Cast) -> None:
    """The name cannot go; the arrangement is still there."""
    client, address = cast.client("ana"), "/settings/layouts/customer"
    now = items(client.get(address).content.decode())
    at = now.index("name")
    now.insert(now.index("-") + 1, now.pop(at))
    answer = client.post(address, {"item": now, "do": "save"})
    assert answer.status_code == 422 and "must be filled in" in answer.content.decode()
    assert items(answer.content.decode()).index("-") < items(answer.content.decode()).index("name")


def test_shipped_headings_go_on_being_translated(cast: Cast) -> None:
    """Saved in English, read in German as the declaration would be."""
    client = cast.client("ana")
    now = items(client.get("/settings/layouts/customer").content.decode())
    client.post("/settings/layouts/customer", {"item": now, "do": "save"})
    cast.ctx("ana").write(cast.ana, language="de")
    before = cast.client("ana").get("/customer/new").content.decode()
    row = PageLayout.objects.get()
    cast.ctx("ana").delete(row)
    after = cast.client("ana").get("/customer/new").content.decode()
    headings = re.compile(r'<legend class="sec">([^<]+)')
    assert headings.findall(before) == headings.findall(after) and "Contact" not in headings.findall(before)


def test_looking_as_a_role_shows_its_layout(cast: Cast) -> None:
    """The preview of a role is what its people get."""
    lay(cast, "sales", left_out="note")
    client = cast.client("ana")
    assert "note" in fields_of(client.get("/customer/new").content.decode())
    client.post(f"/settings/roles/{Role.objects.get(key='sales').pk}/preview")
    assert "note" not in fields_of(client.get("/customer/new").content.decode())


def test_only_who_may_set_it_up_sees_the_page(cast: Cast) -> None:
    """Sales may not; another workspace's layouts are not there."""
    lay(cast)
    assert cast.client("ben").get("/settings/layouts").status_code == 403
    assert cast.client("ben").post("/settings/layouts/customer", {"do": "reset"}).status_code == 403
    role = Role.objects.get(key="sales").pk
    assert cast.client("dea").get(f"/settings/layouts/customer?role={role}").status_code == 404
    assert cast.client("dea").post("/settings/layouts/customer", {"do": "reset"}).status_code == 302
    assert PageLayout.objects.filter(deleted_at=None).count() == 1
    assert cast.client("ana").get("/settings/layouts/unicorn").status_code == 404


def test_layouts_cost_no_query(cast: Cast) -> None:
    """Once a process knows the words of a workspace, a form costs with a layout what it costs without."""
    client = cast.client("ana")

    def cost() -> int:
        client.get("/customer/new")
        with CaptureQueriesContext(connection) as seen:
            client.get("/customer/new")
        return len(seen)

    cast.ctx("ana").create("custom_field", label="Colour", kind="text", on_type="customer")
    before = cost()
    lay(cast)
    assert cost() == before


def test_a_layout_goes_along_in_a_pack(cast: Cast) -> None:
    """By the name of its role, into a workspace that has one of that name; applied twice it is there once."""
    lay(cast, "sales", left_out="note")
    text = packs.export_pack(cast.ctx("ana"), key="ours", name="Ours")
    with use_workspace(cast.away):
        packs.apply(context_for(cast.dea, "test"), packs.read_pack(text))
        packs.apply(context_for(cast.dea, "test"), packs.read_pack(text))
        row = PageLayout.objects.get(workspace_id=cast.away.pk)
        assert (row.role.key, row.left_out, row.shown) == ("sales", "note", SHORT)
