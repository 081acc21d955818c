"""Sharing: what rules, teams of records and people open, for how long, and that it closes again at once."""

from __future__ import annotations

import datetime as dt

import pytest

from rapport.kernel.access import gate, sharing
from rapport.kernel.access.sharing_models import Grant, SharingRule
from rapport.kernel.errors import Gone, Invalid, Refused
from rapport.kernel.jobs.models import Job
from rapport.kernel.query.read import filtered
from rapport.kernel.records.registry import registry
from tests.access.companies import settle
from tests.cast import Cast
from tests.factory import make


def _sees(cast: Cast, who: str, record: object, verb: str = "view") -> bool:
    cast.home.refresh_from_db()
    return gate.may(cast.ctx(who), registry.get("customer"), record, verb)  # type: ignore[arg-type]


def test_a_share_opens_one_record_to_one_person_until_its_end(cast: Cast) -> None:
    record = make(cast.system, "customer", owner=cast.ben.pk)
    other = make(cast.system, "customer", owner=cast.ben.pk)
    assert not _sees(cast, "cem", record)
    guest = sharing.share(cast.ctx("ben"), record, cast.cem.pk, level="edit", until=dt.datetime.now(dt.UTC) + dt.timedelta(days=2))
    assert _sees(cast, "cem", record) and _sees(cast, "cem", record, "edit") and not _sees(cast, "cem", record, "delete")
    assert not _sees(cast, "cem", other)
    Grant.objects.filter(pk=guest.id).update(until=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
    assert not _sees(cast, "cem", record) and not sharing.guests(cast.ctx("ben"), record)


def test_sharing_never_gives_what_the_role_lacks(cast: Cast) -> None:
    """A full share to somebody whose role may delete nothing lets them delete nothing."""
    from rapport.kernel.access.models import Role

    role = Role.objects.get(key="sales")
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, "customer": {"view": "own", "edit": "own"}})
    record = make(cast.system, "customer", owner=cast.ben.pk)
    sharing.share(cast.ctx("ana"), record, cast.cem.pk, level="full")
    assert _sees(cast, "cem", record, "edit") and not _sees(cast, "cem", record, "delete")


