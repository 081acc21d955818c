"""Which articles fit what somebody wrote, for the team and for outsiders; and what became of them.

A ticket page and a customer's form ask here: `suggest` with the viewer's context, `suggest_outside` without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from rapport.engines.publishing import opinions
from rapport.engines.publishing.finding import Found, fitting
from rapport.engines.publishing.models import AUDIENCES
from rapport.kernel.access import gate
from rapport.kernel.kinds.mentions import plain
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot
from rapport.modules.knowledge.inserting import ready_for

if TYPE_CHECKING:
    from rapport.kernel.access.models import Workspace
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

_EVERYBODY = tuple(key for key, _label in AUDIENCES)
#: Kinds of fields whose words are looked at.
_WORDS = ("text", "longtext", "markdown")
_MOST = 5


def suggest(ctx: Context, text: str, *, language: str = "", limit: int = _MOST) -> list[Found]:
    """The published articles that fit a text best, of those the viewer may see; in a language, else in those around them."""
    info = registry.get("article")
    if not text.strip() or not gate.allows(ctx, info, "view"):
        return []
    languages = [language] if language else list(dict.fromkeys([ctx.workspace.language[:2], ctx.format.language[:2]]))
    found = [
        one for each in languages
        for one in fitting(ctx.workspace.pk, _EVERYBODY, each, text, limit=4 * limit)
    ]  # fmt: skip
    seen = set(gate.visible(ctx, info).filter(pk__in=[one.record_id for one in found]).values_list("pk", flat=True))
    return sorted((one for one in found if one.record_id in seen), key=lambda one: -one.score)[:limit]


def suggest_outside(
    workspace: Workspace, text: str, *, language: str, is_customer: bool = False, limit: int = _MOST
) -> list[Found]:
    """The same for somebody outside: public articles, and those for signed-in customers for one of them."""
    return fitting(workspace.pk, ("public", "portal") if is_customer else ("public",), language, text, limit=limit)


def note_used(ctx: Context, article_id: UUID) -> None:
    """Somebody answered with this article."""
    opinions.count(ctx.workspace.pk, article_id, "used")


def note_solved(ctx: Context, article_id: UUID) -> None:
    """What it was used for was solved by it."""
    opinions.count(ctx.workspace.pk, article_id, "solved")


@slot("record.aside", type_key="ticket", order=15)
def suggested(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Articles that fit a ticket, by the words of its fields that the viewer may see."""
    if info is None or record is None:
        return None
    seen = gate.fields(ctx, info).values()
    words = [str(getattr(record, one.path, "") or "") for one in seen if one.source == "column" and one.kind.key in _WORDS]
    found = suggest(ctx, plain("\n".join(words)))
    articles = registry.get("article")
    is_ticket = info.key == "ticket"
    ready = ready_for(ctx, [one.record_id for one in found], getattr(record, "person_id", None)) if is_ticket else {}
    lines = [(one, articles.record_url(one.record_id), ready.get(one.record_id)) for one in found]
    return Panel(_("Articles that fit"), "knowledge/suggested.html", {"lines": lines}) if lines else None
