"""Web forms: what visitors write becomes records, without doubling people and without telling who is known."""
