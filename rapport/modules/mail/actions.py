"""What one does with messages: share a conversation, or all mail with a customer, otherwise than the mailbox does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from rapport.engines.mail.models import SHARES
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.kinds.choice import ChoiceKind
from rapport.modules.mail.jobs import reshare_some
from rapport.modules.mail.models import Mail, MailPerson
from rapport.modules.mail.records import MailType
from rapport.modules.mail.sharing import say_share

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_SHARE = Input(ChoiceKind, _("colleagues see"), options={"choices": SHARES}, default="none")


@action(MailType, _("Share this conversation"), icon="users", bulk=False)
def share_conversation(ctx: Context, mail: Mail, *, share: str = _SHARE) -> None:
    """Say what colleagues see of this conversation, whatever the mailbox shares."""
    say_share(ctx, mail.mailbox_id, UUID(mail.thread), share)
    reshare_some(ctx, mail.mailbox_id, Mail.objects.filter(workspace_id=ctx.workspace.pk, thread=mail.thread).values("pk"))


@action(MailType, _("Share mail with this customer"), icon="user", when="customer is not empty", bulk=False)
def share_customer(ctx: Context, mail: Mail, *, share: str = _SHARE) -> None:
    """Say what colleagues see of this mailbox's mail with this customer, unless a conversation says otherwise."""
    assert mail.customer_id is not None
    say_share(ctx, mail.mailbox_id, mail.customer_id, share)
    persons = MailPerson.objects.filter(workspace_id=ctx.workspace.pk, customer_id=mail.customer_id)
    reshare_some(ctx, mail.mailbox_id, persons.values("mail_id"))
