"""One turn at a mailbox: sign in, read, note how it went and when to come again."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from uuid import UUID

from django.utils import timezone

from rapport.engines.mail.access_tokens import access_token
from rapport.engines.mail.fetching import Run, count_against, folders_of, look_again, read_new, read_older
from rapport.engines.mail.imap import ImapSession, Server
from rapport.engines.mail.models import FolderState, Mailbox, MailboxState
from rapport.engines.mail.problems import NEEDS_HANDS, MailProblem
from rapport.engines.mail.secrets import unseal
from rapport.kernel.access.models import Workspace
from rapport.kernel.context import system_context

log = logging.getLogger("rapport.mail")
#: How often a mailbox is looked into.
EVERY = dt.timedelta(minutes=3)
#: After so long without a good turn a mailbox counts as red.
RED_AFTER = dt.timedelta(minutes=15)
_LONGEST_PAUSE = dt.timedelta(hours=6)
_COUNTED_EVERY = dt.timedelta(hours=23)


def take_turn_at(workspace: Workspace, mailbox_id: UUID, *, stop: Callable[[], bool] = bool) -> Run | None:
    """Read one mailbox. Inside `use_workspace`; problems are noted, not raised. None when there was nothing to read with."""
    mailbox = Mailbox.objects.filter(pk=mailbox_id, deleted_at=None, is_active=True).first()
    state = state_of(workspace, mailbox_id)
    if mailbox is None or state is None:
        return None
    noted = MailboxState.objects.filter(workspace_id=workspace.pk, mailbox_id=mailbox_id)
    noted.update(tried_at=timezone.now())
    try:
        with ImapSession(server_of(workspace, mailbox, state)) as session:
            run = Run(system_context(workspace, "mail"), mailbox, session, stop)
            _read(workspace, run, state)
    except MailProblem as problem:
        _note_problem(workspace, state, problem)
        return None
    now = timezone.now()
    noted.update(good_at=now, problem="", failures=0, next_at=now if run.more else now + EVERY)
    return run


def state_of(workspace: Workspace, mailbox_id: UUID) -> MailboxState | None:
    """How a mailbox does."""
    return MailboxState.objects.filter(workspace_id=workspace.pk, mailbox_id=mailbox_id).first()


def server_of(workspace: Workspace, mailbox: Mailbox, state: MailboxState) -> Server:
    """Where to sign in, with the secrets opened. Raises MailProblem when there are none."""
    if not state.secret:
        raise MailProblem("no_secret")
    place = (mailbox.imap_host, mailbox.imap_port, mailbox.imap_security, mailbox.user_name)
    if mailbox.sign_in == "oauth2":
        return Server(*place, access_token=access_token(workspace, mailbox, state))
    return Server(*place, password=unseal(state.secret))


def is_red(state: MailboxState, now: dt.datetime) -> bool:
    """Whether somebody should look: no good turn for a quarter of an hour, or none ever."""
    return now - (state.good_at or state.made_at) > RED_AFTER or state.problem in NEEDS_HANDS


def _read(workspace: Workspace, run: Run, state: MailboxState) -> None:
    folders = [read_new(run, name, is_sent=is_sent) for name, is_sent in folders_of(run)]
    noted = MailboxState.objects.filter(workspace_id=workspace.pk, mailbox_id=run.mailbox.pk)
    # What is new has been read: from here on the mailbox does well, however long the older mail takes.
    noted.update(good_at=timezone.now(), problem="", failures=0)
    for address in list(state.look_for):
        for folder in folders:
            look_again(run, folder, address)
        _looked_for(workspace, run.mailbox.pk, address)
    if state.counted_at is None or timezone.now() - state.counted_at > _COUNTED_EVERY:
        for folder in folders:
            count_against(run, folder)
        noted.update(counted_at=timezone.now(), missing=run.missing)
    for folder in folders:
        read_older(run, folder)
    names = [folder.name for folder in folders]
    FolderState.objects.filter(workspace_id=workspace.pk, mailbox_id=run.mailbox.pk).exclude(name__in=names).delete()


def _looked_for(workspace: Workspace, mailbox_id: UUID, address: str) -> None:
    state = state_of(workspace, mailbox_id)
    if state is not None:
        left = [one for one in state.look_for if one != address]
        MailboxState.objects.filter(workspace_id=workspace.pk, mailbox_id=mailbox_id).update(look_for=left)


def _note_problem(workspace: Workspace, state: MailboxState, problem: MailProblem) -> None:
    failures = state.failures + 1
    pause = min(EVERY * 2 ** min(failures - 1, 10), _LONGEST_PAUSE)
    if problem.code in NEEDS_HANDS:  # asking again and again locks accounts
        pause = max(pause, dt.timedelta(minutes=30))
    log.warning("Mailbox %s: %s", state.mailbox_id, problem.code)
    MailboxState.objects.filter(workspace_id=workspace.pk, mailbox_id=state.mailbox_id).update(
        problem=problem.code, failures=failures, next_at=timezone.now() + min(pause, _LONGEST_PAUSE)
    )
