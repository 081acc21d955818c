"""Who visits the portal: a person with the ids of what is theirs. Not a viewer: nothing here reaches the gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from rapport.kernel.access.models import Workspace
from rapport.kernel.context import Context, system_context

#: The surface of what guests write, as the change log says it.
SURFACE = "portal"


@dataclass(frozen=True)
class Guest:
    """One signed-in guest. Sections show and do only what these ids say is theirs."""

    workspace: Workspace
    account_id: UUID
    person_id: UUID
    name: str
    email: str
    language: str
    #: Companies whose things the guest sees too; empty unless the account says so.
    company_ids: tuple[UUID, ...] = ()
    #: Companies in whose name the guest is a partner; empty for everybody else.
    partner_ids: tuple[UUID, ...] = ()

    @property
    def owns(self) -> tuple[UUID, ...]:
        """The customers whose things are this guest's."""
        return (self.person_id, *self.company_ids)

    @property
    def first_name(self) -> str:
        """What one calls them."""
        return first_name(self.name)

    def context(self) -> Context:
        """For writing through the door: the system's rights, logged under the guest's name. Ask first whose it is."""
        made = system_context(self.workspace, "portal")
        return replace(made, surface=SURFACE, actor_name=self.name[:150], format=replace(made.format, language=self.language))


def first_name(name: str) -> str:
    """The first word of a name; guests learn no more of the people who answer them."""
    return name.split()[0] if name.split() else name
