"""Customers as business cards."""

from __future__ import annotations

from rapport.engines.exports.cards import Card, Employer, register_card

register_card("customer", Card(
    name="name", emails="emails", phones="phones", addresses="addresses", website="website", birthday="birthday", note="note",
    tags="tags", employer=Employer("affiliation", "person", "company", "job_title", "is_primary"),
))  # fmt: skip
