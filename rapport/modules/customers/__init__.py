"""The customers module."""
