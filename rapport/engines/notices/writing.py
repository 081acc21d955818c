"""Writing notices from the change log, for those alone who may see what they are about."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.notices.models import Notice, NoticeChoice
from rapport.kernel.access import gate
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.changes.readers import change_reader
from rapport.kernel.context import Context, context_for
from rapport.kernel.custom.fields import custom_fields
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import TypeInfo, registry

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A mention as the composer writes it: @[Ben Moore](user:0190…).
MENTION = re.compile(r"@\[[^\[\]\n]{1,150}\]\(user:([0-9a-fA-F-]{32,36})\)")
#: What is older when it is read is no news (a first start, a restored copy).
_NEWS = dt.timedelta(days=1)
#: What the same person did within this time is one notice.
_TOGETHER = dt.timedelta(minutes=2)
#: Records kept in one notice.
MOST_RECORDS = 2_000
#: Asked to tell of a mention at once, in the transaction that stores the notice; the surface that sends mails adds itself.
tell_at_once: list[Callable[[Workspace, Notice], None]] = []


@dataclass
class Draft:
    """A notice before it is known whether its receiver may see what it is about."""

    user_id: UUID
    event: str
    type: str
    actor_id: UUID | None
    at: dt.datetime
    records: dict[UUID, None] = field(default_factory=dict)
    field: str = ""
    cause_id: UUID | None = None


@change_reader("notices")
def write_notices(workspace: Workspace, changes: Sequence[Change]) -> None:
    """One batch of the log. The cursor moves in this transaction, so nothing is told twice and nothing is missed."""
    oldest = dt.datetime.now(dt.UTC) - _NEWS
    drafts: dict[tuple[object, ...], Draft] = {}
    for change in changes:
        if change.at < oldest or change.record_id is None or change.type not in registry:
            continue
        for one in _drafts(workspace, change):
            single = one.event in ("mention", "shared")
            key = (one.user_id, one.event, one.type, one.actor_id, one.cause_id, one.field, change.record_id if single else None)
            drafts.setdefault(key, one).records[change.record_id] = None
    put(workspace, list(drafts.values()))


def _drafts(workspace: Workspace, change: Change) -> Iterator[Draft]:
    """What one change has to tell anybody."""
    info = registry.get(change.type)
    base = {"type": change.type, "actor_id": change.actor_id, "at": change.at}
    if change.verb == "shared":
        person = as_id(change.details.get("person"))
        if person is not None and person != change.actor_id:
            yield Draft(person, "shared", **base)  # type: ignore[arg-type]
    if change.verb not in ("create", "update"):
        return
    for key, person in _mentions(workspace, info, change):
        if person != change.actor_id:
            yield Draft(person, "mention", field=key, **base)  # type: ignore[arg-type]
    owner = as_id((change.diff.get("owner") or [None, None])[1])
    if owner is None or owner == change.actor_id:
        return
    if change.surface == "rule" and change.cause_id is not None:
        yield Draft(owner, "rule", cause_id=change.cause_id, **base)  # type: ignore[arg-type]
    elif change.actor_id is not None:
        # What Rapport itself does (samples, imports that nobody asked for in person) hands nothing over.
        yield Draft(owner, "assigned", **base)  # type: ignore[arg-type]


def _mentions(workspace: Workspace, info: TypeInfo, change: Change) -> Iterable[tuple[str, UUID]]:
    """Field and person of every mention that was not there before."""
    for key, (before, after) in change.diff.items():
        if not isinstance(after, str) or "](user:" not in after:
            continue
        one = info.fields.get(key) or custom_fields(workspace, info.key).get(key)
        if one is None or one.kind.key != "longtext":
            continue
        old = set(MENTION.findall(before)) if isinstance(before, str) else set()
        for text in dict.fromkeys(MENTION.findall(after)):
            person = as_id(text)
            if text not in old and person is not None:
                yield key, person


def put(workspace: Workspace, drafts: Sequence[Draft]) -> None:
    """Store notices, without those whose receiver may not see the record (or the field) or cannot sign in."""
    wanted = {one.user_id for one in drafts}
    people = User.objects.select_related("role").filter(workspace_id=workspace.pk, pk__in=wanted, is_active=True, deleted_at=None)
    contexts = {one.pk: context_for(one, "notices", workspace=workspace) for one in people if one.account_id is not None}
    for one in drafts:
        ctx = contexts.get(one.user_id)
        ids = visible_of(ctx, one) if ctx is not None else []
        if ctx is not None and ids and not _joined(workspace, one, ids):
            made = Notice.objects.create(
                workspace_id=workspace.pk, user_id=one.user_id, event=one.event, type=one.type, field=one.field,
                records=[str(pk) for pk in ids[:MOST_RECORDS]], actor_id=one.actor_id, cause_id=one.cause_id, at=one.at,
            )  # fmt: skip
            if one.event == "mention" and _wants_now(workspace, one.user_id):
                for tell in tell_at_once:
                    tell(workspace, made)


def visible_of(ctx: Context, one: Draft) -> list[UUID]:
    """Those of the records that the receiver may see."""
    info = registry.get(one.type)
    if one.field and one.field not in gate.fields(ctx, info):
        return []
    seen = set(gate.visible(ctx, info).filter(pk__in=list(one.records)).values_list("pk", flat=True))
    return [pk for pk in one.records if pk in seen]


def _joined(workspace: Workspace, one: Draft, ids: list[UUID]) -> bool:
    """Whether the records could be added to a notice of a moment ago: a mass edit is one notice, not hundreds."""
    if one.event not in ("assigned", "rule"):
        return False
    rows = Notice.objects.filter(
        workspace_id=workspace.pk, user_id=one.user_id, read_at=None, event=one.event, type=one.type, actor_id=one.actor_id,
        cause_id=one.cause_id, mailed_at=None, at__gte=one.at - _TOGETHER,
    )  # fmt: skip
    last = rows.order_by("-id").first()
    if last is None:
        return False
    records = list(dict.fromkeys([*last.records, *(str(pk) for pk in ids)]))[:MOST_RECORDS]
    rows.filter(pk=last.pk).update(records=records, at=one.at)
    return True


def _wants_now(workspace: Workspace, user_id: UUID) -> bool:
    choice = NoticeChoice.objects.filter(workspace_id=workspace.pk, user_id=user_id).first()
    return choice is None or choice.mentions_now


def put_once(workspace: Workspace, event: str, type_key: str, whose: Mapping[UUID, Sequence[UUID]], *, once: str) -> int:
    """Store a notice per person that each gets once for a key, however often this is called; returns how many are new.
    Whether they may see the records is asked when they read it."""
    told = set(
        Notice.objects.filter(workspace_id=workspace.pk, user_id__in=list(whose), once=once).values_list("user_id", flat=True)
    )
    at = dt.datetime.now(dt.UTC)
    rows = [
        Notice(
            workspace_id=workspace.pk, user_id=user, event=event, type=type_key, records=[str(pk) for pk in ids[:MOST_RECORDS]],
            at=at, once=once,
        )
        for user, ids in whose.items()
        if user not in told
    ]  # fmt: skip
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
