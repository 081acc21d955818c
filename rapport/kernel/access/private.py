"""Types whose records belong to those who took part in them, whatever a role says (a person's mail).

Of such a type a role gives at most what is one's own; no default, no line of people below and no sharing rule widens it.
Beyond the owner only grants open a record, and the type's own module gives them. Nobody makes or changes such records by
hand: they tell what happened (docs/decisions/0029-mail.md).
"""

from __future__ import annotations

#: Verbs that no role gives for them.
_BY_THE_MODULE_ALONE = ("create", "edit", "delete", "reassign", "mass_edit", "import", "merge", "share")

#: Keys of the types declared `private`; filled by the registry.
PRIVATE: set[str] = set()


def capped(type_key: str, verb: str, scope: str) -> str:
    """What is left of a role's scope for a type."""
    if type_key not in PRIVATE or scope == "none":
        return scope
    return "none" if verb in _BY_THE_MODULE_ALONE else "own"
