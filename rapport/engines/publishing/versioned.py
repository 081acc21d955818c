"""Which record types keep versions of their published texts, and which of their fields those are."""

from __future__ import annotations

from collections.abc import Sequence

_versioned: dict[str, tuple[str, ...]] = {}


def register_versioned(type_key: str, fields: Sequence[str]) -> None:
    """Say that a type publishes these text fields; it gets the page that compares versions and brings one back."""
    _versioned[type_key] = tuple(fields)


def versioned_fields(type_key: str) -> tuple[str, ...]:
    """The fields of a type that versions hold; none for a type without."""
    return _versioned.get(type_key, ())


def versioned_types() -> list[str]:
    """The keys of all such types."""
    return list(_versioned)
