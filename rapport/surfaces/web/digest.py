"""Notices by mail: a digest in the morning, a mention at once. At most once each.

A mail cannot be taken back and the server's word may be lost, so what goes into one is marked as mailed, and committed,
before it is handed over: a job that is killed in between has sent nothing, and nothing is sent twice. What the mail server
plainly refused is unmarked again. Whatever no mail brought still stands in the bell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.engines.notices.choices import choice_of, next_turn
from rapport.engines.notices.models import Notice, NoticeChoice
from rapport.engines.notices.reading import Told, told
from rapport.engines.notices.writing import tell_at_once
from rapport.kernel.access.current import use_workspace
from rapport.kernel.access.models import Account, User, Workspace
from rapport.kernel.context import Context, context_for
from rapport.kernel.jobs.context import JobContext
from rapport.kernel.jobs.schedules import every
from rapport.kernel.jobs.tasks import enqueue, job
from rapport.surfaces.web.notice_words import sentence
from rapport.surfaces.web.signing_in import mails

_SALT = "rapport.notices.unsubscribe"
_MOST = 50


@every(seconds=300)
@job(max_attempts=1, name="web.enqueue_digests")
def enqueue_digests(job_ctx: JobContext) -> int:
    """A job for every digest whose time has come; its key makes one turn one job."""
    found = 0
    for workspace in Workspace.objects.all():
        with use_workspace(workspace):
            due = NoticeChoice.objects.filter(workspace_id=workspace.pk, next_at__lte=dt.datetime.now(dt.UTC))
            for user_id, turn in list(due.values_list("user_id", "next_at")):
                enqueue(send_digest, workspace=workspace, key=f"{user_id}:{turn:%Y%m%d%H%M}", user=str(user_id))
                found += 1
    return found


@job(max_attempts=3, name="web.send_digest")
def send_digest(job_ctx: JobContext, *, user: str) -> bool:
    """Mail a person what they have not read; nothing when there is nothing."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        claimed = _claim_turn(workspace, UUID(user))
        return _mail(workspace, UUID(user), claimed) if claimed else False


def _claim_turn(workspace: Workspace, user_id: UUID) -> list[Notice]:
    """Move the person's turn on and mark what goes into this digest, in one transaction that is committed first."""
    now = dt.datetime.now(dt.UTC)
    with transaction.atomic():
        rows = NoticeChoice.objects.filter(workspace_id=workspace.pk, user_id=user_id)
        choice = rows.select_for_update().first()
        if choice is None or choice.next_at is None or choice.next_at > now:
            return []
        ctx = _reader(workspace, user_id)
        rows.update(next_at=next_turn(choice.digest, now, ctx.format.zone) if ctx else None)
        fresh = Notice.objects.filter(workspace_id=workspace.pk, user_id=user_id, read_at=None, mailed_at=None).order_by("-id")
        claimed = list(fresh[:_MOST]) if ctx else []
        _mark(workspace, claimed, now)
        return claimed


@job(max_attempts=3, name="web.mail_notice")
def mail_notice(job_ctx: JobContext, *, notice: str) -> bool:
    """Mail one notice at once, unless it was read or mailed meanwhile."""
    workspace = Workspace.objects.get(pk=job_ctx.workspace_id)
    with use_workspace(workspace):
        rows = Notice.objects.filter(workspace_id=workspace.pk, pk=UUID(notice), read_at=None, mailed_at=None)
        found = list(rows)
        if not found or not choice_of(workspace, found[0].user_id).mentions_now:
            return False
        if not rows.update(mailed_at=dt.datetime.now(dt.UTC)):
            return False
        return _mail(workspace, found[0].user_id, found)


def mail_at_once(workspace: Workspace, notice: Notice) -> None:
    """Have a notice mailed: one job for it, ever."""
    enqueue(mail_notice, workspace=workspace, key=str(notice.pk), notice=str(notice.pk))


tell_at_once.append(mail_at_once)


def _mark(workspace: Workspace, notices: Sequence[Notice], at: dt.datetime | None) -> None:
    Notice.objects.filter(workspace_id=workspace.pk, pk__in=[one.pk for one in notices]).update(mailed_at=at)


def _reader(workspace: Workspace, user_id: UUID) -> Context | None:
    """The context of the receiver, as they would see it now; None for somebody who left."""
    user = (
        User.objects.select_related("role").filter(workspace_id=workspace.pk, pk=user_id, is_active=True, deleted_at=None).first()
    )
    return context_for(user, "mail", workspace=workspace) if user is not None and user.account_id is not None else None


def _mail(workspace: Workspace, user_id: UUID, notices: Sequence[Notice]) -> bool:
    """One mail with what its receiver may see at this moment, in their language."""
    ctx = _reader(workspace, user_id)
    account = Account.objects.filter(pk=User.objects.get(pk=user_id).account_id, is_active=True).first() if ctx else None
    if ctx is None or account is None:
        return False
    with translation.override(ctx.format.language), timezone.override(ctx.format.zone):
        shown = told(ctx, notices)
        if not shown:
            return False
        link = f"{base_url()}/unsubscribe/{token_of(workspace, user_id)}"
        sent = mails.send(
            account.email, _subject(workspace, shown), _body(workspace, shown, link),
            headers={"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        )  # fmt: skip
    if not sent:
        _mark(workspace, notices, None)
    return sent


def _subject(workspace: Workspace, shown: Sequence[Told]) -> str:
    if len(shown) == 1:
        return sentence(shown[0])
    named = {"count": len(shown), "company": workspace.name}
    return ngettext("%(count)d notice at %(company)s", "%(count)d notices at %(company)s", len(shown)) % named


def _body(workspace: Workspace, shown: Sequence[Told], link: str) -> str:
    lines = [f"- {mails.one_line(sentence(one))}\n  {base_url()}{one.url}" for one in shown]
    first = _("What waits for you at %(company)s:") % {"company": mails.one_line(workspace.name)}
    last = [
        _("Choose which mails you get: %(link)s") % {"link": f"{base_url()}/settings/notices"},
        _("No more of these mails: %(link)s") % {"link": link},
    ]
    return "\n\n".join([first, *lines, "\n".join(last)]) + "\n"


def base_url() -> str:
    """What links in mails of jobs begin with: there is no request to ask."""
    return str(settings.BASE_URL or "http://localhost")


def token_of(workspace: Workspace, user_id: UUID) -> str:
    """The signed end of an unsubscribe link: it says whose mails end, and can do nothing else."""
    return signing.dumps([str(workspace.pk), str(user_id)], salt=_SALT, compress=False)


def read_token(token: str) -> tuple[Workspace, UUID] | None:
    """Whose link it is; None for one that we never made."""
    try:
        space, user = signing.loads(token[:500], salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    workspace = Workspace.objects.filter(pk=space).first()
    return (workspace, UUID(user)) if workspace is not None else None


__all__ = ["enqueue_digests", "mail_notice", "read_token", "send_digest", "token_of"]
