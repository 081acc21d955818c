"""The mail with the link by which a sender confirms, and the page behind the link."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from rapport.engines.webforms.models import PublicForm, Submission
from rapport.engines.webforms.receiving import CONFIRM_WITHIN, confirm
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Workspace
from rapport.kernel.ids import as_id
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.surfaces.web.help.answering import missing
from rapport.surfaces.web.signing_in import mails

_SALT = "rapport.web_form.confirm"


def send_link(submission: Submission, base: str) -> None:
    """Have the mail sent; once, whatever happens."""
    enqueue(mail_link, workspace=submission.workspace_id, key=str(submission.pk), submission=str(submission.pk), base=base)


@job(max_attempts=3, name="web.confirm_form")
def mail_link(job_ctx: JobContext, *, submission: str, base: str) -> bool:
    """Mark it as mailed, then mail it. It says nothing that the sender typed: nobody can write to others through a form."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        rows = Submission.objects.filter(workspace_id=workspace.pk, pk=UUID(submission), state="waiting")
        if not rows.filter(mailed_at=None).update(mailed_at=dt.datetime.now(dt.UTC)):
            return False
        one = rows.get()
        form = PublicForm.objects.get(workspace_id=workspace.pk, record_id=one.form_id)
        to = _address_in(one)
        if not to:
            return False
        with translation.override(str(form.shown.get("language") or "en")):
            link = f"{base}/form/confirm/{signing.dumps([workspace.pk.hex, one.pk.hex], salt=_SALT)}"
            body = _(
                "Somebody, probably you, filled in the form “%(form)s” of %(company)s with this address.\n\n"
                "Open this link to confirm it:\n%(link)s\n\n"
                "If it was not you, do nothing; what was typed is dropped after 7 days."
            ) % {"form": form.shown["name"], "company": workspace.name, "link": link}
            return mails.send(to, _("Confirm what you sent to %(company)s") % {"company": workspace.name}, body)


def _address_in(one: Submission) -> str:
    """The first e-mail address among the answers."""
    for value in one.values.values():
        if isinstance(value, list) and value and isinstance(value[0], dict) and "@" in str(value[0].get("value", "")):
            return str(value[0]["value"])
    return ""


@csrf_exempt  # the token in the address is the key, and it opens nothing but this
@require_http_methods(["GET", "HEAD", "POST"])
def confirmed(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a button: programs that open every link in a mail confirm nothing by looking."""
    try:
        found = [as_id(one) for one in signing.loads(token, salt=_SALT, max_age=CONFIRM_WITHIN)]
    except signing.BadSignature:
        return missing(request)
    workspace_id, submission_id = found
    if workspace_id is None or submission_id is None:
        return missing(request)
    with use_workspace(workspace_id):
        one = Submission.objects.filter(workspace_id=workspace_id, pk=submission_id).first()
        form = PublicForm.objects.filter(workspace_id=workspace_id, record_id=one.form_id).first() if one else None
        if one is None or form is None:
            return missing(request)
        language = str(form.shown.get("language") or "en")
        is_done = request.method == "POST" and confirm(workspace_id, submission_id)
        with translation.override(language):
            values = {"form": form.shown, "is_done": is_done or one.state != "waiting", "language": language, "direction": "ltr",
                      "is_framed": False}  # fmt: skip
            text = loader.render_to_string("forms/confirm.html", values, request)
    return HttpResponse(text, headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"})
