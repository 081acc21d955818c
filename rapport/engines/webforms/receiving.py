"""From what a visitor typed to a record: kept, confirmed, taken once, forgotten."""

from __future__ import annotations

import datetime as dt
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from rapport.engines.webforms.models import PublicForm, Submission, WebForm
from rapport.engines.webforms.questions import Question, askable, read_answers
from rapport.engines.webforms.registry import FILES, Received, receiver
from rapport.kernel.access.current import unscoped, use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.context import Context, system_context
from rapport.kernel.errors import RapportError
from rapport.kernel.files.attaching import hold, let_go
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import enqueue, job

#: The same answers to the same form within this time are the same visitor pressing twice, or a program.
SAME = dt.timedelta(days=7)
#: So long the link in the mail is good, and what nobody confirmed is kept.
CONFIRM_WITHIN = dt.timedelta(days=7)
#: So long it is known that something was sent; its values are gone much earlier.
_KEPT = dt.timedelta(days=90)


@dataclass(frozen=True)
class Kept:
    """What came of sending: nothing new (the same again), or a submission, and whether a mail has to be confirmed first."""

    submission: Submission | None
    email: str = ""


def open_form(key: str) -> PublicForm | None:
    """The form at an address, when it is open: the one question asked outside of any workspace."""
    with unscoped("the workspace of a web form is known by its address only"):
        return PublicForm.objects.select_related("workspace").filter(key=key, is_open=True).first()


def questions_of(form: PublicForm) -> list[Question]:
    """The questions as visitors see them."""
    return [
        Question(
            str(one["key"]), str(one["label"]), str(one["input"]), bool(one["is_required"]),
            tuple((str(value), str(words)) for value, words in one["choices"]),
        )
        for one in form.shown["asks"]
    ]  # fmt: skip


def makes(form: PublicForm) -> str:
    """The type that a form makes; forms of before there was a choice make the first."""
    return str(form.shown.get("makes") or "")


def keep(
    form: PublicForm, given: Mapping[str, str], *, has_consent: bool, source: str, campaign: str,
    files: Sequence[Mapping[str, object]] = (),
) -> Kept:  # fmt: skip
    """Check the answers and keep them; raises Invalid with a sentence per question. Tells nothing about who is known.

    What needs no confirmation is taken by a job, so that the answer takes the same time whoever is known.
    """
    ctx = system_context(form.workspace, "web form")
    values = read_answers(ctx, questions_of(form), given, makes(form))
    fields = askable(ctx, makes(form))
    stored = {key: fields[key].kind.to_json(value) for key, value in values.items()}
    if files:
        stored[FILES] = [dict(one) for one in files]
    digest = _digest(form, stored)
    since = dt.datetime.now(dt.UTC) - SAME
    rows = Submission.objects.filter(workspace_id=form.workspace_id, form_id=form.record_id)
    if rows.filter(digest=digest, sent_at__gte=since).exists():
        return Kept(None)
    email = _first_email(values.get(receiver(makes(form)).email)) if form.shown["is_confirmed"] else ""
    with transaction.atomic():
        hold(ctx, [str(one["key"]) for one in files])
        made = Submission.objects.create(
            workspace_id=form.workspace_id, form_id=form.record_id, state="waiting" if email else "received", values=stored,
            has_consent=has_consent and bool(form.shown["consent"]), digest=digest, source=source[:80], campaign=campaign[:80],
            sent_at=dt.datetime.now(dt.UTC),
        )  # fmt: skip
        if not email:
            enqueue(take, workspace=form.workspace, key=str(made.pk), submission=str(made.pk))
    return Kept(made, email)


def confirm(workspace_id: UUID, submission_id: UUID) -> bool:
    """The sender opened the link in the mail; whether there is something to thank for. Inside the workspace."""
    since = dt.datetime.now(dt.UTC) - CONFIRM_WITHIN
    rows = Submission.objects.filter(workspace_id=workspace_id, pk=submission_id)
    with transaction.atomic():
        if rows.filter(state="waiting", sent_at__gte=since).update(state="received", confirmed_at=dt.datetime.now(dt.UTC)):
            enqueue(take, workspace=workspace_id, key=str(submission_id), submission=str(submission_id))
            return True
    return rows.exclude(state="waiting").exists()


@job(max_attempts=5, name="webforms.take")
def take(job_ctx: JobContext, *, submission: str) -> str:
    """Make a record of what was sent, once: record and note of it are one transaction."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        ctx = system_context(workspace, "web form")
        rows = Submission.objects.filter(workspace_id=workspace.pk, pk=UUID(submission))
        try:
            with unit_of_work(ctx):
                one = rows.select_for_update().filter(state="received").first()
                form = WebForm.objects.filter(pk=one.form_id).first() if one else None
                if one is None or form is None:
                    return "nothing to do"
                made_type, made_id = receiver(form.makes).take(ctx, _received(ctx, form, one))
                rows.update(state="done", values={}, made_type=made_type, made_id=made_id)
                return made_type
        except RapportError as wrong:
            rows.update(state="failed", problem=wrong.sentence[:300])
            return "failed"


def _received(ctx: Context, form: WebForm, one: Submission) -> Received:
    fields = askable(ctx, form.makes)
    values = {key: fields[key].kind.from_json(value) for key, value in one.values.items() if key in fields}
    said = tuple((str(fields[key].label), fields[key].kind.text(value, ctx.format)) for key, value in values.items())
    return Received(
        form=form.name, values=values, said=said, is_confirmed=one.confirmed_at is not None,
        consent=form.consent_text if one.has_consent else "", consent_for=form.consent_for, source=one.source,
        campaign=one.campaign or form.campaign, owner_id=form.owner_id, at=one.sent_at,
        files=one.values.get(FILES) or (), place=form.place,
    )  # fmt: skip


def thin(workspace: Workspace, now: dt.datetime | None = None) -> int:
    """Drop what nobody confirmed in time, and after 90 days that anything was sent."""
    at = now or dt.datetime.now(dt.UTC)
    with use_workspace(workspace):
        rows = Submission.objects.filter(workspace_id=workspace.pk)
        late = rows.filter(state="waiting", sent_at__lt=at - CONFIRM_WITHIN)
        with_files = rows.filter(state__in=("waiting", "failed"), values__has_key=FILES)
        over = [*with_files.filter(pk__in=late), *with_files.filter(state="failed", sent_at__lt=at - _KEPT)]
        let_go(system_context(workspace, "web form"), [str(file["key"]) for one in over for file in one.values[FILES]])
        gone = late.delete()[0]
        return gone + rows.filter(state__in=("done", "failed"), sent_at__lt=at - _KEPT).delete()[0]


@every(seconds=86_400)
@job(max_attempts=1, name="webforms.thin")
def thin_everywhere(job_ctx: JobContext) -> int:
    """Once a day, in every workspace."""
    return sum(thin(workspace) for workspace in Workspace.objects.all())


def _digest(form: PublicForm, stored: Mapping[str, object]) -> str:
    text = json.dumps([str(form.record_id), stored], sort_keys=True, ensure_ascii=False)
    return hmac.new(settings.SECRET_KEY.encode(), text.casefold().encode(), "sha256").hexdigest()


def _first_email(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return str(value[0].get("value", ""))
    return str(value or "")
