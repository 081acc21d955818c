"""What identifies a lead: the same person may be a customer already, and so may the company they write for."""

from __future__ import annotations

from rapport.engines.duplicates.registry import Reading, needless_twice, register_identity, register_kin

_SHARED = {"emails": "emails", "phones": "phones"}

register_identity("lead", name="name", emails="emails", phones="phones")
register_kin(
    "lead", "customer", action="convert",
    readings=[
        Reading({"name": "name", **_SHARED}, {"kind": "person"}, "person"),
        Reading({"name": "company", **_SHARED}, {"kind": "company"}, "company"),
    ],
)  # fmt: skip
needless_twice("deal_person", "deal", "person")
