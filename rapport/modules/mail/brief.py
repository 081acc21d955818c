"""What is to be known of a customer's addresses before one writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rapport.engines.mail.composing import bounced_among
from rapport.kernel.access import gate
from rapport.kernel.slots import Panel, slot
from rapport.kernel.slots.briefing import BriefLine

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo


@slot("record.brief", type_key="customer", order=55)
def mail_comes_back(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Addresses to which the last message could not be delivered; one query, and none where there is no address."""
    assert info is not None and record is not None
    entries = getattr(record, "emails", None) if "emails" in gate.fields(ctx, info) else None
    addresses = [str(one.get("value", "")) for one in entries or [] if isinstance(one, dict)]
    bounced = bounced_among(ctx, addresses) if addresses else []
    if not bounced:
        return None
    text = ", ".join(one.address for one in bounced)
    return Panel("", "", {"lines": [BriefLine("mail", _("Mail comes back from"), text, hue="bad", detail=bounced[0].status)]})
