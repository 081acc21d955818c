"""Sharing rules become grants: set-wise in the background when a rule changes, and in each write's own transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.access.chart import Rule, access_changed, chart_of, principal_of
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.access.sharing_models import LEVELS, Grant, SharingRule
from rapport.kernel.changes.bulk import insert_rows
from rapport.kernel.changes.indexers import indexer
from rapport.kernel.errors import Invalid, RapportError, Refused
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.text import parse
from rapport.kernel.query.tree import All, Any_, Has, Me, Node, Not, Relative, Test
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: Records brought into line per transaction.
_BATCH = 2_000
_COLUMNS = (
    "workspace_id",
    "type",
    "record_id",
    "principal",
    "level",
    "cause",
    "rule_id",
    "part",
    "until",
    "given_by",
    "created_at",
)
#: What decides whom a rule shares which records with; when it changes, everything is worked out again.
_MEANING = ("matching", "to_role", "to_team", "with_below", "to_user", "level")


# -- a rule is right --------------------------------------------------------------------------------------------------


def check_rule(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """A rule names one receiver and a filter that each record answers by itself; its author may share all of the type."""

    def wanted(key: str, column: str = "") -> object:
        return values[key] if key in values else getattr(record, column or key, None)

    on_type = str(wanted("on_type") or "")
    if on_type not in registry:
        raise Invalid(_("There is no record type “%(key)s”.") % {"key": on_type[:60]}, field="on_type")
    info = registry.get(on_type)
    demand_own_sharing(info)
    if not gate.sees_all(ctx, info, "share"):
        raise Refused(_("Only who may share all %(plural)s may make rules for them.") % {"plural": info.plural})
    named = [key for key in ("to_role", "to_team", "to_user") if wanted(key, f"{key}_id") is not None]
    if len(named) != 1:
        raise Invalid(_("Share with one role, one team or one person: fill in exactly one of the three."), field="to_role")
    text = str(wanted("matching") or "")
    if text:
        try:
            node = parse(text)
            _demand_own(info, node)
            compile_filter(ctx, info, node)
        except Invalid as wrong:
            raise Invalid(wrong.sentence, field="matching") from wrong


def demand_own_sharing(info: TypeInfo) -> None:
    """Raise Invalid for a type that follows another (it is the other that is shared) or that its owners share themselves."""
    if info.declared.private:
        words = {"plural": str(info.plural).capitalize()}
        raise Invalid(_("%(plural)s are private; whoever they belong to shares them where they are.") % words, field="on_type")
    if info.declared.under:
        words = {"type": str(info.label).capitalize(), "parent": registry.get(info.fields[info.declared.under].to).label}
        raise Invalid(_("%(type)s follows its %(parent)s; share that instead.") % words, field="on_type")


def _demand_own(info: TypeInfo, node: Node) -> None:
    """A rule looks at a record's own fields and at its owner: anything else would change without the record changing."""
    if isinstance(node, (All, Any_)):
        for item in node.items:
            _demand_own(info, item)
    elif isinstance(node, Not):
        _demand_own(info, node.item)
    elif isinstance(node, Has):
        raise Invalid(_("A sharing rule cannot look at related records; use the fields of the record itself."))
    elif isinstance(node, Test):
        if len(node.path) > 1 and not (node.path[0] == "owner" and node.path[1] in ("team", "role")):
            raise Invalid(_("A sharing rule looks at the record's own fields, or at owner.team and owner.role."))
        values = node.value if isinstance(node.value, tuple) else (node.value,)
        if any(isinstance(one, (Me, Relative)) for one in values):
            raise Invalid(_("A sharing rule holds for everybody at any time: “me” and dates such as today-7d do not fit."))


# -- a rule changed ---------------------------------------------------------------------------------------------------


def settle_later(ctx: Context, written: list[Written]) -> None:
    """A new or changed rule gives nothing until a job has worked out what it shares; switched off, it stops at once."""
    for one in written:
        if one.verb == "create" or one.verb == "restore" or one.changed(*_MEANING, "is_active"):
            SharingRule.objects.filter(pk=one.record.pk).update(settled_at=None)
            one.record.settled_at = None  # type: ignore[attr-defined]
        if one.verb != "update" or one.changed(*_MEANING, "is_active"):
            enqueue(settle_rule, workspace=ctx.workspace, rule=str(one.record.pk))


def settle_owner_rules(ctx: Context, written: list[Written]) -> None:
    """People moved: rules that look at an owner's team or role are worked out again (they go on meanwhile)."""
    if not any(one.changed("team", "role") for one in written):
        return
    for rule in chart_of(ctx.workspace).rules.values():
        if "owner." in rule.matching:
            enqueue(settle_rule, workspace=ctx.workspace, rule=str(rule.id))