def test_nobody_shares_more_than_they_may_do_themselves(cast: Cast) -> None:
    """Cem may change Ben's record, but not delete it nor share it; Ben cannot share what he cannot see."""
    record = make(cast.system, "customer", owner=cast.ben.pk)
    sharing.share(cast.ctx("ben"), record, cast.cem.pk, level="edit")
    with pytest.raises(Refused):
        sharing.share(cast.ctx("cem"), record, cast.ana.pk, level="read")
    theirs = make(cast.system, "customer", owner=cast.cem.pk)
    with pytest.raises(Gone):
        sharing.share(cast.ctx("ben"), theirs, cast.ben.pk)
    with pytest.raises(Invalid):
        sharing.share(cast.ctx("ben"), record, cast.cem.pk, until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(Invalid):
        sharing.share(cast.ctx("ben"), record, cast.dea.pk)


def test_a_share_ends_when_it_is_taken_back_and_a_guest_may_leave(cast: Cast) -> None:
    record = make(cast.system, "customer", owner=cast.ben.pk)
    guest = sharing.share(cast.ctx("ben"), record, cast.cem.pk, as_member=True, part="Technical lead")
    assert [(g.name, g.part, g.is_member) for g in sharing.guests(cast.ctx("ben"), record)] == [("Cem Aydin", "Technical lead", True)]
    sharing.unshare(cast.ctx("cem"), record, guest.id)
    assert not _sees(cast, "cem", record)
    with pytest.raises(Gone):
        sharing.unshare(cast.ctx("ben"), record, guest.id)


def _rule(cast: Cast, **given: object) -> SharingRule:
    wanted = {"name": "Red ones", "on_type": "customer", "matching": "tags has red", "to_team": cast.cem.team_id, **given}
    return cast.ctx("ana").create("sharing_rule", **wanted)  # type: ignore[return-value]


def test_a_rule_gives_nothing_until_it_is_worked_out_then_follows_every_write(cast: Cast) -> None:
    """Fail closed while it is being worked out; afterwards a record that comes to match is open in the same moment."""
    red = make(cast.system, "customer", owner=cast.ben.pk, tags=["red"])
    blue = make(cast.system, "customer", owner=cast.ben.pk, tags=["blue"])
    rule = _rule(cast)
    assert Job.objects.filter(task__endswith="settle_rule").count() == 1
    assert not _sees(cast, "cem", red)
    assert "being worked out" in cast.client("cem").get("/customer/").content.decode()
    settle(cast, rule)
    assert "being worked out" not in cast.client("cem").get("/customer/").content.decode()
    assert _sees(cast, "cem", red) and not _sees(cast, "cem", blue)
    cast.home.refresh_from_db()
    cast.system.write(blue, tags=["red", "blue"])
    assert _sees(cast, "cem", blue)
    cast.system.write(red, tags=[])
    assert not _sees(cast, "cem", red)
    new = make(cast.system, "customer", owner=cast.ben.pk, tags=["red"])
    assert _sees(cast, "cem", new)
    assert set(filtered(cast.ctx("cem"), registry.get("customer")).values_list("pk", flat=True)) == {blue.pk, new.pk}


def test_a_rule_that_is_switched_off_narrowed_or_deleted_stops_at_once(cast: Cast) -> None:
    """No job has to run first: leaving means leaving."""
    red = make(cast.system, "customer", owner=cast.ben.pk, tags=["red"])
    rule = _rule(cast)
    settle(cast, rule)
    assert _sees(cast, "cem", red)
    cast.home.refresh_from_db()
    ana = cast.ctx("ana")
    ana.write(SharingRule.objects.get(pk=rule.pk), is_active=False)
    assert not _sees(cast, "cem", red)
    ana.write(SharingRule.objects.get(pk=rule.pk), is_active=True)
    assert not _sees(cast, "cem", red), "in force again only when worked out again"
    settle(cast, rule)
    assert _sees(cast, "cem", red)
    ana.write(SharingRule.objects.get(pk=rule.pk), matching="tags has green")
    assert not _sees(cast, "cem", red)
    settle(cast, rule)
    assert not Grant.objects.filter(rule_id=rule.pk).exists()
    ana.write(SharingRule.objects.get(pk=rule.pk), matching="tags has red")
    settle(cast, rule)
    assert _sees(cast, "cem", red)
    ana.delete(SharingRule.objects.get(pk=rule.pk))
    assert not _sees(cast, "cem", red)
    settle(cast, rule)
    assert not Grant.objects.filter(rule_id=rule.pk).exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"on_type": "nothing"}, "on_type"),
        ({"on_type": "affiliation", "matching": ""}, "on_type"),
        ({"to_team": None}, "to_role"),
        ({"matching": "parent.name is X"}, "matching"),
        ({"matching": "owner is me"}, "matching"),
        ({"matching": "has deals"}, "matching"),
        ({"matching": "no_such is 1"}, "matching"),
        ({"matching": "created_at > today-7d"}, "matching"),
    ],
)
def test_a_rule_that_cannot_hold_is_told_at_once(cast: Cast, given: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as told:
        _rule(cast, **given)
    assert field in told.value.errors and not SharingRule.objects.exists()


def test_who_may_not_share_all_makes_no_rules_and_no_defaults(cast: Cast) -> None:
    from rapport.kernel.access.models import Role

    role = Role.objects.get(key="sales")
    more = {"sharing_rule": {"*": "all"}, "access_default": {"*": "all"}}
    Role.objects.filter(pk=role.pk).update(rights={**role.rights, **more})
    with pytest.raises(Refused):
        cast.ctx("ben").create("sharing_rule", name="Mine", on_type="customer", to_user=cast.ben.pk)
    with pytest.raises(Refused):
        cast.ctx("ben").create("access_default", on_type="customer", reach="write")


def test_rules_by_owner_follow_people_who_change_teams(cast: Cast) -> None:
    """A rule that looks at the owner's team is worked out again when somebody changes teams."""
    record = make(cast.system, "customer", owner=cast.ben.pk)
    rule = _rule(cast, matching="owner.team is North")
    settle(cast, rule)
    assert _sees(cast, "cem", record)
    Job.objects.all().delete()
    cast.home.refresh_from_db()
    cast.system.write(cast.ben, team=cast.cem.team_id)
    assert Job.objects.filter(task__endswith="settle_rule").count() == 1
