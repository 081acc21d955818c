"""Which rows around an activity are needless twice."""

from __future__ import annotations

from rapport.engines.duplicates.registry import needless_twice

needless_twice("activity_person", "activity", "person")
