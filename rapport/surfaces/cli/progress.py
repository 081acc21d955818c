"""A progress line on standard error: bar, lines per second, time left. Only where a person looks at a terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_WIDTH = 24
_EVERY = 0.1


class ProgressLine:
    """One line that is written over; silent when standard error is not a terminal."""

    def __init__(self, name: str, *, out: TextIO | None = None, shows: bool | None = None) -> None:
        """`name` stands in front: the file or type."""
        self.name, self.out = name, out or sys.stderr
        self.shows = self.out.isatty() if shows is None else shows
        self._started = self._last = time.monotonic()
        self._first_share = 0.0
        self._length = 0

    def show(self, share: float, lines: int, note: str = "") -> None:
        """`share` of the work is done (0 to 1), `lines` so far."""
        now = time.monotonic()
        if not self.shows or (now - self._last < _EVERY and share < 1):
            return
        self._last = now
        share = min(max(share, 0.0), 1.0)
        seconds = max(now - self._started, 0.001)
        full = round(share * _WIDTH)
        left = seconds / share * (1 - share) if share > 0.01 else 0.0
        rest = f"  {int(left) // 60}:{int(left) % 60:02d} left" if share < 1 else ""
        text = f"{self.name}  [{'#' * full}{'·' * (_WIDTH - full)}] {share:4.0%}  {lines / seconds:,.0f} lines/s{rest}{note}"
        self.out.write("\r" + text.ljust(self._length))
        self.out.flush()
        self._length = len(text)

    def end(self) -> None:
        """Take the line away."""
        if self.shows and self._length:
            self.out.write("\r" + " " * self._length + "\r")
            self.out.flush()
