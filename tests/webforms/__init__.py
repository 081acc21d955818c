"""Web forms: what strangers may send, and what becomes of it."""
