"""Logging: one line per event to standard error, with no personal data."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

# PostgreSQL puts the whole failing row into the detail of an error: people's data. What follows a detail goes as well,
# for a value may hold line ends.
DETAIL = re.compile(r"DETAIL: .*?(?=\n\nThe above exception|\n\nDuring handling|\Z)", re.DOTALL)


class OneLine(logging.Formatter):
    """Folds an event, its traceback included, into one line that tools can split on line ends."""

    converter = time.gmtime  # type: ignore[assignment]  # as the standard library's documentation does it

    def format(self, record: logging.LogRecord) -> str:
        """The event as one line; line ends inside it become a visible mark, rows of the database are left out."""
        text = DETAIL.sub("DETAIL: (left out)", super().format(record))
        return text.replace("\r", "").replace("\n", " | ")


def logging_settings(level: str) -> dict[str, Any]:
    """Django's LOGGING: everything at `level` and above, on standard error."""
    known = level.upper() if level.upper() in {"DEBUG", "INFO", "WARNING", "ERROR"} else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": OneLine, "format": "%(asctime)sZ %(levelname)s %(name)s [%(process)d] %(message)s"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": known},
        "loggers": {
            "django": {"handlers": [], "level": known, "propagate": True},
            # Every 404 and 403 of a stranger would be a line with an address in it.
            "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
            # SQL carries people's data as parameters: never logged, at no level.
            "django.db.backends": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }
