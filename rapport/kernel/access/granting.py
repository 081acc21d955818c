"""Who may give which role: nobody hands out more than they have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.kernel.errors import Refused
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.access.models import Role
    from rapport.kernel.context import Context

_ORDER = {"none": 0, "own": 1, "team": 2, "below": 3, "all": 4}
_GROUPS = {"hidden": 0, "read": 1, "edit": 2}


def demand_may_grant(ctx: Context, role: Role) -> None:
    """Raise Refused unless every right and field group of the role is the viewer's own as well."""
    if ctx.viewer.is_system:
        return
    if not (_rights_fit(ctx, role.rights) and _groups_fit(ctx, role.field_groups)):
        raise Refused(
            _("The role “%(role)s” allows more than yours does, so you cannot give it. Ask the owner of the workspace.")
            % {"role": role.name}
        )


def _rights_fit(ctx: Context, rights: Mapping[str, Mapping[str, str]]) -> bool:
    own = ctx.viewer.rights.get("*", {}).get("*", "none")
    types = [info.key for info in registry.all()] if "*" in rights else [key for key in rights if key in registry]
    for key in types:
        for verb, scope in rights.get(key, rights.get("*", {})).items():
            mine = _widest(ctx, key) if verb == "*" else ctx.viewer.scope(key, verb)
            if _ORDER.get(scope, 9) > _ORDER.get(mine, 0):
                return False
    # "*" also covers types that add-ons bring later: only who has everything may give everything.
    return "*" not in rights or all(_ORDER.get(s, 9) <= _ORDER.get(own, 0) for s in rights["*"].values())


def _widest(ctx: Context, key: str) -> str:
    """What the viewer may do with any verb of a type: only their own "*" answers that."""
    return ctx.viewer.rights.get(key, ctx.viewer.rights.get("*", {})).get("*", "none")


def _groups_fit(ctx: Context, groups: Mapping[str, str]) -> bool:
    own = ctx.viewer.field_groups.get("*", "hidden")
    for group, level in groups.items():
        mine = own if group == "*" else ctx.viewer.group(group)
        if _GROUPS.get(level, 9) > _GROUPS.get(mine, 0):
            return False
    return True
