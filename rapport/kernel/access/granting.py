"""Nobody gives what they lack: comparing rights before a role is changed or given to somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.kernel.access.models import Role
from rapport.kernel.access.viewer import SCOPES, granted_scope
from rapport.kernel.actions.registry import VERBS, actions_of
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

GROUP_LEVELS = ("hidden", "read", "edit")


def verbs_of_type(type_key: str) -> list[str]:
    """Everything a role may be allowed to do with a type: the built-in verbs and its declared actions."""
    return [*VERBS, *actions_of(type_key)]


def field_groups() -> list[str]:
    """Every field group that a type or a custom field may ask for."""
    found: dict[str, None] = {}
    for info in registry.all():
        if info.declared.sensitive:
            found[info.declared.sensitive[1]] = None
        for field in info.fields.values():
            if field.see:
                found[field.see] = None
    return list(found)


def check_rights(rights: Mapping[str, object], groups: Mapping[str, object]) -> None:
    """Raise Invalid for a type, verb, scope or level that does not exist, so that a slip never reads as a right."""
    for key, line in rights.items():
        if key != "*" and key not in registry:
            raise Invalid(_("There is no record type “%(key)s”.") % {"key": key[:60]}, field="rights")
        if not isinstance(line, Mapping):
            raise Invalid(_("Rights are written as {type: {verb: scope}}."), field="rights")
        known = {"*", *verbs_of_type(key)} if key != "*" else None
        for verb, scope in line.items():
            if known is not None and verb not in known:
                raise Invalid(_("“%(type)s” knows no “%(verb)s”.") % {"type": key, "verb": verb[:40]}, field="rights")
            if scope not in SCOPES:
                raise Invalid(_("A scope is one of: %(scopes)s.") % {"scopes": ", ".join(SCOPES)}, field="rights")
    for level in groups.values():
        if level not in GROUP_LEVELS:
            raise Invalid(_("A field group is one of: %(levels)s.") % {"levels": ", ".join(GROUP_LEVELS)}, field="field_groups")


def demand_may_grant(ctx: Context, role: Role) -> None:
    """Raise Refused when a role holds more than the viewer does."""
    demand_within(ctx, role.rights, role.field_groups)


def demand_within(ctx: Context, rights: Mapping[str, Mapping[str, str]], groups: Mapping[str, str]) -> None:
    """Raise Refused when these rights are wider than the viewer's own, in any verb of any type or any field group."""
    viewer = ctx.viewer
    if viewer.is_system:
        return
    for info in registry.all():
        # "*" too: it covers actions that come with a later version.
        for verb in [*verbs_of_type(info.key), "*"]:
            if SCOPES.index(granted_scope(rights, info.key, verb)) > SCOPES.index(viewer.scope(info.key, verb)):
                raise _too_wide(_("“%(verb)s” of %(plural)s") % {"verb": verb.replace("_", " "), "plural": info.plural})
    for verb in VERBS if "*" in rights else ():
        # And types that add-ons bring later.
        if SCOPES.index(granted_scope(rights, "*", verb)) > SCOPES.index(viewer.scope("*", verb)):
            raise _too_wide(_("“%(verb)s” of every record type") % {"verb": verb.replace("_", " ")})
    for group in {*field_groups(), *groups}:
        wanted = groups.get(group, groups.get("*", "hidden"))
        if GROUP_LEVELS.index(wanted) > GROUP_LEVELS.index(
            viewer.field_groups.get(group, viewer.field_groups.get("*", "hidden"))
        ):
            raise _too_wide(_("the fields “%(group)s”") % {"group": group})


def _too_wide(what: str) -> Refused:
    return Refused(
        _("You cannot give away more than you have yourself: %(what)s goes beyond your role.") % {"what": what}, code="too_wide"
    )
