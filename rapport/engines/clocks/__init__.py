"""Clocks of promises: working hours, and when what was promised within them is due. Pure: no database, no settings."""
