"""What a chat means; each write renews the copy that visitors see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.livechat.publishing import publish
from rapport.engines.webforms.records import read_sites
from rapport.kernel.errors import Invalid
from rapport.kernel.records.declare import RecordType, Section, Use
from rapport.kernel.records.registry import record_type
from rapport.modules.service.chat_models import ChatWidget

if TYPE_CHECKING:
    from rapport.kernel.changes.written import Written
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
#: Ours, dark enough for white words.
_OURS = "#0f5e59"
#: White words on the colour can be read: what WCAG asks of large text and of signs.
_LEAST_CONTRAST = 3.0


def check_chat(ctx: Context, record: Record | None, values: dict[str, object]) -> None:
    """The colour is one that white words can be read on, and the sites are sites."""
    color = str(values.get("color") or "").strip()
    if color and not _COLOR.fullmatch(color):
        raise Invalid(_t("Write the colour as # and six digits, such as #0f5e59."), code="color", field="color")
    if color and _contrast_to_white(color) < _LEAST_CONTRAST:
        raise Invalid(_t("White words could not be read on this colour; choose a darker one."), code="color", field="color")
    read_sites(str(values.get("sites") or ""))


def _contrast_to_white(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def keep_public(ctx: Context, written: list[Written]) -> None:
    """Visitors see the chat as it is now; one in the bin is off (an effect)."""
    for one in written:
        chat = one.record
        assert isinstance(chat, ChatWidget)
        shown: dict[str, object] = {
            "name": chat.name, "greeting": chat.greeting, "away": chat.away, "label": chat.label, "color": chat.color or _OURS,
            "side": chat.side, "privacy_url": chat.privacy_url, "sites": read_sites(chat.sites),
            "language": chat.language or ctx.workspace.language,
        }  # fmt: skip
        publish(ctx, chat.pk, shown, is_open=chat.is_open and chat.deleted_at is None)


@record_type
class ChatWidgetType(RecordType):
    """A button on web sites behind which visitors write to a queue."""

    model, key, title = ChatWidget, "chat_widget", "name"
    uses = {
        "owner": Use(hidden=True), "team": Use(hidden=True), "external_id": Use(hidden=True), "queue": Use(keeps=True),
    }  # fmt: skip
    list_columns = ["name", "is_open", "queue", "language", "updated_at"]
    page = [
        Section(_("Chat"), "name", "is_open", "queue", "language"),
        Section(_("What visitors see"), "greeting", "away", "label", "color", "side", "privacy_url"),
        Section(_("Where it stands"), "sites"),
    ]
    grants = {"management": "*:all", "support": "view:all"}
    menu = ("settings", "message-circle")
    checks = (check_chat,)
    effects = (keep_public,)
