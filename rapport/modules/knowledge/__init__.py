"""The knowledge module."""
