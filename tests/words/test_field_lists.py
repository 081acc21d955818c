"""The own fields of a type as a list, and the choices of a field: ordered, renamed, no longer offered, never lost."""

from __future__ import annotations

import re

from rapport.kernel.custom.models import CustomField
from rapport.kernel.records.registry import registry
from tests.cast import Cast


def add(cast: Cast, label: str, kind: str = "text", **more: object) -> CustomField:
    """An own field of customers."""
    return cast.ctx("ana").create("custom_field", label=label, kind=kind, on_type="customer", **more)  # type: ignore[return-value]


def items(page: str) -> list[str]:
    """What the form of the page would post, in its order."""
    return re.findall(r'name="item" value="([^"]*)"', page)


def test_fields_are_put_in_order(cast: Cast) -> None:
    """Buttons move one without saving; saving makes forms follow; others may not."""
    keys = [str(add(cast, label).pk) for label in ("Colour", "Size", "Weight")]
    client, address = cast.client("ana"), "/settings/fields/customer"
    assert "3 own fields" in client.get("/settings/fields").content.decode()
    assert items(client.get(address).content.decode()) == keys
    moved = items(client.post(address, {"item": keys, "do": f"up:fields:{keys[2]}"}).content.decode())
    assert moved == [keys[0], keys[2], keys[1]] and items(client.get(address).content.decode()) == keys
    assert client.post(address, {"item": moved, "do": "save"}).status_code == 302
    page = client.get("/customer/new").content.decode()
    assert page.index("Colour") < page.index("Weight") < page.index("Size")
    assert cast.client("ben").get(address).status_code == 403
    assert cast.client("ben").post(address, {"item": keys, "do": "save"}).status_code == 403
    assert items(cast.client("dea").get(address).content.decode()) == []
    cast.client("dea").post(address, {"item": keys, "do": "save"})
    assert list(CustomField.objects.order_by("position").values_list("label", flat=True)) == ["Colour", "Weight", "Size"]


def test_a_renamed_choice_stays_the_same_choice(cast: Cast) -> None:
    """Records and filters keep it; the list shows the new name; a new choice of the old name is another one."""
    field = add(cast, "State", "choice", choices="Won\nLost")
    made = cast.ctx("ana").create("customer", name="Aran", kind="company", c_state="Lost")
    client, address = cast.client("ana"), f"/settings/fields/customer/{field.pk}/choices"
    now = items(client.get(address).content.decode())
    assert now == ["v:Won", "Won", "v:Lost", "Lost", "|"]
    given = ["v:Lost", "Gone", "v:", "Lost", "v:Won", "Won", "|"]
    assert client.post(address, {"item": given, "do": "save"}).status_code == 302
    field.refresh_from_db()
    assert field.choices == "Lost => Gone\nLost 2 => Lost\nWon"
    assert "Gone" in client.get(f"/customer/{made.pk}").content.decode()
    ctx = cast.ctx("ana")
    assert ctx.format and registry.get("customer").fields["c_state"].kind.text("Lost", ctx.format) == "Gone"
    assert "Aran" in client.get("/customer/?filter=c_state+is+Lost+or+c_state+is+Gone").content.decode()


def test_a_choice_that_is_no_longer_offered_stays_where_it_stands(cast: Cast) -> None:
    """New records are not offered it, old ones keep it through a save of their form, and it still has its name."""
    field = add(cast, "State", "choice", choices="Won\nLost")
    several = add(cast, "Wishes", "multichoice", choices="Tea\nCoffee")
    made = cast.ctx("ana").create("customer", name="Aran", kind="company", c_state="Lost", c_wishes=["Tea"])
    client = cast.client("ana")
    for one, given in ((field, ["v:Won", "Won", "|", "v:Lost", "Lost"]), (several, ["v:Coffee", "Coffee", "|", "v:Tea", "Tea"])):
        assert client.post(f"/settings/fields/customer/{one.pk}/choices", {"item": given, "do": "save"}).status_code == 302
    new = client.get("/customer/new").content.decode()
    assert 'value="Won"' in new and 'value="Lost"' not in new and 'value="Coffee"' in new and 'value="Tea"' not in new
    edit = client.get(f"/customer/{made.pk}/edit").content.decode()
    assert 'value="Lost" selected' in edit and 'value="Tea" checked' in edit
    kept = {
        "name": "Aran & Co",
        "kind": "company",
        "c_state": "Lost",
        "c_wishes": "Tea",
        "fields_shown": "name,kind,c_state,c_wishes",
    }
    assert client.post(f"/customer/{made.pk}/edit", kept).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.custom) == ("Aran & Co", {"c_state": "Lost", "c_wishes": ["Tea"]})


def test_choices_are_moved_added_and_checked_without_a_script(cast: Cast) -> None:
    """Each button gives the page back with it done; what cannot be is told in a sentence, and nothing is lost."""
    field = add(cast, "State", "choice", choices="Won\nLost\nOpen")
    client, address = cast.client("ana"), f"/settings/fields/customer/{field.pk}/choices"
    now = items(client.get(address).content.decode())
    up = items(client.post(address, {"item": now, "do": "up:choices:2"}).content.decode())
    assert up[:6] == ["v:Won", "Won", "v:Open", "Open", "v:Lost", "Lost"]
    away = items(client.post(address, {"item": up, "do": "away:choices:0"}).content.decode())
    assert away == ["v:Open", "Open", "v:Lost", "Lost", "|", "v:Won", "Won"]
    more = items(client.post(address, {"item": away, "do": "add"}).content.decode())
    assert more[4:7] == ["v:", "", "|"]
    for wrong, sentence in (
        (["v:Open", "", "|"], "Give each choice a name"),
        (["|", "v:Open", "Open"], "Offer at least one"),
        (["v:Open", "Same", "v:Lost", "same", "|"], "is there twice"),
    ):
        answer = client.post(address, {"item": wrong, "do": "save"})
        assert answer.status_code == 422 and sentence in answer.content.decode()
    field.refresh_from_db()
    assert field.choices == "Won\nLost\nOpen"
    text = add(cast, "Note")
    assert client.get(f"/settings/fields/customer/{text.pk}/choices").status_code == 404
    assert cast.client("dea").get(address).status_code == 404
    assert cast.client("ben").get(address).status_code in (403, 404)
