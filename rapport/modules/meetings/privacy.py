"""Personal data in invitations: who was invited and what they answered goes with the person."""

from __future__ import annotations

from rapport.engines.privacy.registry import DELETE, on_erasure

on_erasure("meeting_guest", DELETE)
