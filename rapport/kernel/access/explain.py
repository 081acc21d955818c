"""Why somebody sees a record: the gate's rules in words, worked out person by person from the chart and the grants.

The gate decides in SQL; this repeats its steps in Python to name them. `tests/access/test_explain.py` holds the two
together: for drawn companies, rules and shares, a person has a reason here exactly when the gate lets them in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.access.chart import Chart, Seat, chart_of
from rapport.kernel.access.reach import Reach, by_scope, level_of, widened
from rapport.kernel.access.sharing_models import Grant
from rapport.kernel.access.viewer import Viewer, wider
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


@dataclass(frozen=True)
class Reason:
    """One way by which a record is open to somebody."""

    key: str  # owner, role, team, below, default, line, rule, share, member
    sentence: str


@dataclass
class Seen:
    """A person who may do the verb to the record, and every reason for it."""

    user_id: UUID
    name: str
    role: str
    reasons: list[Reason] = field(default_factory=list)
    may_edit: bool = False
    may_delete: bool = False


@dataclass
class _Case:
    """What the reasons are drawn from: the record (or the parent it follows) and its grants."""

    chart: Chart
    info: TypeInfo
    record: Record
    grants: list[Grant]


def who_sees(ctx: Context, info: TypeInfo, record: Record) -> list[Seen]:
    """Everybody who sees a record, with the reasons, of those people the viewer may know of. The record has passed the gate."""
    case = _case(ctx, info, record)
    known = set(gate.visible(ctx, registry.get("user")).values_list("pk", flat=True)) | {ctx.viewer.user_id}
    found = []
    for seat in sorted(case.chart.seats.values(), key=lambda one: one.name.casefold()):
        if seat.user_id in known and (one := _seen(ctx, case, info, record, seat)):
            found.append(one)
    return found


def why(ctx: Context, info: TypeInfo, record: Record, user_id: UUID) -> Seen | None:
    """Why one person sees a record; None when they do not."""
    case = _case(ctx, info, record)
    return _seen(ctx, case, info, record, case.chart.seats[user_id]) if user_id in case.chart.seats else None


def viewer_of(chart: Chart, seat: Seat) -> Viewer:
    """The viewer a person would be."""
    if not seat.is_active or seat.role_id not in chart.roles:
        return Viewer(user_id=seat.user_id, name=seat.name)
    return Viewer(
        user_id=seat.user_id, name=seat.name, rights=chart.roles[seat.role_id], field_groups=chart.role_groups[seat.role_id],
        team_id=seat.team_id, role_id=seat.role_id, chart=chart,
    )  # fmt: skip


def _case(ctx: Context, info: TypeInfo, record: Record) -> _Case:
    rows = Grant.objects.filter(workspace_id=ctx.workspace.pk, record_id=record.pk)
    rows = rows.filter(Q(until=None) | Q(until__gt=ctx.format.now))
    return _Case(chart_of(ctx.workspace), info, record, list(rows))


def _seen(ctx: Context, case: _Case, info: TypeInfo, record: Record, seat: Seat) -> Seen | None:
    viewer = viewer_of(case.chart, seat)
    reasons = _reasons(ctx, case, viewer, "view")
    if not reasons:
        return None
    may = {verb: bool(_reasons(ctx, case, viewer, verb)) for verb in ("edit", "delete")}
    return Seen(seat.user_id, seat.name, case.chart.role_names.get(seat.role_id, ""), reasons, may["edit"], may["delete"])  # type: ignore[arg-type]


def _reasons(ctx: Context, case: _Case, viewer: Viewer, verb: str) -> list[Reason]:
    info, record = case.info, case.record
    if (
        info.declared.sensitive
        and getattr(record, info.declared.sensitive[0])
        and viewer.group(info.declared.sensitive[1]) == "hidden"
    ):
        return []
    under = info.declared.under
    if not under:
        return _own_reasons(case, viewer, verb)
    parent = registry.get(info.fields[under].to)
    above = parent.model.objects.filter(pk=getattr(record, info.fields[under].path)).first()
    if above is None:
        return []
    needed = verb if verb in ("view", "export") else "edit"
    found = _reasons(ctx, _case(ctx, parent, above), viewer, needed)
    if viewer.named(info.key) and not _own_reasons(case, viewer, verb):
        return []
    return [Reason(one.key, _("Sees the %(parent)s: %(why)s") % {"parent": parent.label, "why": one.sentence}) for one in found]


def _own_reasons(case: _Case, viewer: Viewer, verb: str) -> list[Reason]:
    key, record = case.info.key, case.record
    scope, role = viewer.scope(key, verb), case.chart.role_names.get(viewer.role_id, "")  # type: ignore[arg-type]
    if scope == "none" or viewer.user_id is None:
        return []
    owner = record.pk if key == "user" else record.owner_id
    found: list[Reason] = []
    if owner == viewer.user_id:
        found.append(Reason("owner", _("They own it.") if key != "user" else _("It is themselves.")))
    if scope == "all":
        found.append(
            Reason("role", _("The role “%(role)s” reaches all %(plural)s.") % {"role": role, "plural": case.info.plural})
        )
    by_default = widened(viewer, key, verb)
    if (
        by_default != scope
        and by_default in ("all", "team")
        and (by_default == "all" or record.team_id == viewer.team_id is not None)
    ):
        found.append(Reason("default", _("Everybody may: that is the default for %(plural)s.") % {"plural": case.info.plural}))
    found += _through_team(case, viewer, wider(scope, by_default), owner)
    found += _through_grants(case, viewer, viewer.principals(), level_of(verb), "")
    # Whom the role lets see everything needs no reason from each of their people.
    if verb == "view" and wider(scope, by_default) != "all" and not case.info.declared.private:
        found += _through_line(case, viewer, owner)
    return list({(one.key, one.sentence): one for one in found}.values())


def _through_team(case: _Case, viewer: Viewer, scope: str, owner: UUID | None) -> list[Reason]:
    found = []
    team, chart = case.record.team_id, case.chart
    if scope in ("team", "below") and team is not None and team == viewer.team_id:
        found.append(Reason("team", _("It belongs to their team, %(team)s.") % {"team": chart.team_names.get(team, "")}))
    if scope == "below":
        if team is not None and team in chart.teams_below(viewer.team_id):
            found.append(
                Reason("below", _("It belongs to %(team)s, a team below theirs.") % {"team": chart.team_names.get(team, "")})
            )
        if owner in {seat.user_id for seat in chart.people_below(viewer.user_id)}:
            found.append(Reason("below", _("It belongs to %(name)s, who works for them.") % {"name": chart.seats[owner].name}))  # type: ignore[index]
    return found


def _through_grants(case: _Case, viewer: Viewer, principals: list[str], level: int, via: str) -> list[Reason]:
    found = []
    for grant in case.grants:
        if grant.principal not in principals or grant.level < level:
            continue
        if grant.rule_id is not None:
            rule = case.chart.rules.get(grant.rule_id)
            if rule is None or not rule.is_live:
                continue
            found.append(Reason("rule", via + _("The sharing rule “%(rule)s” opens it.") % {"rule": rule.name}))
        elif grant.cause == "member":
            part = f" ({grant.part})" if grant.part else ""
            found.append(Reason("member", via + _("They are in the team of this record%(part)s.") % {"part": part}))
        else:
            end = _(" until %(day)s") % {"day": grant.until.date().isoformat()} if grant.until else ""
            found.append(Reason("share", via + _("It was shared with them%(end)s.") % {"end": end}))
    return found


def _through_line(case: _Case, viewer: Viewer, owner: UUID | None) -> list[Reason]:
    """What the people below see: each of them is asked for their own reasons, without their own people."""
    found = []
    for seat in case.chart.people_below(viewer.user_id):
        if owner == seat.user_id:
            found.append(Reason("line", _("It belongs to %(name)s, who works for them.") % {"name": seat.name}))
            continue
        below = viewer_of(case.chart, seat)
        reach = _alone(below, case.info.key)
        via = _("Through %(name)s, who works for them: ") % {"name": seat.name}
        if reach.everything or case.record.team_id in reach.teams:
            found.append(Reason("line", _("%(name)s, who works for them, sees it.") % {"name": seat.name}))
        elif reach.principals:
            found += [Reason("line", one.sentence) for one in _through_grants(case, viewer, list(reach.principals), 1, via)]
    return found


def _alone(viewer: Viewer, type_key: str) -> Reach:
    """The reach of a person without the line below them."""
    scope = widened(viewer, type_key, "view")
    if scope == "none":
        return Reach()
    if scope == "all":
        return Reach(everything=True)
    assert viewer.user_id is not None
    teams = by_scope(viewer.chart, scope, viewer.user_id, viewer.team_id)[1]
    return Reach(False, (), tuple(teams), tuple(viewer.principals()))
