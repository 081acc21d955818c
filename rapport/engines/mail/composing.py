"""What a new message begins with, as modules say: an answer to one that is there, the texts of templates, warnings.

The surface that shows the form knows no messages and no customers; it asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from rapport.engines.mail.models import BouncedAddress

if TYPE_CHECKING:
    from rapport.kernel.context import Context

#: How a message is answered.
HOWS = ("reply", "all", "forward")


@dataclass
class Beginning:
    """The form of a new message before anybody typed into it."""

    to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    text: str = ""
    #: What stands below the signature: the message that is answered or passed on.
    quoted: str = ""
    in_reply_to: str = ""
    references: list[str] = field(default_factory=list)
    files: list[dict[str, object]] = field(default_factory=list)
    mailbox_id: UUID | None = None
    back: str = ""


@dataclass(frozen=True)
class Template:
    """A text that is ready to be put into a message."""

    id: UUID
    name: str


Answers = Callable[["Context", UUID, str], Beginning]


class Templates:
    """What a module registers for ready texts."""

    def listed(self, ctx: Context) -> list[Template]:
        """The templates the viewer may use, by name."""
        raise NotImplementedError

    def filled(self, ctx: Context, template_id: UUID, address: str) -> tuple[str, str]:
        """Subject and text of one for whoever has the address, with what the viewer may see."""
        raise NotImplementedError


_answers: list[Answers] = []
_templates: list[Templates] = []


def answering(function: Answers) -> Answers:
    """Register the one who knows the messages that are answered; raises Gone for what the viewer may not read."""
    _answers[:] = [function]
    return function


def beginning_of(ctx: Context, mail_id: UUID, how: str) -> Beginning:
    """What an answer begins with."""
    return _answers[0](ctx, mail_id, how) if _answers and how in HOWS else Beginning()


def templates_from(one: Templates) -> None:
    """Register the one who has ready texts."""
    _templates[:] = [one]


def templates(ctx: Context) -> list[Template]:
    """The ready texts of the viewer."""
    return _templates[0].listed(ctx) if _templates else []


def filled_template(ctx: Context, template_id: UUID, address: str) -> tuple[str, str]:
    """Subject and text of one."""
    return _templates[0].filled(ctx, template_id, address) if _templates else ("", "")


def bounced_among(ctx: Context, addresses: Sequence[str]) -> list[BouncedAddress]:
    """Those of these addresses to which the last message could not be delivered."""
    wanted = list(dict.fromkeys(one.lower() for one in addresses))[:100]
    return list(BouncedAddress.objects.filter(workspace_id=ctx.workspace.pk, address__in=wanted).order_by("address"))
