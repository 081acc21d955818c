"""Backup and restore of a whole installation: database, files, and the key beside them."""
