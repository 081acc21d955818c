"""Reading the audit log through the gate: whose entries a viewer may see, and what of each entry.

Needs the verb "audit" on the type of an entry; with scope own or team only entries about records in reach. Fields of
hidden groups are not there, nor updates of nothing else. Entries about no type (sign-ins, roles) need "audit" on all users.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.changes.audit_walk import Walk
from rapport.kernel.changes.chain import SEALED
from rapport.kernel.changes.history import lines
from rapport.kernel.changes.models import Change
from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

AUDIT = "audit"
#: Entries looked at for one page before it is handed out as it is, with the way to go on.
_MOST_SEEN = 2_000
#: Steps along an index for one page, of which each may find nothing that meets all conditions.
_MOST_STEPS = 25
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class AuditLine:
    """One entry as its reader may see it."""

    change: Change
    info: TypeInfo | None
    #: (field, before, after) as values.
    entries: tuple[tuple[Field, object, object], ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)
    #: Title of the record, "" when it has none for this viewer (deleted, or asked for in vain).
    title: str = ""


@dataclass
class AuditPage:
    """Entries, newest first, and the cursor of older ones. A page may be short: `next` alone says that it was the last."""

    lines: list[AuditLine]
    next: str | None = None


def audit_types(ctx: Context) -> list[TypeInfo]:
    """The types of which the viewer may read the audit log at all."""
    return [info for info in registry.all() if _scope(ctx, info) != "none"]


def reads_people(ctx: Context) -> bool:
    """Whether the viewer may read entries about no type: who signed in, whose role changed."""
    return "user" in registry and _scope(ctx, registry.get("user")) == "all"


def demand_audit(ctx: Context, verb: str = AUDIT) -> None:
    """Raise Refused unless the viewer may read some of the audit log (or, with "export", take some of it along)."""
    if not any(verb == AUDIT or gate.allows(ctx, info, verb) for info in audit_types(ctx)):
        raise Refused(_("Your role does not open the audit log. Ask the owner of the workspace for it."))


def audit_page(
    ctx: Context, *, type_key: str = "", verb: str = "", actor_id: UUID | None = None, record_id: UUID | None = None,
    since: dt.datetime | None = None, until: dt.datetime | None = None, text: str = "", cursor: str = "", limit: int = 50,
    also: str = "",
) -> AuditPage:  # fmt: skip
    """A page of the audit log. Raises Refused without the right, Invalid for a foreign cursor. `also` names a further
    verb that is needed on the type ("export")."""
    demand_audit(ctx, also or AUDIT)
    reach = [info for info in audit_types(ctx) if not also or gate.allows(ctx, info, also)]
    keys = {info.key for info in reach} | ({""} if reads_people(ctx) else set())
    if type_key and type_key not in keys:
        return AuditPage([])
    is_all = len(keys) == len(registry.all()) + 1
    given = {"type": type_key, "verb": verb, "actor_id": actor_id, "record_id": record_id}
    equal = {key: value for key, value in given.items() if value not in ("", None)}
    walk = Walk(ctx.workspace.pk, equal, None if is_all or type_key else sorted(keys), since, until)
    return _read(ctx, walk, keys, fold(text)[:100], _number(cursor), limit)


def _read(ctx: Context, walk: Walk, keys: set[str], text: str, below: int | None, limit: int) -> AuditPage:
    """Walk on until the page is full, the log is at its end, or enough was looked at."""
    found: list[AuditLine] = []
    seen = 0
    for step, (numbers, going_on) in enumerate(walk.steps(below), start=1):
        for at in range(0, len(numbers), limit + 1):
            some = numbers[at : at + limit + 1]
            rows = list(Change.objects.filter(workspace_id=ctx.workspace.pk, number__in=some).order_by("-number"))
            seen += len(some)
            found += [one for one in _shown(ctx, rows, keys) if not text or text in _words_of(ctx, one)]
            if len(found) > limit:
                return AuditPage(found[:limit], str(found[limit - 1].change.number))
            if seen >= _MOST_SEEN:
                return AuditPage(found, str(some[-1]))
        if going_on is not None and step >= _MOST_STEPS:
            return AuditPage(found, str(going_on))
    return AuditPage(found)


def _number(cursor: str) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise Invalid(_("This page mark is not of this list; start from the first page."), code="bad_cursor", field="cursor")
    return int(cursor)


# -- what of an entry a viewer may see --------------------------------------------------------------------------------


def _scope(ctx: Context, info: TypeInfo) -> str:
    """The scope of "audit"; a type that lives under another follows its parent unless the role names it."""
    under = info.declared.under
    if under and not ctx.viewer.named(info.key) and not ctx.viewer.is_system:
        return _scope(ctx, registry.get(info.fields[under].to))
    return gate.scope_of(ctx, info, AUDIT)


def _is_open(ctx: Context, info: TypeInfo) -> bool:
    """Whether every record of the type, also one that is gone, is the viewer's to read about."""
    if ctx.viewer.is_system:
        return True
    hidden = info.declared.sensitive is not None and ctx.viewer.group(info.declared.sensitive[1]) == "hidden"
    if hidden or _scope(ctx, info) != "all" or gate.scope_of(ctx, info, "view") != "all":
        return False
    under = info.declared.under
    return not under or _is_open(ctx, registry.get(info.fields[under].to))


