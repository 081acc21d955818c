"""Follow-up rules worth offering for customers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rapport.engines.followups.registry import Preset, register_preset, register_yearly_keys
from rapport.modules.customers.indexing import BIRTHDAY_KEY

register_yearly_keys("customer", "birthday", BIRTHDAY_KEY)

register_preset(
    Preset(
        "birthday",
        _("Birthday"),
        _("A reminder on the morning of each person's birthday."),
        "cake",
        {
            "name": _("Birthday"),
            "on_type": "customer",
            "mode": "yearly",
            "moment": "birthday",
            "amount": 0,
            "unit": "days",
            "matching": "kind is person",
            "subject": _("Congratulate {name}, {years} today"),
            "kind": "call",
        },
    )
)
register_preset(
    Preset(
        "no_contact",
        _("No contact for 90 days"),
        _(
            "A call for every customer with whom nobody spoke for so long; one who was never spoken to counts from the day "
            "they were added."
        ),
        "phone-missed",
        {
            "name": _("No contact for 90 days"),
            "on_type": "customer",
            "mode": "quiet",
            "moment": "last_contact_at",
            "amount": 90,
            "unit": "days",
            "matching": "stage is any of (customer, advocate)",
            "subject": _("Get in touch with {name}"),
            "kind": "call",
        },
    )
)
