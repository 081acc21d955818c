"""What identifies a lead: the same person may be a customer already."""

from __future__ import annotations

from rapport.engines.duplicates.registry import needless_twice, register_identity

register_identity("lead", name="name", emails="emails", phones="phones", also=("customer",))
needless_twice("deal_person", "deal", "person")