def _shown(ctx: Context, rows: Sequence[Change], keys: set[str]) -> list[AuditLine]:
    """The entries this viewer may see, each with the fields they may see."""
    by_type: dict[str, list[Change]] = {}
    for row in rows:
        if row.type in keys:
            by_type.setdefault(row.type, []).append(row)
    found: list[AuditLine] = []
    for key, some in by_type.items():
        if key in registry:
            found += _of_type(ctx, registry.get(key), some)
        else:
            found += [AuditLine(row, None, details=_details(ctx, None, row)) for row in some]
    return sorted(found, key=lambda one: one.change.number, reverse=True)


def _of_type(ctx: Context, info: TypeInfo, rows: list[Change]) -> list[AuditLine]:
    ids = {row.record_id for row in rows if row.record_id is not None}
    if not _is_open(ctx, info):
        allowed = _in_reach(ctx, info, ids)
        about_none = _scope(ctx, info) == "all"
        rows = [row for row in rows if (row.record_id in allowed if row.record_id else about_none)]
    titles = gate.titles(ctx, info, ids) if not info.title_field.to else {}
    return [
        AuditLine(
            one.change, info, one.entries, _details(ctx, info, one.change),
            _title(ctx, info, titles.get(one.change.record_id)) if one.change.record_id else "",
        )
        for one in lines(ctx, info, rows)
    ]  # fmt: skip


def _title(ctx: Context, info: TypeInfo, stored: object) -> str:
    """The title in words: of a choice its label."""
    if stored is None:
        return ""
    return str(stored) if info.title_field.kind.key == "text" else info.title_field.kind.text(stored, ctx.format)


def _in_reach(ctx: Context, info: TypeInfo, ids: Iterable[UUID]) -> set[UUID]:
    """Those records, also in the bin, that lie in the viewer's scope both to see and to audit."""
    wanted = list(ids)
    under = info.declared.under if not ctx.viewer.named(info.key) else ""
    found: set[UUID] = set()
    for in_bin in (False, True):
        seen = gate.visible(ctx, info, in_bin=in_bin).filter(pk__in=wanted)
        if under:
            parents = dict(seen.values_list("pk", info.fields[under].path))
            allowed = _in_reach(ctx, registry.get(info.fields[under].to), set(parents.values()))
            found |= {pk for pk, parent in parents.items() if parent in allowed}
        else:
            rows = gate.visible(ctx, info, AUDIT, in_bin=in_bin).filter(pk__in=wanted)
            found |= set(seen.values_list("pk", flat=True)) & set(rows.values_list("pk", flat=True))
    return found


def _details(ctx: Context, info: TypeInfo | None, change: Change) -> dict[str, object]:
    """The details without what would tell of hidden fields."""
    found = {key: value for key, value in change.details.items() if key != SEALED}
    if info is None:
        return found
    readable = gate.fields(ctx, info)
    if isinstance(found.get("columns"), list):
        found["columns"] = [key for key in found["columns"] if key in readable]
    hidden = _hidden(ctx)
    for key in ("filter", "sort", "path"):
        if hidden & set(_WORD.findall(str(found.get(key, "")))):
            del found[key]
    return found


def _hidden(ctx: Context) -> set[str]:
    """Keys of fields of any type that this viewer may not see (a filter may lead through several types)."""
    found = ctx.memory.get("audit hidden")
    if not isinstance(found, set):
        found = {
            key
            for info in registry.all()
            for key in {**info.fields, **custom_fields(ctx.workspace, info.key)}.keys() - gate.fields(ctx, info).keys()
        }
        ctx.memory["audit hidden"] = found
    return found


def _words_of(ctx: Context, one: AuditLine) -> str:
    """What a search looks at: nothing but what the page shows."""
    parts = [one.change.actor_name, one.title, one.change.action, one.change.verb, *map(str, one.details.values())]
    for field_, before, after in one.entries:
        parts.append(str(field_.label))
        parts += [field_.kind.text(value, ctx.format) for value in (before, after) if value is not None]
    return fold(" ".join(parts))
