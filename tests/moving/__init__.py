"""A workspace out and in again."""
