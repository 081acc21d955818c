"""The activities module."""
