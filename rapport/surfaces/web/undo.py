"""Undo: take back what was just done, from the change log, through the same door and rights as everything else."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from rapport.engines.duplicates.groups import MOST as MOST_MEMBERS
from rapport.kernel.access import gate
from rapport.kernel.changes.models import WRITES, Change
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.changes.values import from_log, settable_fields
from rapport.kernel.context import Context
from rapport.kernel.errors import Conflict, Gone, Invalid
from rapport.kernel.ids import as_id
from rapport.kernel.records.registry import TypeInfo, registry
from rapport.surfaces.web import write_page
from rapport.surfaces.web.batch import MARK, undo_batch
from rapport.surfaces.web.duplicates_page import undo_merge, undo_merges
from rapport.surfaces.web.shell import is_part
from rapport.surfaces.web.toasts import say, say_now, trigger

MOST = 200


@dataclass(frozen=True)
class Mark:
    """Which change to take back: the one that made this version of this record."""

    info: TypeInfo
    record_id: UUID
    version: int


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back the changes named by the posted marks, all or none."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if request.POST.get("what", "").startswith(MARK):
        return undo_batch(request, request.POST["what"])
    if request.POST.get("what", "").startswith(write_page.MARK):
        return write_page.undo_mail(request, request.POST["what"])
    if request.POST.get("what", "").startswith("merge:"):
        ids = [as_id(one) or UUID(int=0) for one in request.POST["what"].partition(":")[2].split()][:MOST_MEMBERS]
        return undo_merges(request, ids) if len(ids) > 1 else undo_merge(request, ids[0] if ids else UUID(int=0))
    marks = read_marks(request.POST.get("what", ""))
    with unit_of_work(ctx):
        for mark in marks:
            take_back(ctx, mark)
    text = ngettext("Taken back.", "%(count)d changes taken back.", len(marks)) % {"count": len(marks)}
    if is_part(request):
        return trigger(say_now(HttpResponse(status=204), text), refresh=True, recordChanged=True)
    say(request, text)
    came_from = request.headers.get("Referer", "")
    fits = url_has_allowed_host_and_scheme(
        came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if len(marks) == 1 and marks[0].version == 1:
        return HttpResponseRedirect(marks[0].info.url)
    return HttpResponseRedirect(came_from if fits else "/")


def read_marks(text: str) -> list[Mark]:
    """The marks of a posted text; raises Invalid for none or too many, Gone for a broken one."""
    parts = text.split()
    if not 1 <= len(parts) <= MOST:
        raise Invalid(_("There is nothing to take back."), code="nothing_to_undo")
    found = []
    for part in parts:
        key, _colon, rest = part.partition(":")
        pk, _colon, version = rest.partition(":")
        ident = as_id(pk)
        if ident is None or not (version.isascii() and version.isdigit()) or len(version) > 9:
            raise Gone(_("There is nothing to take back here."))
        found.append(Mark(registry.get(key), ident, int(version)))
    return found


def take_back(ctx: Context, mark: Mark) -> None:
    """Reverse one change. Raises Gone, Refused, or Conflict when somebody changed the record since."""
    change = Change.objects.filter(
        workspace_id=ctx.workspace.pk, type=mark.info.key, record_id=mark.record_id, version=mark.version,
        verb__in=WRITES, redacted_at=None,
    ).first()  # fmt: skip
    if change is None or change.actor_id != ctx.actor_id:
        raise Gone(_("There is nothing to take back here."))
    if change.verb == "delete":
        record = gate.get(ctx, mark.info, mark.record_id, in_bin=True)
        ctx.restore(record)
        return
    record = gate.get(ctx, mark.info, mark.record_id)
    if record.version != mark.version and _changed_since(ctx, mark):
        raise Conflict(
            _("This %(type)s was changed since; look at its history to put single values back.")
            % {"type": mark.info.label}
        )
    if change.verb in ("create", "restore"):
        ctx.delete(record)
        return
    # What an action set, only that action may set back: the right to it is asked again.
    acting = (
        ctx.acting(change.action, [record.pk])
        if change.action and gate.may(ctx, mark.info, record, change.action)
        else ctx
    )
    settable = settable_fields(acting, mark.info, creating=False)
    before = from_log(settable, {key: old for key, (old, _new) in change.diff.items()})
    if not before:
        raise Invalid(
            _("This cannot be taken back by itself; use the buttons of the %(type)s.") % {"type": mark.info.label}
        )
    acting.write(record, **before)


def _changed_since(ctx: Context, mark: Mark) -> bool:
    """Whether anything was changed since but what Rapport keeps right by itself (a next step, a last contact)."""
    later = Change.objects.filter(
        workspace_id=ctx.workspace.pk, type=mark.info.key, record_id=mark.record_id, version__gt=mark.version
    ).values_list("verb", "diff")
    derived = {key for key, one in mark.info.fields.items() if one.readonly}
    return any(verb != "update" or not set(diff) <= derived for verb, diff in later)
