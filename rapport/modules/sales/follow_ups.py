"""Follow-up rules worth offering for leads and deals."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rapport.engines.followups.registry import Preset, register_preset

register_preset(
    Preset(
        "after_delivery",
        _("Four months after delivery"),
        _("Ask how things go. Until orders are kept here, the day the deal was won counts as the delivery."),
        "package-check",
        {
            "name": _("Four months after delivery"),
            "on_type": "deal",
            "mode": "after",
            "moment": "closed_on",
            "amount": 4,
            "unit": "months",
            "matching": "stage.outcome is won",
            "subject": _("How is it going? {name}"),
            "kind": "call",
        },
    )
)
register_preset(
    Preset(
        "lead_unanswered",
        _("Lead unanswered for 24 hours"),
        _("Nobody has taken up a new lead since it came in."),
        "alarm-clock",
        {
            "name": _("Lead unanswered for 24 hours"),
            "on_type": "lead",
            "mode": "quiet",
            "moment": "created_at",
            "amount": 24,
            "unit": "hours",
            "matching": "state is new",
            "subject": _("Answer {name}"),
            "kind": "call",
        },
    )
)
