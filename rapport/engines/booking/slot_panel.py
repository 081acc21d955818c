"""What the page of a booking page shows its owner: its address, what is missing, and what was booked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from rapport.engines.booking.models import Booking, BookingPage
from rapport.engines.booking.registry import keeper
from rapport.kernel.slots import Panel, slot

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record
    from rapport.kernel.records.registry import TypeInfo


@slot("record.reading", type_key="booking_page")
def at_work(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """Where it is, whether it works, and how often it was used."""
    if not isinstance(record, BookingPage) or record.owner_id is None:
        return None
    values = {
        "page": record, "base": settings.BASE_URL or "http://localhost",
        "warns": keeper().warns(ctx.as_system("booking"), record.owner_id),
        "many": Booking.objects.filter(workspace_id=ctx.workspace.pk, page_id=record.pk).count(),
    }  # fmt: skip
    return Panel(_("At work"), "booking/at_work.html", values)
