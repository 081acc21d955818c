"""Batches on the page: done at once when small, as a job with progress and Stop when large, and one Undo for all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from rapport.engines.batches.models import Batch
from rapport.engines.batches.run import begin, end, find, take_back
from rapport.engines.batches.tasks import start
from rapport.kernel.actions.running import find_action
from rapport.kernel.context import Context
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.queue import request_stop
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web.shell import is_part
from rapport.surfaces.web.toasts import say, trigger

#: What stands before a batch's id where an undo mark is expected.
MARK = "batch:"


def do_batch(ctx: Context, info: TypeInfo, ids: Sequence[UUID], what: Mapping[str, object]) -> Batch:
    """Do it now, or hand it to a job when it is large."""
    return start(ctx, begin(ctx, info, ids, what))


def undo_batch(request: HttpRequest, mark: str) -> HttpResponse:
    """Take a whole batch back; called by `/undo` for marks that name one."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    with transaction.atomic():
        batch = take_back(ctx, find(ctx, mark.removeprefix(MARK)))
    batch = start(ctx, batch)
    if is_part(request):
        answer = HttpResponse(status=204)
        if batch.finished_at is None:
            return trigger(answer, batchStarted=state_of(batch))
        tell(request, batch)  # shown by the page that the refresh brings
        return trigger(answer, refresh=True)
    tell(request, batch)
    return HttpResponseRedirect(registry.get(batch.type).url)


def tell(request: HttpRequest, batch: Batch) -> None:
    """Say what came of a batch, or that it is on its way."""
    if batch.finished_at is None:
        say(request, _("%(count)d rows are being worked on; you can go on meanwhile.") % {"count": batch.total}, kind="info")
        return
    if batch.done or not batch.problems:
        say(request, text_of(batch), undo=mark_of(batch))
    for sentence in batch.problems[:3]:
        say(request, sentence, kind="bad")


@require_GET
def batch_state(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """How far a batch is, for its progress toast."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    batch = find(ctx, batch_id)
    if batch.finished_at is None and batch.job_id:
        job = Job.objects.filter(workspace_id=ctx.workspace.pk, pk=batch.job_id).first()
        if job is not None and job.is_finished:
            batch.refresh_from_db()
            if batch.finished_at is None:
                end(ctx, batch)  # stopped before it began, or out of attempts
    return JsonResponse(state_of(batch))


@require_POST
def stop_batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Ask for a stop after the portion in hand; what was done stays, and can be taken back."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    batch = find(ctx, batch_id)
    job = Job.objects.filter(workspace_id=ctx.workspace.pk, pk=batch.job_id).first() if batch.job_id else None
    if job is not None and not job.is_finished:
        request_stop(job)
    if not is_part(request):
        return HttpResponseRedirect(registry.get(batch.type).url)
    return JsonResponse(state_of(batch))


def state_of(batch: Batch) -> dict[str, object]:
    """A batch as its progress toast needs it."""
    is_over = batch.finished_at is not None
    return {
        "id": str(batch.pk), "total": batch.total, "done": batch.total - len(batch.left), "over": is_over,
        "text": text_of(batch) if is_over else _progress(batch), "problems": batch.problems[:3],
        "undo": mark_of(batch) if is_over else "", "kind": _kind(batch),
    }  # fmt: skip


def mark_of(batch: Batch) -> str:
    """What `/undo` needs to take the batch back; an undo has none."""
    return f"{MARK}{batch.pk}" if batch.done and batch.what["do"] != "undo" else ""


def _kind(batch: Batch) -> str:
    return "ok" if batch.done or not batch.problems else "bad"


def _progress(batch: Batch) -> str:
    return _("%(done)d of %(total)d rows") % {"done": batch.total - len(batch.left), "total": batch.total}


def text_of(batch: Batch) -> str:
    """One sentence about what was done."""
    n, what = batch.done, batch.what
    if what["do"] == "undo":
        return ngettext("%(count)d change taken back.", "%(count)d changes taken back.", n) % {"count": n}
    if what["do"] == "delete":
        return ngettext("%(count)d deleted.", "%(count)d deleted.", n) % {"count": n}
    if what["do"] == "run":
        label = find_action(registry.get(batch.type), str(what["action"])).label
        return _("%(action)s: %(count)d done.") % {"action": label, "count": n}
    return ngettext("%(count)d row changed.", "%(count)d rows changed.", n) % {"count": n}
