"""What the settings page of mailboxes does: secrets in, how it does, what was seen, read now, look again for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.engines.mail.jobs import start
from rapport.engines.mail.models import FolderState, Mailbox, MailboxState, SeenMessage
from rapport.engines.mail.problems import sentence
from rapport.engines.mail.secrets import seal
from rapport.engines.mail.turns import is_red
from rapport.kernel.access import gate
from rapport.kernel.changes.events import note_event
from rapport.kernel.changes.unit import unit_of_work
from rapport.kernel.errors import Invalid, Refused
from rapport.kernel.kinds.email import read_email
from rapport.kernel.records.registry import registry

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: Why a message is not kept, for people.
WHY = {
    "internal": gettext_lazy("only colleagues took part"),
    "blocked": gettext_lazy("with somebody on the list of those never to keep"),
    "nobody": gettext_lazy("with nobody who is written down here"), "too_large": gettext_lazy("too large"),
    "broken": gettext_lazy("without any address that can be read"),
    "stranger": gettext_lazy("handed in by somebody who is no colleague"),
    "unverified": gettext_lazy("handed in, but the receiving server does not vouch for the sender"),
}  # fmt: skip
OUTCOMES = {
    "stored": gettext_lazy("Taken in"), "joined": gettext_lazy("Was there already"), "skipped": gettext_lazy("Left out"),
}  # fmt: skip
#: Lines of the ledger counted for the page; beyond it "more than".
_COUNTED = 10_000
_MOST_LOOKED_FOR = 20


@dataclass(frozen=True)
class Health:
    """How a mailbox does."""

    state: MailboxState | None
    is_red: bool
    problem: str
    #: Whether older mail is still being read.
    is_behind: bool


def health_of(ctx: Context, mailbox: Mailbox, state: MailboxState | None, folders: list[FolderState]) -> Health:
    """How a mailbox does, in words."""
    if not mailbox.is_active:
        return Health(state, False, "", False)
    if state is None:
        return Health(None, True, sentence("no_secret"), False)
    return Health(state, is_red(state, ctx.format.now), sentence(state.problem), any(one.bottom > 1 for one in folders))


def states_of(ctx: Context, ids: list[UUID]) -> tuple[dict[UUID, MailboxState], dict[UUID, list[FolderState]]]:
    """States and folders of mailboxes the caller has passed through the gate; two queries."""
    states = MailboxState.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id__in=ids)
    folders: dict[UUID, list[FolderState]] = {}
    for one in FolderState.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id__in=ids).order_by("name"):
        folders.setdefault(one.mailbox_id, []).append(one)
    return {one.mailbox_id: one for one in states}, folders


def counts_of(ctx: Context, mailbox_id: UUID) -> tuple[dict[tuple[str, str], int], bool]:
    """How many of the latest messages had which outcome, and whether there are more than were counted."""
    latest = SeenMessage.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox_id).order_by("-id")
    ids = latest.values("pk")[:_COUNTED]
    rows = SeenMessage.objects.filter(workspace_id=ctx.workspace.pk, pk__in=ids).order_by().values("outcome", "why")
    found = {(row["outcome"], row["why"]): row["many"] for row in rows.annotate(many=Count("pk"))}
    return found, sum(found.values()) >= _COUNTED


def demand_own(ctx: Context, mailbox: Mailbox) -> None:
    """Raise Refused unless the mailbox is the viewer's: theirs, or one of their team."""
    is_own = mailbox.owner_id == ctx.viewer.user_id if mailbox.kind == "personal" else gate.may(
        ctx, registry.get("mailbox"), mailbox, "edit"
    )  # fmt: skip
    if not is_own:
        raise Refused(_("Only the person this mailbox belongs to may do that."))


def set_secrets(ctx: Context, mailbox: Mailbox, *, secret: str, client_secret: str) -> None:
    """Keep what was typed; an empty field changes nothing. From then on it can be replaced, and never read."""
    demand_own(ctx, mailbox)
    values: dict[str, object] = {}
    if secret:
        values |= {"secret": seal(secret), "access_token": "", "access_until": None}
    if client_secret:
        values["client_secret"] = seal(client_secret)
    if not values:
        return
    with unit_of_work(ctx):
        states = MailboxState.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk)
        if not states.update(problem="", failures=0, next_at=None, **values):
            # A workspace that moved here brought its mailboxes without their secrets.
            MailboxState.objects.create(
                mailbox_id=mailbox.pk, workspace_id=ctx.workspace.pk, made_at=ctx.format.now, **values
            )  # fmt: skip
        note_event(ctx, "secret_made", mailbox)
    read_soon(ctx, mailbox)


def read_soon(ctx: Context, mailbox: Mailbox) -> None:
    """Have the mailbox read as soon as a worker is free."""
    state = MailboxState.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk).first()
    if state is not None:
        start(ctx.workspace, state)


def look_for(ctx: Context, mailbox: Mailbox, address: str) -> str:
    """Look again for somebody's mail among what was not kept; returns the address as it was understood."""
    demand_own(ctx, mailbox)
    found = read_email(address.strip())
    if found is None:
        raise Invalid(_("Type the whole e-mail address, such as maya@example.org."), field="address")
    state = MailboxState.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk).first()
    if state is not None:
        wanted = list(dict.fromkeys([*state.look_for, found.lower()]))[-_MOST_LOOKED_FOR:]
        MailboxState.objects.filter(workspace_id=ctx.workspace.pk, mailbox_id=mailbox.pk).update(look_for=wanted)
        read_soon(ctx, mailbox)
    return found
