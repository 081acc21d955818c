"""The picture of a customer's relationships: people at the company, companies of the person, ties among them all."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from rapport.kernel.access import gate
from rapport.kernel.kinds.base import Title
from rapport.kernel.query.read import add_titles
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.kernel.slots import Panel, slot
from rapport.kernel.slots.network import Node, Tie

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: Drawn at most; the rest is counted.
MOST = 40
_READ = 200


@slot("record.network", type_key="customer")
def network(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Everybody within two steps, each only when the viewer may see both them and the tie."""
    assert info is not None and record is not None
    first = _ties(ctx, {record.pk})
    near = _others(first, {record.pk})
    second = _ties(ctx, set(near[:MOST])) if near else []
    far = [pk for pk in _others(second, set(near)) if pk != record.pk]
    add_titles(ctx, info, {record.pk, *near, *far})
    known = {pk: title for pk in [*near, *far] if (title := ctx.format.titles.get((info.key, pk))) is not None}
    shown = list(known)[:MOST]
    nodes = [_node(pk, known[pk], 1 if pk in near else 2) for pk in shown]
    seen = {record.pk, *shown}
    ties = list({(t.one, t.other, t.label): t for t in [*first, *second] if t.one in seen and t.other in seen}.values())
    here = ctx.format.titles.get((info.key, record.pk))
    return Panel(
        _("Relationships"), "",
        {"here": _node(record.pk, here, 0) if here else None, "nodes": nodes, "ties": ties, "more": len(known) - len(shown)},
    )  # fmt: skip


def _node(pk: UUID, title: Title, steps: int) -> Node:
    return Node(pk, title.text, title.url, title.shape, steps)


def _others(ties: list[Tie], known: set[UUID]) -> list[UUID]:
    ends = [pk for tie in ties for pk in (tie.one, tie.other) if pk not in known]
    return list(dict.fromkeys(ends))


def _ties(ctx: Context, ids: set[UUID]) -> list[Tie]:
    """The ties that one of these has a part in: one query for each sort of tie, at most two hundred of each."""
    found: list[Tie] = []
    place = registry.get("affiliation")
    if gate.allows(ctx, place, "view"):
        fields = gate.fields(ctx, place)
        rows = gate.visible(ctx, place).filter(Q(person_id__in=ids) | Q(company_id__in=ids)).order_by("pk")
        for person, company, title in rows.values_list("person_id", "company_id", "job_title")[:_READ]:
            found.append(Tie(person, company, (title if "job_title" in fields else "") or _("works at")))
    tie = registry.get("relationship")
    if gate.allows(ctx, tie, "view") and "tie" in gate.fields(ctx, tie):
        words = tie.fields["tie"].kind
        rows = gate.visible(ctx, tie).filter(Q(one_id__in=ids) | Q(other_id__in=ids)).order_by("pk")
        for one, other, kind in rows.values_list("one_id", "other_id", "tie")[:_READ]:
            found.append(Tie(one, other, words.text(kind, ctx.format)))
    customer = registry.get("customer")
    if "parent" in gate.fields(ctx, customer):
        rows = gate.visible(ctx, customer).filter(Q(parent_id__in=ids) | Q(pk__in=ids), parent_id__isnull=False).order_by("pk")
        for pk, parent in rows.values_list("pk", "parent_id")[:_READ]:
            found.append(Tie(pk, parent, _("part of")))
    return found
