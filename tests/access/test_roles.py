"""Roles: nobody gives what they lack, changes hold at the next click, a workspace keeps an owner, previews only look."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from rapport.kernel.access.models import Role, User
from rapport.kernel.access.setup import add_user
from rapport.kernel.actions.running import run_action
from rapport.kernel.changes.models import Change
from rapport.kernel.context import Context
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.records.registry import registry
from tests.cast import PASSWORD, Cast
from tests.factory import make


def _clerk(cast: Cast, rights: dict[str, dict[str, str]], groups: dict[str, str] | None = None) -> Context:
    """Somebody who manages people and roles, and may do what the rights say besides."""
    role = cast.system.create("role", name="Clerk")
    manage = {"user": {"*": "all"}, "role": {"*": "all"}}
    Role.objects.filter(pk=role.pk).update(rights={**manage, **rights}, field_groups=groups or {}, key="clerk")
    cast.kim = add_user(cast.system, "Kim", email=f"kim.{cast.home.pk.hex[-8:]}@example.com", role_key="clerk", password=PASSWORD)  # type: ignore[attr-defined]
    return cast.ctx("kim")


@pytest.mark.parametrize("verb", ["view", "edit", "delete", "export", "reassign", "share", "win"])
def test_nobody_gives_a_verb_that_they_lack(cast: Cast, verb: str) -> None:
    """By changing a role, copying one, giving one: the same refusal for each verb of each type."""
    kim = _clerk(cast, {"deal": {"*": "team"}})
    low = cast.system.create("role", name="Low")
    with pytest.raises(Refused, match="beyond your role"):
        run_action(kim, low, "set_rights", {"rights": {"deal": {verb: "below"}}})
    run_action(kim, low, "set_rights", {"rights": {"deal": {verb: "team"}}})
    low.refresh_from_db()
    assert low.rights == {"deal": {verb: "team"}}
    for action, given in (("copy", {"name": "Mine"}), ("set_rights", {"rights": {"deal": {"view": "own"}}})):
        with pytest.raises(Refused):
            run_action(kim, Role.objects.get(key="sales"), action, given)
    with pytest.raises(Refused):
        run_action(kim, cast.ben, "give_role", {"role": str(Role.objects.get(key="owner").pk)})
    with pytest.raises(Refused):
        run_action(kim, cast.ana, "give_role", {"role": str(low.pk)})
    with pytest.raises(Refused):
        run_action(kim, cast.ana, "deactivate", {})


def test_nobody_gives_fields_that_they_do_not_see(cast: Cast) -> None:
    kim = _clerk(cast, {"deal": {"*": "all"}}, {"sales.amounts": "read"})
    low = cast.system.create("role", name="Low")
    with pytest.raises(Refused, match="sales.amounts"):
        run_action(kim, low, "set_rights", {"field_groups": {"sales.amounts": "edit"}})
    with pytest.raises(Refused):
        run_action(kim, low, "set_rights", {"field_groups": {"*": "read"}})
    run_action(kim, low, "set_rights", {"field_groups": {"sales.amounts": "read"}})


@pytest.mark.parametrize(
    "given",
    [
        {"rights": {"nothing": {"view": "all"}}}, {"rights": {"deal": {"fly": "all"}}}, {"rights": {"deal": {"view": "some"}}},
        {"rights": {"deal": "all"}}, {"field_groups": {"sales.amounts": "yes"}}, {"rights": ["deal"]},
    ],
)  # fmt: skip
def test_a_slip_in_rights_is_told_and_never_read_as_a_right(cast: Cast, given: dict[str, object]) -> None:
    low = cast.system.create("role", name="Low")
    with pytest.raises(Invalid):
        run_action(cast.ctx("ana"), low, "set_rights", given)
    low.refresh_from_db()
    assert low.rights == {} and low.field_groups == {}


def test_rights_change_through_their_action_only_and_are_logged(cast: Cast) -> None:
    """Not by the form, the API or an import; the log says who, what before and what after."""
    ana, low = cast.ctx("ana"), cast.system.create("role", name="Low")
    with pytest.raises(Invalid):
        ana.write(low, rights={"*": {"*": "all"}})
    with pytest.raises(Invalid):
        ana.create("role", name="Wide", rights={"*": {"*": "all"}})
    api = cast.api("ana")
    answer = api.patch(f"/api/v1/role/{low.pk}", json.dumps({"rights": {"*": {"*": "all"}}}), content_type="application/json")
    assert answer.status_code in (400, 422)
    answer = api.post(f"/api/v1/role/{low.pk}/set_rights", json.dumps({"rights": {"deal": {"view": "own"}}}), content_type="application/json")
    assert answer.status_code == 200
    change = Change.objects.filter(record_id=low.pk, action="set_rights").get()
    assert change.diff["rights"] == [None, {"deal": {"view": "own"}}] and change.actor_id == cast.ana.pk


def test_the_role_of_owners_and_the_last_owner_stay(cast: Cast) -> None:
    ana, owner = cast.ctx("ana"), Role.objects.get(key="owner")
    with pytest.raises(Refused):
        run_action(ana, owner, "set_rights", {"rights": {}})
    for do in (
        lambda: run_action(ana, cast.ana, "deactivate", {}),
        lambda: run_action(ana, cast.ana, "give_role", {"role": str(Role.objects.get(key="sales").pk)}),
        lambda: ana.delete(User.objects.get(pk=cast.ana.pk)),
        lambda: ana.delete(owner),
        lambda: ana.delete(Role.objects.get(key="sales")),
    ):
        with pytest.raises((Invalid, Refused)):
            do()
    cast.ana.refresh_from_db()
    assert cast.ana.is_active and cast.ana.role_id == owner.pk and cast.ana.deleted_at is None
    run_action(ana, User.objects.get(pk=cast.ben.pk), "give_role", {"role": str(owner.pk)})
    run_action(ana, User.objects.get(pk=cast.ana.pk), "deactivate", {})


def test_demotion_and_deactivation_hold_at_the_next_request(cast: Cast) -> None:
    """Page, API token and file of the list: each asks anew."""
    make(cast.system, "customer", name="Harbour", owner=cast.ben.pk)
    web, api = cast.client("ben"), cast.api("ben")
    addresses = [(web, "/customer/"), (web, "/customer/export.csv"), (api, "/api/v1/customer")]
    assert all(client.get(address).status_code == 200 for client, address in addresses)
    low = cast.system.create("role", name="Low")
    run_action(cast.ctx("ana"), User.objects.get(pk=cast.ben.pk), "give_role", {"role": str(low.pk)})
    assert [client.get(address).status_code for client, address in addresses] == [403, 403, 403]
    run_action(cast.ctx("ana"), User.objects.get(pk=cast.ben.pk), "deactivate", {})
    assert [client.get(address).status_code for client, address in addresses] == [302, 302, 401]


def test_moving_people_is_a_right_of_its_own(cast: Cast) -> None:
    """Whoever may change people's names cannot thereby put them under somebody else, and so read what is theirs."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "user": {"view": "all", "edit": "all"}})
    ben = cast.ctx("ben")
    ben.write(User.objects.get(pk=cast.cem.pk), name="Cem A.")
    for values in ({"reports_to": cast.ben.pk}, {"team": cast.ben.team_id}):
        with pytest.raises((Invalid, Refused)):
            ben.write(User.objects.get(pk=cast.cem.pk), **values)
    with pytest.raises(Invalid):
        cast.ctx("ana").write(User.objects.get(pk=cast.cem.pk), reports_to=cast.cem.pk)


