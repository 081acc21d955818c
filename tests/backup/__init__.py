"""Backup and restore, by real processes on both databases."""
