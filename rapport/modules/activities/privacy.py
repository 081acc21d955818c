"""Personal data in activities and tasks: what is about an erased person alone goes."""

from __future__ import annotations

from rapport.engines.privacy.registry import DELETE, on_erasure

for _key in ("activity", "activity_person", "task"):
    on_erasure(_key, DELETE)
