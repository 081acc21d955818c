"""The installation's backups, for the person who runs it: which there are, which were proven, and two buttons.

A backup holds every workspace. So the page is there only where the installation belongs to one company: one workspace
(besides a sample), and nobody may make further ones. Where many live, whoever runs the server has the command line.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from rapport.engines.backup import place, record
from rapport.engines.backup.create import KEYS_SUFFIX
from rapport.engines.backup.jobs import MAKE, PROVE, ask
from rapport.engines.backup.keeping import Kept, kept_in
from rapport.engines.backup.sealing import is_sealed
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.events import note_event
from rapport.kernel.context import Context
from rapport.kernel.ids import as_id
from rapport.kernel.jobs.models import Job
from rapport.kernel.jobs.queue import request_stop
from rapport.surfaces.web.problems import missing
from rapport.surfaces.web.shell import render
from rapport.surfaces.web.signing_in.guards import fresh
from rapport.surfaces.web.toasts import say

_URL = "/settings/backups"


@dataclass(frozen=True)
class Line:
    """One backup as the list shows it."""

    name: str
    at: dt.datetime
    size: int
    is_sealed: bool
    proven_at: dt.datetime | None
    proven_by: str


def runs_installation(ctx: Context) -> bool:
    """Whether the viewer is the one who runs this installation: an owner, in the only workspace there is."""
    if ctx.viewer.role_key != "owner" or ctx.viewer.preview_of or settings.OPEN_WORKSPACES:
        return False
    found = list(Workspace.objects.order_by("is_sample", "pk").values_list("pk", "is_sample")[:2])
    others_are_samples = len(found) < 2 or (not found[0][1] and found[1][1])
    return others_are_samples and found[0][0] == ctx.workspace.pk


def _demand(request: HttpRequest) -> Context:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    if not runs_installation(ctx):
        raise missing()
    return ctx


@never_cache
@require_GET
def backups(request: HttpRequest) -> HttpResponse:
    """The page."""
    _demand(request)
    return render(request, "settings/backups.html", _values(request))


@never_cache
@require_GET
def state(request: HttpRequest) -> HttpResponse:
    """The part of the page that changes while a backup is made; it asks again by itself until that is over."""
    _demand(request)
    return render(request, "settings/backups_state.html", _values(request))


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Back up now, prove the newest, or stop what is under way."""
    ctx = _demand(request)
    job, what = _job(ctx), request.POST.get("do", "")
    if what == "stop" and job is not None:
        request_stop(job)
        say(request, _("It stops in a moment. Nothing half is kept."))
    elif what in (MAKE, PROVE) and job is None and ctx.viewer.user_id is not None:
        ask(ctx.workspace, ctx.viewer.user_id, what=what, who=ctx.viewer.name)
    return HttpResponseRedirect(_URL)


@never_cache
@require_GET
def download(request: HttpRequest, name: str) -> HttpResponse:
    """One backup as a file, never its key. It holds everything there is, so a proof of who asks is needed just before,
    and the audit log says that it went out."""
    _demand(request)  # first: to whoever the page is not there for, it asks for no proof either
    return _file(request, name)


@fresh
def _file(request: HttpRequest, name: str) -> HttpResponse:
    ctx = _demand(request)
    found = next((one for one in kept_in(place.folder()) if one.path.name == name), None)
    if found is None:
        raise missing()
    note_event(ctx, "exported", what="backup", file=name)
    response = FileResponse(found.path.open("rb"), as_attachment=True, filename=name, content_type="application/octet-stream")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _values(request: HttpRequest) -> dict[str, object]:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    age, last, job = record.proof_age(), record.last_verified(), _job(ctx)
    proofs = record.proofs()
    return {
        "lines": [_line(one, proofs) for one in kept_in(place.folder())],
        "is_on": place.is_on(),
        "folder": str(place.folder()),
        "keys_suffix": KEYS_SUFFIX,
        "is_same_disk": place.is_same_disk(),
        "seals": bool(settings.BACKUP_PASSPHRASE_FILE),
        "proven_at": last[0] if last else None,
        "is_late": age is None or age > record.OLDEST_PROOF,
        "problem": record.last_problem(),
        "job": job,
        "is_busy": job is None and place.is_busy(),
        "now": timezone.now(),
        "by_itself": record.BY_ITSELF,
        "by_command": record.BY_COMMAND,
    }


def _line(one: Kept, proofs: dict[str, tuple[dt.datetime, str]]) -> Line:
    proven_at, by = proofs.get(one.path.name, (None, ""))
    return Line(one.path.name, one.at, one.path.stat().st_size, is_sealed(one.path), proven_at, by)


def _job(ctx: Context) -> Job | None:
    """What was asked for on this page and is not done."""
    wanted = as_id(record.asked_job())
    open_ones = (Job.Status.READY, Job.Status.RUNNING)
    return Job.objects.filter(pk=wanted, workspace_id=ctx.workspace.pk, status__in=open_ones).first() if wanted else None
