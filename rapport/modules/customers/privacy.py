"""Personal data of customers: who is a person, what an erasure does, and the erasure itself as an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from rapport.engines.privacy.collect import fates
from rapport.engines.privacy.erasing import erase_subject
from rapport.engines.privacy.registry import DELETE, HASH, data_subject, on_erasure
from rapport.kernel.actions.registry import Input, action
from rapport.kernel.errors import Invalid
from rapport.kernel.kinds.choice import ChoiceKind
from rapport.kernel.kinds.text import TextKind
from rapport.kernel.records.registry import TypeInfo
from rapport.kernel.slots import Panel, slot
from rapport.kernel.text_folding import fold
from rapport.modules.customers.models import Customer
from rapport.modules.customers.records import CustomerType

if TYPE_CHECKING:
    from rapport.kernel.context import Context
    from rapport.kernel.records.model import Record

#: Choices, not free text: the reason stays for ever, and must hold nothing personal.
REASONS = [
    ("asked", _("The person asked for it")), ("withdrawn", _("Consent was withdrawn")),
    ("no_need", _("No longer needed")), ("unlawful", _("Should not have been recorded")),
]  # fmt: skip

data_subject("customer", when=("kind", "person"), keeps=("kind", "stage", "roles", "source"))
for _key in ("affiliation", "relationship", "preference"):
    on_erasure(_key, DELETE)
on_erasure(
    "consent", HASH, hashed=("wording", "proof_file", "proof"),
    why=_("That there was consent must stay provable; of its words and proof only the hash stays."),
)  # fmt: skip


@action(CustomerType, _("Erase personal data"), when="kind is person", icon="eye-off", danger=True, bulk=False)
def erase(
    ctx: Context,
    person: Customer,
    *,
    confirm_name: str = Input(TextKind, _("name of the person, to confirm")),
    reason: str = Input(ChoiceKind, _("reason"), options={"choices": REASONS}),
) -> Customer:
    """Erase everything known about the person but what a law keeps. This cannot be undone."""
    if fold(confirm_name) != fold(person.name):
        raise Invalid(_t("This is not the name of the person; type it as it stands above."), field="confirm_name")
    erase_subject(ctx, person, reason=reason)
    return person


@slot("action.customer.erase")
def what_goes(ctx: Context, info: TypeInfo | None, record: Record | None) -> Panel | None:
    """What the erasure will take and what stays, before anybody confirms it."""
    if info is None or record is None:
        return None
    return Panel(_("What will happen"), "privacy/fates.html", {"fates": fates(ctx, info, record), "info": info})