@job(max_attempts=8)
def settle_rule(job_ctx: JobContext, *, rule: str) -> dict[str, int]:
    """Bring the grants of one rule into line, in batches that can be stopped and taken up again."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        row = SharingRule.objects.filter(pk=UUID(rule)).first()
        if row is None or row.deleted_at is not None or not row.is_active:
            return {"taken": _take_all(workspace, UUID(rule))}
        version = row.version
        given = taken = 0
        for gave, took in _settle(workspace, row):
            given, taken = given + gave, taken + took
            job_ctx.progress(given + taken, note=row.name)
            if job_ctx.should_stop:
                return {"given": given, "taken": taken}
        with transaction.atomic():
            # Changed meanwhile: its own job will say when it is in force.
            if SharingRule.objects.filter(pk=row.pk, version=version).update(settled_at=dt.datetime.now(dt.UTC)):
                access_changed(workspace)
        return {"given": given, "taken": taken}


@every(seconds=24 * 3600)
@job()
def settle_every_rule(job_ctx: JobContext) -> None:
    """Once a day everything is worked out again, so that no slip lasts."""
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            for pk in SharingRule.objects.filter(deleted_at=None, is_active=True).values_list("pk", flat=True):
                enqueue(settle_rule, workspace=workspace, rule=str(pk))


@every(seconds=3600)
@job()
def drop_ended_shares(job_ctx: JobContext) -> int:
    """Shares past their end date count no longer from that moment; here their rows go."""
    ended, gone = dt.datetime.now(dt.UTC) - dt.timedelta(days=1), 0
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            gone += Grant.objects.filter(workspace_id=workspace.pk, until__lt=ended).delete()[0]
    return gone


def _settle(workspace: Workspace, row: SharingRule) -> Iterator[tuple[int, int]]:
    """(given, taken) per batch: first what is too much, then what is missing."""
    from rapport.kernel.context import system_context

    ctx = system_context(workspace, "sharing rule")
    info = registry.get(row.on_type)
    principal, level = principal_of(row), LEVELS[row.level]  # type: ignore[index]
    mine = Grant.objects.filter(workspace_id=workspace.pk, rule_id=row.pk)
    matching = _matching(ctx, info, row.matching)
    stale = mine.exclude(principal=principal, level=level)
    while ids := list(stale.values_list("pk", flat=True)[:_BATCH]):
        yield 0, Grant.objects.filter(pk__in=ids).delete()[0]
    too_much = mine.filter(~Exists(matching.filter(pk=OuterRef("record_id"))))
    while ids := list(too_much.values_list("pk", flat=True)[:_BATCH]):
        yield 0, Grant.objects.filter(pk__in=ids).delete()[0]
    last = UUID(int=0)
    while ids := list(matching.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        last = ids[-1]
        with transaction.atomic():
            there = set(mine.filter(record_id__in=ids).values_list("record_id", flat=True))
            missing = [pk for pk in ids if pk not in there]
            _give(workspace.pk, info.key, row.pk, principal, level, missing)
        yield len(missing), 0


def _matching(ctx: Context, info: TypeInfo, text: str) -> QuerySet:
    rows = info.model.objects.filter(workspace_id=ctx.workspace.pk, deleted_at=None)
    return rows.filter(compile_filter(ctx, info, parse(text))) if text else rows


def _take_all(workspace: Workspace, rule_id: UUID) -> int:
    taken = 0
    rows = Grant.objects.filter(workspace_id=workspace.pk, rule_id=rule_id)
    while ids := list(rows.values_list("pk", flat=True)[:_BATCH]):
        taken += Grant.objects.filter(pk__in=ids).delete()[0]
    return taken


def _give(workspace_id: UUID, type_key: str, rule_id: UUID, principal: str, level: int, ids: Sequence[UUID]) -> None:
    at = dt.datetime.now(dt.UTC)
    rows = [(workspace_id, type_key, pk, principal, level, "rule", rule_id, "", None, None, at) for pk in ids]
    insert_rows(Grant, _COLUMNS, rows)


# -- a record changed -------------------------------------------------------------------------------------------------


@indexer
def follow_rules(ctx: Context, written: list[Written]) -> None:
    """Give and take grants for records just written, for every rule on their type."""
    by_type: dict[str, tuple[TypeInfo, list[UUID]]] = {}
    # Also rules that are just being settled: the job may have passed this record already.
    rules = [rule for rule in chart_of(ctx.workspace).rules.values() if rule.is_active]
    with_rules = {rule.on_type for rule in rules}
    for one in written:
        if one.info.key in with_rules and one.verb in ("create", "update"):
            by_type.setdefault(one.info.key, (one.info, []))[1].append(one.record.pk)
    for info, ids in by_type.values():
        for rule in rules:
            if rule.on_type == info.key:
                _follow(ctx, info, rule, ids)


def _follow(ctx: Context, info: TypeInfo, rule: Rule, ids: list[UUID]) -> None:
    try:
        matching = _matching(ctx.as_system("sharing rule"), info, rule.matching)
    except RapportError:
        return  # a field it looked at was deleted: the next settling tells
    hits = set(matching.filter(pk__in=ids).values_list("pk", flat=True))
    mine = Grant.objects.filter(workspace_id=ctx.workspace.pk, rule_id=rule.id, record_id__in=ids)
    there = set(mine.values_list("record_id", flat=True))
    if there - hits:
        mine.filter(record_id__in=there - hits).delete()
    _give(ctx.workspace.pk, info.key, rule.id, rule.principal, rule.level, sorted(hits - there))
