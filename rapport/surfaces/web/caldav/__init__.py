"""Calendars that phones and other programs read and write (CalDAV, RFC 4791): see docs/decisions/0039-caldav.md."""
