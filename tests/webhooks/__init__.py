"""Webhooks against a real receiver on this machine."""
