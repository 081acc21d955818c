"""The one gate every read passes: which records, which fields, which verbs. Nothing else decides."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from rapport.kernel.access.current import current_workspace_id
from rapport.kernel.access.reach import Reach, reach_of, widened
from rapport.kernel.access.sharing_models import Grant
from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.errors import Gone, Refused
from rapport.kernel.ids import as_id
from rapport.kernel.records.field import Field
from rapport.kernel.records.model import Record
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: What anybody who sees nothing gets; never matches, costs nothing.
NOTHING = Q(pk__in=[])
#: The verb on the parent that each verb on a record "under" it needs.
_PARENT_VERB = {"view": "view", "export": "export"}


def scope_of(ctx: Context, info: TypeInfo, verb: str) -> str:
    """The viewer's scope; a type that lives under another follows its parent unless the role names it."""
    under = info.declared.under
    if under and not ctx.viewer.named(info.key) and not ctx.viewer.is_system:
        parent = registry.get(info.fields[under].to)
        return "all" if scope_of(ctx, parent, _PARENT_VERB.get(verb, "edit")) != "none" else "none"
    return widened(ctx.viewer, info.key, verb)


def allows(ctx: Context, info: TypeInfo, verb: str) -> bool:
    """Whether the viewer may do the verb to any record of the type at all (to show a button, a menu entry)."""
    return scope_of(ctx, info, verb) != "none"


def sees_all(ctx: Context, info: TypeInfo, verb: str = "view") -> bool:
    """Whether the viewer may do the verb to every record of the type, so that nobody needs to ask for each."""
    if ctx.viewer.is_system:
        return True
    hidden = info.declared.sensitive is not None and ctx.viewer.group(info.declared.sensitive[1]) == "hidden"
    if info.declared.under or hidden or not reach(ctx, info, verb).everything:
        return False
    return verb in ("view", "create") or reach(ctx, info, "view").everything


def demand(ctx: Context, info: TypeInfo, verb: str) -> None:
    """Raise Refused unless the viewer may do the verb to some record of the type."""
    if not allows(ctx, info, verb):
        raise Refused(
            _("Your role does not allow you to %(verb)s %(plural)s. Ask the owner of the workspace for it.")
            % {"verb": verb.replace("_", " "), "plural": info.plural}
        )


def reach(ctx: Context, info: TypeInfo, verb: str) -> Reach:
    """How far the viewer reaches (remembered: a page asks again and again)."""
    mark = ("reach", info.key, verb)
    found = ctx.memory.get(mark)
    if not isinstance(found, Reach):
        found = ctx.memory[mark] = reach_of(ctx.viewer, info.key, verb)
    return found


def within_scope(ctx: Context, info: TypeInfo, verb: str) -> Q:
    """The condition that a record lies in the viewer's scope for the verb, tested row by row (see `query/reaching.py`
    for readers of whole lists)."""
    if scope_of(ctx, info, verb) == "none":
        return NOTHING
    under = info.declared.under
    if under and not ctx.viewer.is_system:
        parent, needed = registry.get(info.fields[under].to), _PARENT_VERB.get(verb, "edit")
        mine = Q() if sees_all(ctx, parent, needed) else Q(**{f"{under}__in": visible(ctx, parent, needed).values("pk")})
        # A role that names the type itself may narrow what the parent gives, never widen it.
        return mine & _reached(ctx, info, verb) if ctx.viewer.named(info.key) else mine
    return _reached(ctx, info, verb)


def _reached(ctx: Context, info: TypeInfo, verb: str) -> Q:
    found = reach(ctx, info, verb)
    if found.everything:
        return Q()
    if found.nothing:
        return NOTHING
    within = NOTHING
    for way in ways(info, found):
        within |= way
    if found.principals:
        within |= Q(Exists(grants(ctx, info, found).filter(record_id=OuterRef("pk"))))
    return within


def ways(info: TypeInfo, found: Reach) -> list[Q]:
    """The conditions on the record's own columns that a reach consists of, besides its grants."""
    # A person is theirs by being them; what else there is has an owner.
    own = Q(**{"pk__in" if info.key == "user" else "owner_id__in": found.owners})
    return [own, Q(team_id__in=found.teams)] if found.teams else [own]


def grants(ctx: Context, info: TypeInfo, found: Reach) -> QuerySet[Grant]:
    """The living grants that a reach rests on."""
    rows = Grant.objects.filter(
        workspace_id=ctx.workspace.pk, type=info.key, principal__in=found.principals, level__gte=found.level
    ).filter(Q(until__isnull=True) | Q(until__gt=ctx.format.now))
    silent = ctx.viewer.chart.silent_rules()
    return rows.filter(Q(rule_id__isnull=True) | ~Q(rule_id__in=silent)) if silent else rows


