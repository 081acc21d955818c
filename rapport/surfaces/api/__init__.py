"""The REST API: every registered type, its fields and actions, derived from the registry; see docs/api.md."""
