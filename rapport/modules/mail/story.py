"""Messages in stories: every customer who took part shows them, and a line says as much as the viewer may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.timeline.indexing import show_in
from rapport.engines.timeline.read import Told, tells
from rapport.kernel.access import gate
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def show_in_stories(
    ctx: Context, mails: Sequence[tuple[UUID, dt.datetime, UUID | None]], persons: Sequence[Mapping[str, object]]
) -> None:
    """Let a message show with everybody who took part, besides the customer it names itself."""
    known = {pk: (at, customer) for pk, at, customer in mails}
    links = []
    for one in persons:
        pk, customer = one["mail"], one["customer"]
        at, own = known[pk]  # type: ignore[index]
        if customer != own:
            links.append((customer, "mail", pk, at))
    show_in(ctx, links)  # type: ignore[arg-type]


@tells("mail")
def subject_and_opening(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, Told]:
    """The subject and the first words of messages, as far as this viewer may see either."""
    found: dict[UUID, Told] = {}
    subjects = gate.visible(ctx, registry.get("mail_subject")).filter(mail_id__in=ids)
    titles = dict(subjects.values_list("mail_id", "subject"))
    people = dict(gate.visible(ctx, registry.get("mail")).filter(pk__in=ids).values_list("pk", "people"))
    texts = dict(gate.visible(ctx, registry.get("mail_text")).filter(mail_id__in=ids).values_list("mail_id", "opening"))
    for pk in ids:
        if pk in titles or pk in texts:
            found[pk] = Told(titles.get(pk, ""), texts.get(pk, ""), people.get(pk, ""))
    return found
