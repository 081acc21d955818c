"""From changes to messages, through the eyes of the endpoint's keeper at the moment of sending."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from rapport.engines.changefeed.reading import Told, changes_told
from rapport.engines.webhooks.models import Webhook
from rapport.kernel.access import gate
from rapport.kernel.access.models import User, Workspace
from rapport.kernel.changes.models import Change
from rapport.kernel.context import Context, context_for
from rapport.kernel.query.compile import compile_filter
from rapport.kernel.query.read import Row, pick_fields, read_ids
from rapport.kernel.query.text import parse
from rapport.kernel.records.registry import TypeInfo, registry


@dataclass(frozen=True)
class Message:
    """One message, ready to be signed and sent."""

    id: str
    number: int | None
    event: str
    record_id: UUID | None
    body: bytes


def keeper_of(workspace: Workspace, webhook: Webhook) -> Context | None:
    """The context in which messages are made: whoever said last where they go. None when they have left."""
    user = User.objects.select_related("role").filter(workspace_id=workspace.pk, pk=webhook.runs_as_id).first()
    if user is None or not user.is_active or user.deleted_at is not None or user.role is None:
        return None
    return context_for(user, "webhook", workspace=workspace)


def messages_of(ctx: Context, webhook: Webhook, changes: Sequence[Change]) -> list[Message]:
    """The messages that these changes mean for the endpoint, in their order. Raises Invalid when its filter fits no more."""
    verbs = set(webhook.verbs or ())
    wanted = [
        one for one in changes
        if one.type != "webhook" and (not webhook.on_type or one.type == webhook.on_type) and (not verbs or one.verb in verbs)
    ]  # fmt: skip
    told = changes_told(ctx, wanted)
    if webhook.matching.strip() and webhook.on_type:
        told = _matching(ctx, webhook, told)
    rows = _rows(ctx, told)
    return [
        Message(
            f"msg_{one.change.pk.hex}", one.change.number, f"{one.info.key}.{one.verb}", one.change.record_id,
            body_of(ctx, one, rows.get((one.info.key, one.change.record_id))),
        )
        for one in told
    ]  # fmt: skip


def _matching(ctx: Context, webhook: Webhook, told: Iterable[Told]) -> list[Told]:
    """Those whose record matches the filter as it stands now, in the bin or out of it; what is gone cannot be asked."""
    info, told = registry.get(webhook.on_type), list(told)
    condition = compile_filter(ctx, info, parse(webhook.matching))
    ids = {one.change.record_id for one in told}
    found: set[UUID] = set()
    for in_bin in (False, True):
        rows = gate.visible(ctx, info, in_bin=in_bin).filter(condition, pk__in=ids)
        found |= set(rows.values_list("pk", flat=True))
    return [one for one in told if one.change.record_id in found]


def _rows(ctx: Context, told: Iterable[Told]) -> dict[tuple[str, UUID | None], tuple[TypeInfo, Row]]:
    ids: dict[str, set[UUID]] = {}
    for one in told:
        if one.change.record_id is not None and not one.is_gone:
            ids.setdefault(one.info.key, set()).add(one.change.record_id)
    return {
        (key, row.id): (registry.get(key), row)
        for key, some in ids.items()
        for row in read_ids(ctx, registry.get(key), list(some)).values()
    }


def body_of(ctx: Context, one: Told, row: tuple[TypeInfo, Row] | None) -> bytes:
    """The payload: what happened, and the record as it stands now (null when it is in the bin or gone)."""
    change = one.change
    data: dict[str, object] = {
        "workspace": ctx.workspace.pk, "number": change.number, "type": one.info.key, "id": change.record_id, "verb": one.verb,
    }  # fmt: skip
    if not one.is_gone:
        data |= {
            "version": change.version, "action": change.action or None,
            "actor": {"id": change.actor_id, "name": change.actor_name},
            "changes": {
                f.key: {"before": _json(f, before), "after": _json(f, after)} for f, before, after in one.entries
            },
            "record": _record(ctx, *row) if row is not None else None,
        }  # fmt: skip
    body = {"type": f"{one.info.key}.{one.verb}", "timestamp": change.at.isoformat(), "data": data}
    return orjson.dumps(body, default=str)


def _record(ctx: Context, info: TypeInfo, row: Row) -> dict[str, object]:
    fields = pick_fields(ctx, info, None)
    return {"id": row.id, "version": row.version, **{f.key: _json(f, row.values.get(f.key)) for f in fields}}


def _json(field: object, value: object) -> object:
    return None if value is None else field.kind.to_json(value)  # type: ignore[attr-defined]
