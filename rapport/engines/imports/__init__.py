"""Bringing records in from files: read, map, match, write in batches, resume, and give back what could not be taken."""
