"""What makes a message this message, and which conversation it belongs to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rapport.engines.mail.reading import Message
from rapport.kernel.ids import new_id
from rapport.modules.mail.models import Mail, MailPerson

if TYPE_CHECKING:
    from rapport.kernel.context import Context


def message_key(message: Message) -> str:
    """The same for the copies of one message in two mailboxes, different for a forgery of its Message-ID.

    Whoever could send themselves a message under a foreign Message-ID would else become one who took part in the real
    one, and see it. So what was written counts too, but not what servers on the way add to headers.
    """
    words = re.sub(r"\s+", "", message.fresh_text)
    files = sorted(hashlib.sha256(one.data).hexdigest() for one in message.attachments)
    sent = message.sent_at.isoformat() if message.sent_at else ""
    sender = message.sender.address if message.sender else ""
    return hashlib.sha256("\0".join([message.message_id, sender, sent, message.subject, words, *files]).encode()).hexdigest()


def threads(ctx: Context, messages: Sequence[Message]) -> list[str]:
    """The conversation of each message: that of a message it answers, if it shares a participant with it, else a new one."""
    wanted = {one for message in messages for one in message.references}
    known: dict[str, tuple[str, set[str]]] = {}
    rows = Mail.objects.filter(workspace_id=ctx.workspace.pk, message_id__in=wanted).values_list(
        "pk", "message_id", "thread", "sender"
    )
    found = list(rows[:5_000])
    people: dict[object, set[str]] = {}
    persons = MailPerson.objects.filter(workspace_id=ctx.workspace.pk, mail_id__in=[pk for pk, *_rest in found])
    for mail_id, address in persons.values_list("mail_id", "address"):
        people.setdefault(mail_id, set()).add(address)
    for pk, message_id, thread, sender in found:
        known[message_id] = (thread, people.get(pk, set()) | {sender})
    given: list[str] = []
    for message in messages:
        thread = ""
        mine = {one.address for one in message.everybody}
        for one in reversed(message.references):
            if one in known and known[one][1] & mine:
                thread = known[one][0]
                break
        given.append(thread or new_id().hex)
        # The next of these may answer this one.
        known.setdefault(message.message_id, (given[-1], mine))
    return given