def visible(ctx: Context, info: TypeInfo, verb: str = "view", *, in_bin: bool = False) -> QuerySet:
    """The records of a type that the viewer sees and may do `verb` to: workspace, not in the bin, in scope. Always start here."""
    mark = ("visible", current_workspace_id(), info.key, verb, in_bin)
    found = ctx.memory.get(mark)
    if not isinstance(found, QuerySet):
        found = ctx.memory[mark] = unscoped_rows(ctx, info, in_bin=in_bin).filter(within_both(ctx, info, verb))
    return found.all()


def within_both(ctx: Context, info: TypeInfo, verb: str) -> Q:
    """In scope for the verb and seen: a role that may export all of a type and see only its own exports its own."""
    found = within_scope(ctx, info, verb)
    return found if verb in ("view", "create") else found & within_scope(ctx, info, "view")


def unscoped_rows(ctx: Context, info: TypeInfo, *, in_bin: bool = False) -> QuerySet:
    """Rows before the viewer's scope: what the workspace, the bin and sensitive rows leave. Only for readers that add
    `within_scope` themselves. Remembered, because putting a question together costs Django more than asking it."""
    mark = ("rows", current_workspace_id(), info.key, in_bin)
    found = ctx.memory.get(mark)
    if not isinstance(found, QuerySet):
        found = info.model.objects.filter(workspace_id=ctx.workspace.pk, deleted_at__isnull=not in_bin)
        if info.declared.sensitive and ctx.viewer.group(info.declared.sensitive[1]) == "hidden":
            found = found.filter(**{info.declared.sensitive[0]: False})
        ctx.memory[mark] = found
    return found.all()


def fields(ctx: Context, info: TypeInfo, *, edit: bool = False) -> dict[str, Field]:
    """Built-in and custom fields that the viewer may see (or, with `edit`, set). A hidden field is simply not there."""
    mark = ("fields", info.key, edit, ctx.workspace.schema_version)
    found = ctx.memory.get(mark)
    if found is None:
        wanted = ("edit",) if edit else ("read", "edit")
        every = {**info.fields, **custom_fields(ctx.workspace, info.key)}
        found = {k: f for k, f in every.items() if ctx.viewer.group(f.see) in wanted and (not edit or f.writable)}
        # A roll-up tells something of every record it is made from.
        narrow = [k for k, f in found.items() if not all(_sees_type(ctx, one) for one in f.needs_all_of)]
        found = {k: f for k, f in found.items() if k not in narrow}
        ctx.memory[mark] = found
    return found  # type: ignore[return-value]


def _sees_type(ctx: Context, type_key: str) -> bool:
    """Whether the viewer may see every record of a type."""
    return type_key in registry and sees_all(ctx, registry.get(type_key))


def get(ctx: Context, info: TypeInfo, record_id: object, verb: str = "view", *, in_bin: bool = False) -> Record:
    """One record. Raises Gone when the viewer may not see it (a stranger's and a missing one look alike),
    Refused when they see it but may not do the verb."""
    wanted = as_id(record_id)
    found = visible(ctx, info, "view", in_bin=in_bin).filter(pk=wanted).first() if wanted else None
    if found is None:
        raise Gone(_("This %(type)s does not exist, or you may not see it.") % {"type": info.label})
    if verb != "view" and not may(ctx, info, found, verb):
        raise Refused(
            _("You may see this %(type)s, but your role does not allow you to %(verb)s it.")
            % {"type": info.label, "verb": verb.replace("_", " ")}
        )
    return found


def may(ctx: Context, info: TypeInfo, record: Record, verb: str) -> bool:
    """Whether the viewer may do the verb to this very record (one query only when the scope is not plain)."""
    scope = scope_of(ctx, info, verb)
    if scope == "none" or record.workspace_id != ctx.workspace.pk:
        return False
    if ctx.viewer.is_system or (scope == "all" and sees_all(ctx, info, verb)):
        return True
    return visible(ctx, info, verb, in_bin=record.deleted_at is not None).filter(pk=record.pk).exists()


class Named(str):
    """The title of a record, which knows whether it names a person (people are shown round) and whose it is."""

    is_person: bool = False
    owner_id: UUID | None = None


def titles(ctx: Context, info: TypeInfo, ids: set[UUID]) -> dict[UUID, Named]:
    """Titles of those records that the viewer may see, in one query. The title obeys its field group."""
    if not ids or info.title_field.key not in fields(ctx, info):
        return {}
    wanted = ["pk", info.title_field.path, "owner_id", *filter(None, [info.person_column])]
    found = {}
    for pk, title, owner_id, *kind in visible(ctx, info).filter(pk__in=ids).values_list(*wanted):
        found[pk] = Named(title)
        found[pk].owner_id = owner_id
        found[pk].is_person = info.key == "user" or kind == ["person"]
    return found
