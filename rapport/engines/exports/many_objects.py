"""Python's search for rings of objects, made rarer while many rows pass through.

Rows make hundreds of thousands of small lists and dictionaries, none of them in rings; with Python's usual settings every few
hundred of them start a search (measured: a quarter of an import).
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_RARE = (200_000, 20, 20)
_lock = threading.Lock()
_working = 0
_usual = gc.get_threshold()


@contextmanager
def many_objects() -> Iterator[None]:
    """Search rarely inside; several may be inside at once, in threads of one process."""
    global _working, _usual
    with _lock:
        _working += 1
        if _working == 1:
            _usual = gc.get_threshold()
            gc.set_threshold(*_RARE)
    try:
        yield
    finally:
        with _lock:
            _working -= 1
            if not _working:
                gc.set_threshold(*_usual)
