"""How far a viewer reaches for a verb on a type, as the three things a record is compared with: owner, team, grants.

    the role must know the verb at all
    -> its scope (own, team, below, all), or the default of the type, whichever is wider
    -> looking only: what each person below sees (never a sister team, for it hangs on people)
    -> what rules and people share, up to the level the verb needs

Everything after the first line only adds.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rapport.kernel.access.chart import Chart
from rapport.kernel.access.private import PRIVATE
from rapport.kernel.access.sharing_models import EDIT, FULL, READ
from rapport.kernel.access.viewer import FULL_VERBS, READING, Viewer, granted_scope, wider

#: What a type's default gives for a verb of a level: default -> level -> scope.
_DEFAULTS = {"team": {READ: "team"}, "read": {READ: "all"}, "write": {READ: "all", EDIT: "all"}}


@dataclass(frozen=True)
class Reach:
    """Records with one of these owners or teams, or a grant to one of these principals at this level or above."""

    everything: bool = False
    owners: tuple[UUID, ...] = ()
    teams: tuple[UUID, ...] = ()
    principals: tuple[str, ...] = ()
    level: int = READ

    @property
    def nothing(self) -> bool:
        """Whether no record can lie within."""
        return not (self.everything or self.owners or self.teams or self.principals)


def level_of(verb: str) -> int:
    """The level of sharing that opens a record for a verb."""
    return READ if verb in READING else FULL if verb in FULL_VERBS else EDIT


def widened(viewer: Viewer, type_key: str, verb: str) -> str:
    """The role's scope, widened by the default of the type; "none" stays none, for defaults open no verbs."""
    scope = viewer.scope(type_key, verb)
    if scope in ("none", "all") or viewer.is_system or verb == "create" or type_key in PRIVATE:
        return scope
    return wider(scope, _DEFAULTS.get(viewer.chart.defaults.get(type_key, ""), {}).get(level_of(verb), "own"))


def reach_of(viewer: Viewer, type_key: str, verb: str) -> Reach:
    """What the viewer reaches."""
    scope = widened(viewer, type_key, verb)
    if scope == "none" or viewer.user_id is None:
        return Reach(everything=viewer.is_system)
    if scope == "all":
        return Reach(everything=True)
    owners, teams = by_scope(viewer.chart, scope, viewer.user_id, viewer.team_id)
    principals = [] if verb == "create" else viewer.principals()
    if verb == "view" and type_key not in PRIVATE:
        below = _line(viewer.chart, viewer.user_id, type_key)
        if below.everything:
            return below
        owners, teams = [*owners, *below.owners], [*teams, *below.teams]
        principals += below.principals
    unique = dict.fromkeys
    return Reach(False, tuple(unique(owners)), tuple(unique(teams)), tuple(unique(principals)), level_of(verb))


def by_scope(chart: Chart, scope: str, user_id: UUID, team_id: UUID | None) -> tuple[list[UUID], list[UUID]]:
    """Owners and teams of a scope."""
    owners, teams = [user_id], []
    if scope in ("team", "below") and team_id is not None:
        teams.append(team_id)
    if scope == "below":
        owners += [seat.user_id for seat in chart.people_below(user_id)]
        teams += chart.teams_below(team_id)
    return owners, teams


def _line(chart: Chart, user_id: UUID, type_key: str) -> Reach:
    """What the people below a person see: theirs, and as much more as each one's own role, team and shares give."""
    owners: list[UUID] = []
    teams: list[UUID] = []
    principals: list[str] = []
    for seat in chart.people_below(user_id):
        owners.append(seat.user_id)
        rights = chart.roles.get(seat.role_id, {}) if seat.role_id and seat.is_active else {}
        scope = granted_scope(rights, type_key, "view")
        if scope == "none":
            continue
        if scope == "all":
            return Reach(everything=True)
        scope = wider(scope, _DEFAULTS.get(chart.defaults.get(type_key, ""), {}).get(READ, "own"))
        teams += by_scope(chart, scope, seat.user_id, seat.team_id)[1]
        principals += chart.principals(seat.user_id, seat.team_id, seat.role_id)
    return Reach(False, tuple(owners), tuple(teams), tuple(principals))
