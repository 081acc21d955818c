"""What identifies a customer, and which of the rows around one are needless twice."""

from __future__ import annotations

from rapport.engines.duplicates.registry import needless_twice, register_identity

register_identity(
    "customer", name="name", emails="emails", phones="phones", addresses="addresses", website="website", birth="birthday",
    apart=("kind",), domain_of=("kind", "company"),
)  # fmt: skip
needless_twice("affiliation", "person", "company", never_same=("person", "company"))
needless_twice("relationship", "one", "tie", "other", never_same=("one", "other"))
needless_twice("preference", "customer", "what", "wish")
