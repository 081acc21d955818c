"""Webhooks: what was written is sent to addresses of the company's choice, signed, in order, at least once."""
