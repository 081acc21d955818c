"""The explanation says exactly what the gate does, for drawn companies; an oracle written from the issue agrees with both."""

from __future__ import annotations

import datetime as dt

import pytest

from rapport.kernel.access import gate
from rapport.kernel.access.explain import who_sees, why
from rapport.kernel.access.models import Team, User
from rapport.kernel.access.sharing_models import AccessDefault, Grant, SharingRule
from rapport.kernel.context import context_for, system_context
from rapport.kernel.query.reaching import listed
from rapport.kernel.query.read import read_page
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import registry
from tests.access.companies import draw
from tests.cast import Cast

LEVEL = {"view": 1, "export": 1, "edit": 2, "delete": 3}


def oracle(user: User, record: Record, verb: str) -> bool:
    """Whether a user may do a verb to a record, from the words of the issue alone: nothing of the gate is used."""
    if verb != "view":
        return oracle(user, record, "view") and _alone(user, record, verb)
    return _alone(user, record, verb) or (_scope(user, verb) != "none" and any(
        record.owner_id == below.pk or _alone(below, record, verb) for below in _below(user)
    ))  # fmt: skip


def _scope(user: User, verb: str) -> str:
    return user.role.rights.get("customer", {}).get(verb, "none") if user.is_active and user.role else "none"


def _below(user: User, seen: frozenset = frozenset()) -> list[User]:
    found = []
    for one in User.objects.filter(reports_to_id=user.pk):
        if one.pk not in seen | {user.pk}:
            found += [one, *_below(one, seen | {user.pk, one.pk})]
    return found


def _teams_up(team_id: object) -> list[object]:
    found = []
    while team_id is not None and team_id not in found:
        found.append(team_id)
        team_id = Team.objects.get(pk=team_id).parent_id
    return found


def _alone(user: User, record: Record, verb: str) -> bool:
    scope = _scope(user, verb)
    if scope == "none":
        return False
    default = AccessDefault.objects.filter(on_type="customer", deleted_at=None).values_list("reach", flat=True).first()
    level = LEVEL[verb]
    if scope == "all" or (default == "read" and level == 1) or (default == "write" and level <= 2):
        return True
    if record.owner_id == user.pk:
        return True
    in_team = record.team_id is not None and record.team_id == user.team_id
    if in_team and (scope in ("team", "below") or (default == "team" and level == 1)):
        return True
    if scope == "below":
        if record.team_id is not None and user.team_id in _teams_up(record.team_id) and user.team_id is not None:
            return True
        if record.owner_id in {one.pk for one in _below(user)}:
            return True
    names = {f"u:{user.pk.hex}", f"r:{user.role_id.hex}"}
    names |= {f"t:{user.team_id.hex}"} if user.team_id else set()
    names |= {f"b:{team.hex}" for team in _teams_up(user.team_id)}  # type: ignore[attr-defined]
    for grant in Grant.objects.filter(record_id=record.pk, principal__in=names, level__gte=level):
        if grant.until is not None and grant.until <= dt.datetime.now(dt.UTC):
            continue
        if grant.rule_id is None or SharingRule.objects.filter(pk=grant.rule_id, is_active=True, settled_at__isnull=False).exists():
            return True
    return False


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.slow
def test_gate_explanation_and_oracle_agree(cast: Cast, seed: int, record_property: pytest.RecordProperty) -> None:
    """Person by person, record by record, verb by verb: list, page, one record, the reasons and the issue's own words."""
    made = draw(cast, seed)
    info, checked = registry.get("customer"), 0
    explained = {}
    for record in made.customers:
        record.refresh_from_db()
        explained[record.pk] = {one.user_id: one for one in who_sees(system_context(cast.home, "test"), info, record)}
    for user in User.objects.filter(pk__in=[u.pk for u in made.users]).select_related("role"):
        ctx = context_for(user, "test")
        lists = {verb: set(listed(ctx, info, verb).values_list("pk", flat=True)) for verb in LEVEL}
        page = {row.id for row in read_page(ctx, info, sort="name", limit=200).rows}
        assert page == lists["view"]
        for record in made.customers:
            for verb in LEVEL:
                checked += 1
                wanted = oracle(user, record, verb)
                where = f"{user.name} {verb} {record.name}"  # type: ignore[attr-defined]
                assert gate.may(ctx, info, record, verb) == wanted, where
                assert (record.pk in lists[verb]) == wanted, where
            reasons = explained[record.pk].get(user.pk)
            assert (reasons is not None) == oracle(user, record, "view"), f"{user.name}: {reasons}"
            if reasons is not None:
                assert reasons.reasons and reasons.may_edit == oracle(user, record, "edit")
                assert reasons.may_delete == oracle(user, record, "delete")
    record_property("measured", f"{checked} decisions agree")


def test_every_reason_is_named(cast: Cast) -> None:
    """Owner, team, line, rule, share and default each have a sentence of their own that names who or what."""
    ctx, info = cast.system, registry.get("customer")
    ctx.write(cast.ben, reports_to=cast.cem.pk)
    record = ctx.create("customer", name="Harbour", owner=cast.ben.pk)
    told = {one.key: one.sentence for one in why(ctx, info, record, cast.cem.pk).reasons}  # type: ignore[union-attr]
    assert told == {"line": "It belongs to Ben Moore, who works for them."}
    told = {one.key: one.sentence for one in why(ctx, info, record, cast.ben.pk).reasons}  # type: ignore[union-attr]
    assert told == {"owner": "They own it.", "team": "It belongs to their team, North."}
    assert why(ctx, info, record, cast.ana.pk).reasons[0].sentence == "The role “Owner” reaches all customers."  # type: ignore[union-attr]


def test_of_somebody_who_left_the_line_carries_only_what_is_theirs(cast: Cast) -> None:
    """Whoever was deactivated sees nothing any more, so their manager sees through them what they own, not their team's."""
    ctx, info = cast.system, registry.get("customer")
    ctx.write(cast.ben, reports_to=cast.cem.pk)
    theirs = ctx.create("customer", name="Theirs", owner=cast.ben.pk)
    teams = ctx.create("customer", name="Their team's", owner=cast.ana.pk, team=cast.ben.team_id)
    cast.home.refresh_from_db()
    assert gate.may(cast.ctx("cem"), info, teams, "view")
    ctx.write(User.objects.get(pk=cast.ben.pk), is_active=False)
    cast.home.refresh_from_db()
    assert gate.may(cast.ctx("cem"), info, theirs, "view") and not gate.may(cast.ctx("cem"), info, teams, "view")
    assert why(ctx, info, teams, cast.cem.pk) is None
