"""What the page of a form shows: its address, how to put it on a site, and what came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from rapport.engines.webforms.models import PublicForm, Submission, WebForm
from rapport.engines.webforms.receiving import questions_of
from rapport.kernel.records.registry import registry
from rapport.kernel.slots import Panel, slot

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo

_MOST = 10


@slot("record.reading", type_key="web_form")
def at_work(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Where it is and what was sent lately."""
    if not isinstance(record, WebForm) or info is None:
        return None
    public = PublicForm.objects.filter(workspace_id=ctx.workspace.pk, record_id=record.pk).first()
    if public is None:
        return None
    sent = Submission.objects.filter(workspace_id=ctx.workspace.pk, form_id=record.pk).order_by("-sent_at")[:_MOST]
    lines = [
        (one, registry.get(one.made_type).record_url(one.made_id) if one.made_id and one.made_type in registry else "")
        for one in sent
    ]
    values = {
        "form": record, "key": public.key, "questions": questions_of(public), "lines": lines,
        "base": settings.BASE_URL or "http://localhost", "builder": f"{info.record_url(record.pk)}/questions",
    }  # fmt: skip
    return Panel(_("At work"), "webforms/at_work.html", values)