def test_giving_a_record_away_needs_the_right_to(cast: Cast) -> None:
    """By the door, set-wise, and over the API: the owner stays."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "customer": {"view": "all", "edit": "all", "reassign": "own", "create": "all"}})
    theirs, mine = make(cast.system, "customer", owner=cast.cem.pk), make(cast.system, "customer", owner=cast.ben.pk)
    ben = cast.ctx("ben")
    with pytest.raises(Refused):
        ben.write(theirs, owner=cast.ben.pk)
    result = ben.write_many("customer", [(theirs.pk, {"owner": cast.ben.pk}), (mine.pk, {"owner": cast.cem.pk})])
    assert isinstance(result.errors[0], Refused) and 1 in result.ids
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "customer": {"view": "all", "edit": "all"}})
    answer = cast.api("ben").patch(f"/api/v1/customer/{theirs.pk}", json.dumps({"owner": str(cast.ben.pk)}), content_type="application/json")
    assert answer.status_code in (400, 403, 422)
    theirs.refresh_from_db()
    assert theirs.owner_id == cast.cem.pk  # type: ignore[attr-defined]


def test_many_at_once_needs_the_right_to(cast: Cast) -> None:
    role = Role.objects.get(key="sales")
    sales = {**role.rights["customer"], "mass_edit": "none"}
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "customer": sales})
    ids = [str(make(cast.system, "customer", owner=cast.ben.pk).pk) for _n in range(2)]
    web = cast.client("ben")
    assert web.post("/customer/bulk", {"id": ids, "do": "delete"}).status_code == 403
    assert web.post("/customer/bulk", {"id": ids[:1], "do": "delete"}).status_code == 302
    model = registry.get("customer").model
    assert model.objects.filter(pk__in=ids, deleted_at=None).count() == 1


def _preview(cast: Cast, key: str) -> Client:
    web = cast.client("ana")
    assert web.post(f"/settings/roles/{Role.objects.get(key=key).pk}/preview").status_code == 302
    return web


def test_a_preview_sees_what_the_role_sees_and_changes_nothing(cast: Cast) -> None:
    """Ana looks as sales: her own records only, no settings, every write refused, until she ends it."""
    record = make(cast.system, "customer", name="Harbour", owner=cast.ben.pk)
    before = Change.objects.count()
    web = _preview(cast, "sales")
    assert "Harbour" not in web.get("/customer/").content.decode()
    assert "Nothing can be changed" in web.get("/").content.decode()
    assert web.get(f"/customer/{record.pk}").status_code == 404
    mine = make(cast.system, "customer", name="Mine", owner=cast.ana.pk)
    for address, given in (
        (f"/customer/{mine.pk}/edit", {"name": "X", "fields_shown": "name", "version": "1"}), (f"/customer/{mine.pk}/delete", {}),
        ("/customer/new", {"name": "X"}), ("/settings/tokens", {"name": "x"}), (f"/customer/{mine.pk}/share", {}),
    ):  # fmt: skip
        assert web.post(address, given).status_code == 403, address
    assert Change.objects.filter(verb__in=["update", "delete"]).count() == 0 and Change.objects.filter(verb="create").count() <= before + 1
    assert web.post("/settings/preview/end").status_code == 302
    assert "Harbour" in web.get("/customer/").content.decode()


def test_only_who_could_give_a_role_looks_through_it(cast: Cast) -> None:
    """A preview is no way up."""
    web = cast.client("ben")
    assert web.post(f"/settings/roles/{Role.objects.get(key='owner').pk}/preview").status_code == 403
    session = web.session
    session["preview_role"] = str(Role.objects.get(key="owner").pk)
    session.save()
    record = make(cast.system, "customer", name="Harbour", owner=cast.cem.pk)
    assert web.get(f"/customer/{record.pk}").status_code == 404


def test_a_group_to_see_is_not_a_group_to_change(cast: Cast) -> None:
    """Amounts that a role only sees are set by no door, no API and no form of theirs."""
    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(field_groups={**role.field_groups, "customers.figures": "read"})
    record = make(cast.system, "customer", owner=cast.ben.pk, turnover="100")
    with pytest.raises(Invalid):
        cast.ctx("ben").write(record, turnover="999")
    with pytest.raises(Invalid):
        cast.ctx("ben").create("customer", name="X", turnover="999")
    assert cast.ctx("ben").write_many("customer", [(record.pk, {"turnover": "999"})]).errors
    answer = cast.api("ben").patch(f"/api/v1/customer/{record.pk}", json.dumps({"turnover": "999"}), content_type="application/json")
    assert answer.status_code in (400, 422)
    record.refresh_from_db()
    assert record.turnover == 10000  # type: ignore[attr-defined]
    assert 'name="turnover' not in cast.client("ben").get(f"/customer/{record.pk}/edit").content.decode()
